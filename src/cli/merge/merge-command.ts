/** `offthread merge`: joins the results of shards. */
import { Command } from 'commander';

export interface MergeVerbOptions {
  readonly out?: string;
  readonly items?: string;
  readonly unordered?: boolean;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Examples:
  offthread merge part-*.ndjson --out all.ndjson
  offthread merge state-1 state-2 state-3 --out all.ndjson

Of a state directory, what its run has committed is taken; it also knows how many items there are. Of files alone,
--items tells whether items are missing at the end.

Exit codes: 0 every item is there once, 1 items are missing or there twice, 2 the results cannot be read.`;

export function mergeCommand(): Command {
  return new Command('merge')
    .summary('join the results of shards, and say what is missing')
    .description(
      'Joins the results of the shards of a batch in the order of the items, and says which items are missing.',
    )
    .argument('<results...>', 'files of results, or state directories')
    .option('--out <file>', 'where the results go; stdout if it is left out')
    .option('--items <count>', 'how many items there are')
    .option('--unordered', 'join results of runs with --unordered, one file after the other')
    .option('--quiet', 'print no summary')
    .option('--json', 'print the summary as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], options: MergeVerbOptions) => {
      const { runMerge } = await import('./run-merge.js');
      process.exitCode = await runMerge(paths, options);
    });
}
