/** `offthread call`: one call, as a command. */
import { Command, Option } from 'commander';
import { type TargetOptions, targetOf, withTarget } from '../target/target-options.js';

export interface CallVerbOptions extends TargetOptions {
  readonly out: readonly string[];
  readonly timeout: string;
  readonly isolation: 'process' | 'thread';
  readonly repeat: string;
  readonly lanes: string;
  readonly timing?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Arguments:
  numbers as in C; null for NULL; text as it is; @file for the bytes of a file,
  hex:0a1b and zeros:100 for bytes; text:... for a text that begins like one of these;
  a struct as JSON, with its definition in front of the prototype.
  Behind --, arguments may begin with a dash.

Examples:
  offthread call libm.so.6 'double hypot(double x, double y)' 3 4
  offthread call libz.so.1 'unsigned long crc32(unsigned long crc, const unsigned char *buf, unsigned len)' 0 @data 100
  offthread call libm.so.6 'double frexp(double x, int *exponent)' 48 --out exponent
  offthread call libm.so.6 'struct z { double re, im; }; double cabs(struct z z)' '{"re": 3, "im": 4}'
  offthread call libc.so.6 'char *strcpy(char *to, const char *from)' hello --out to=16

Exit codes: 0 ok, 1 the call failed, 2 nothing was called, 5 the library crashed.`;

export function callCommand(): Command {
  const command = new Command('call')
    .summary('call a function of a library once, and print what it returns')
    .description('Calls a function of a shared library in a process of its own, and prints what it returns.');
  return withTarget(command)
    .argument('[args...]', 'one for each parameter that is not filled by the function')
    .addOption(
      new Option('--out <name[=bytes]>', 'the same as --out-parameter')
        .argParser((value: string, list: readonly string[]) => [...list, value])
        .default([], 'none'),
    )
    .option('--timeout <time>', 'how long the call may run; 0 for no limit', '30s')
    .addOption(
      new Option('--isolation <kind>', 'what the library runs in; a crash ends only a process')
        .choices(['process', 'thread'])
        .default('process'),
    )
    .option('--repeat <times>', 'call it so many times, and print every result', '1')
    .option('--lanes <count>', 'how many calls run at once', '1')
    .option('--timing', 'print how long each call waited and ran')
    .option('--json', 'print one JSON object for each call')
    .addHelpText('after', EXAMPLES)
    .action(async (library: string, prototype: string, args: string[], options: CallVerbOptions) => {
      const { runCall } = await import('./run-call.js');
      const all = { ...options, outParameter: [...options.outParameter, ...options.out] };
      process.exitCode = await runCall(targetOf(library, prototype, all), args, options);
    });
}
