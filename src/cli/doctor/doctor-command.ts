/** `offthread doctor`: what works on this machine, and what a library is like before it is used. */
import { Command } from 'commander';

export interface DoctorOptions {
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  offthread doctor
  offthread doctor libsqlite3.so.0
  offthread doctor ./build/libmine.so --json

Exit codes: 0 all is well, 1 something does not work here, 2 the library cannot be loaded,
5 the library crashes when it is loaded.`;

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('check this machine; with a library: what it is like before it is used')
    .description(
      'Checks Node.js, engines, isolation and limits of this machine. With a library: whether it can be loaded, what loading it does, what it holds for all threads, and what follows.',
    )
    .argument('[lib]', 'a shared library: a path, or a name such as libz.so.1')
    .option('--json', 'print one JSON object')
    .addHelpText('after', EXAMPLES)
    .action(async (library: string | undefined, options: DoctorOptions) => {
      const { runDoctor } = await import('./run-doctor.js');
      process.exitCode = await runDoctor(library, options);
    });
}
