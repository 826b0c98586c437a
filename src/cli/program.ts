/** The commands of `offthread`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { batchCommand } from './batch/batch-command.js';
import { callCommand } from './call/call-command.js';
import { demoCommand } from './demo/demo-command.js';
import { doctorCommand } from './doctor/doctor-command.js';
import { mergeCommand } from './merge/merge-command.js';
import { stressCommand } from './stress/stress-command.js';

const DESCRIPTION = 'Blocking native calls, off the main thread: call them, and see what they do.';

function version(): string {
  const path = createRequire(import.meta.url).resolve('offthread/package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}

/** The program; its errors of usage are thrown, and nothing ends the process. */
export function createProgram(): Command {
  const program = new Command('offthread')
    .description(DESCRIPTION)
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError("Try 'offthread --help'.");
  const commands = [
    callCommand(),
    batchCommand(),
    mergeCommand(),
    stressCommand(),
    doctorCommand(),
    demoCommand(),
  ];
  for (const command of commands) {
    program.addCommand(command.copyInheritedSettings(program));
  }
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}
