#!/usr/bin/env node
/** The command `offthread`. */
import { CommanderError } from 'commander';
import { EXIT } from './console/exit-codes.js';
import { exitCodeOf, failureText } from './console/failure-text.js';
import { createProgram } from './program.js';

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written the help or the message.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.exitCode = exitCodeOf(error);
    const verb = process.argv[2] ?? '';
    process.stderr.write(`offthread ${verb}: ${failureText(error)}\n`);
  }
}
