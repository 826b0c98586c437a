/** `offthread doctor`: what works on this machine, and what a library or a module is like before it is used. */
import { Command } from 'commander';

export interface DoctorOptions {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  offthread doctor
  offthread doctor libsqlite3.so.0
  offthread doctor ./build/libmine.so --json
  offthread doctor better-sqlite3
  offthread doctor ./build/Release/mine.node

Exit codes: 0 all is well, 1 something does not work here, 2 the library or module cannot be
loaded, 5 it crashes when it is loaded.`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('check this machine; with a library or a module: what it is like before it is used')
    .description(
      'Checks Node.js, engines, isolation and limits of this machine. With a library: whether it can be loaded, what loading it does, what it holds for all threads, and what follows. With a module: whether threads can load it, one after the other and at once, and can end; nothing of it is called.',
    )
    .argument(
      '[target]',
      'a shared library: a path, or a name such as libz.so.1; or a module: a .node file, a JavaScript file, or a package that is installed here',
    )
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (target: string | undefined, options: DoctorOptions) => {
      const { runDoctor } = await import('./run-doctor.js');
      process.exitCode = await runDoctor(target, options);
    });
}
