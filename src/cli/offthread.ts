#!/usr/bin/env node
/** The command `offthread`. */
import { CommanderError } from 'commander';
import { EXIT } from './console/exit-codes.js';
import { exitCodeOf, failureText } from './console/failure-text.js';
import { createProgram } from './program.js';

/** What stdout failed with. Verbs that wait for stdout report it themselves. */
let stdoutFailure: Error | undefined;
let reported: unknown;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that goes away, as `head` does, is no failure.
  if (error.code !== 'EPIPE') stdoutFailure ??= error;
});
process.on('exit', () => {
  if (stdoutFailure === undefined || reported === stdoutFailure) return;
  process.stderr.write(`offthread: stdout cannot be written: ${stdoutFailure.message}\n`);
  process.exitCode = process.exitCode === EXIT.ok ? EXIT.failed : (process.exitCode ?? EXIT.failed);
});

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written the help or the message.
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  } else {
    process.exitCode = exitCodeOf(error);
    reported = error;
    const verb = process.argv[2] ?? '';
    process.stderr.write(`offthread ${verb}: ${failureText(error)}\n`);
  }
}
