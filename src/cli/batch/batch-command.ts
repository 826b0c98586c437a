/** `offthread batch`: a function over many items. */
import { Command, Option } from 'commander';
import { type TargetOptions, targetOf, withTarget } from '../target/target-options.js';

/** The options, as commander reads them. */
export interface BatchVerbOptions extends TargetOptions {
  readonly in?: string;
  readonly format?: 'ndjson' | 'csv' | 'tsv';
  readonly header: boolean;
  readonly arg: readonly string[];
  readonly out?: string;
  readonly values?: boolean;
  readonly unordered?: boolean;
  readonly lanes?: string;
  readonly isolation: 'process' | 'thread';
  readonly timeout: string;
  readonly retries?: string;
  readonly retryDelay: string;
  readonly maxFailures?: string;
  readonly giveUp: 'now' | 'soon';
  readonly log?: string;
  readonly deadLetter?: string;
  readonly state?: string;
  readonly commitEvery: string;
  readonly explain?: boolean;
  readonly shard?: string;
  readonly dryRun?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Items, one on each line of NDJSON, or one row of CSV:
  [3, 4]                values for the parameters, in order
  {"x": 3, "y": 4}      by their names; --arg x=.side.a takes them from elsewhere
  9                     for a function of one parameter
Results, one line for each item: {"index":0,"value":5}, or {"index":1,"error":{…}} for an item that failed.

Examples:
  offthread batch libm.so.6 'double hypot(double x, double y)' --in sides.ndjson
  offthread batch libm.so.6 'double cbrt(double x)' --in table.csv --arg x=.volume --out roots.ndjson
  offthread batch ./decoder.so 'int decode(const char *path)' --in files.ndjson --out done.ndjson \\
      --timeout 5s --retries timeout=2 --dead-letter failed.ndjson --state run1
  offthread batch ./decoder.so 'int decode(const char *path)' --in failed.ndjson

Exit codes: 0 ok, 1 some items failed, 2 nothing was called, 4 too many items failed, 130 interrupted.`;

export function batchCommand(): Command {
  const command = new Command('batch')
    .summary('call a function for each of many items; survives crashes, and can be resumed')
    .description(
      'Calls a function of a shared library once for each item of an input, in processes of their own, and writes the results.',
    );
  const all = withTarget(command)
    .option('--in <file>', 'the input; stdin if it is left out')
    .addOption(
      new Option(
        '--format <format>',
        "how the input is written; a file's name says it, stdin is ndjson",
      ).choices(['ndjson', 'csv', 'tsv']),
    )
    .option('--no-header', 'the first row of CSV is an item, not the names of the columns')
    .addOption(
      new Option(
        '--arg <parameter=.path>',
        'where an argument is in an item that is an object; may be repeated',
      )
        .argParser((value: string, list: readonly string[]) => [...list, value])
        .default([], 'by name'),
    )
    .option('--out <file>', 'where the results go; stdout if it is left out')
    .option('--values', 'write only the values of the results, and no line for a failed item')
    .option('--unordered', 'write results as they come, not in the order of the items')
    .option('--lanes <count>', 'how many items run at once', 'one for each core')
    .addOption(
      new Option('--isolation <kind>', 'what the library runs in; a crash ends only a process')
        .choices(['process', 'thread'])
        .default('process'),
    )
    .option(
      '--timeout <time>',
      'how long one item may run before its process is killed; 0 for no limit',
      '30s',
    )
    .option('--retries <n|kind=n,…>', 'how often a failed item runs again: timeout, crash, native, lost')
    .option(
      '--retry-delay <time>',
      'the wait before the first retry; it doubles each time, up to 30 s',
      '100ms',
    )
    .option('--max-failures <n|n%>', 'end with exit code 4 when more items have failed')
    .addOption(
      new Option(
        '--give-up <when>',
        'what too many failures end: the run after the items that run, or all at once',
      )
        .choices(['now', 'soon'])
        .default('soon'),
    )
    .option('--log <file>', 'a line for each item that failed or is tried again')
    .option('--dead-letter <file>', 'the failed items with their errors: an input for another run')
    .option('--state <dir>', 'makes the run resumable: the same command goes on where it was')
    .option('--commit-every <time>', 'with --state: how much work is repeated at most after a crash', '1s')
    .option('--explain', 'with --state: say which items run again because something changed, and run them')
    .option('--shard <i/n>', "do every n-th item; 'auto' takes the numbers from the scheduler")
    .option('--dry-run', 'read and check everything, and call nothing')
    .option('--quiet', 'print no progress and no summary')
    .option('--json', 'print the summary as JSON');
  return all
    .addHelpText('after', EXAMPLES)
    .action(async (library: string, prototype: string, options: BatchVerbOptions) => {
      const { runBatch } = await import('./run-batch.js');
      process.exitCode = await runBatch(targetOf(library, prototype, options), options);
    });
}
