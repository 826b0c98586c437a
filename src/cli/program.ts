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

const QUESTIONS = `
Which command answers
  What does this function return?            offthread call LIB PROTOTYPE ARGS...
  And for each line of this file?            offthread batch LIB PROTOTYPE --in FILE
  Is it safe to call from threads?           offthread stress LIB PROTOTYPE ARGS... --check-thread-safety
  Does it leak?                              offthread stress LIB PROTOTYPE ARGS... --check-leaks
  How many lanes should I use?               offthread stress LIB PROTOTYPE ARGS... --lanes 1,2,4,8
  What does it do at 2,000 calls a second?   offthread stress LIB PROTOTYPE ARGS... --rate 2000
  Which input crashes or hangs it?           offthread stress LIB PROTOTYPE int:0..1000 --timeout 1s
  What is this library like?                 offthread doctor LIB

LIB is a path, or a name such as libz.so.1; PROTOTYPE is the function as its C header has it. A lane is a thread or a
process that makes one call at a time. 'offthread help COMMAND' has every option, with examples.`;

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
    .addHelpText('after', QUESTIONS)
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
    command.showHelpAfterError(`Try 'offthread ${command.name()} --help'.`);
  }
  for (const command of [program, ...program.commands]) command.exitOverride();
  return program;
}
