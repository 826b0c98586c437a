/** `--dry-run`: reads and checks everything, and calls nothing. */
import { ArgumentError } from 'offthread';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { plural } from '../console/format.js';
import { openTarget } from '../target/open-target.js';
import { Unusable } from './input/item-arguments.js';
import type { BatchParts } from './run-batch.js';

/** Items whose problems are printed one by one. */
const SHOWN = 10;

export async function dryRun({ pool, target, settings, groups }: BatchParts): Promise<ExitCode> {
  const { fn } = await openTarget(pool, target);
  // A call whose time is over has its arguments checked, and is not started.
  const check = fn.with({ deadline: 0 });
  const { first, count } = settings.shard;
  let items = 0;
  let wrong = 0;
  for await (const { from, args } of groups) {
    items += args.length;
    for (const [at, one] of args.entries()) {
      const problem = one instanceof Unusable ? one.problem : await problemOf(() => check(...one));
      if (problem === null) continue;
      wrong += 1;
      if (wrong <= SHOWN)
        process.stderr.write(`offthread batch: item ${first + (from + at) * count}: ${problem}\n`);
    }
  }
  if (wrong > SHOWN) process.stderr.write(`offthread batch: and ${plural(wrong - SHOWN, 'more item')}\n`);
  const summary = { items, wrong, called: 0 };
  const text = `offthread batch: ${plural(items, 'item')}, ${wrong} of them cannot be passed to the function; nothing was called`;
  if (settings.json) process.stderr.write(`${JSON.stringify(summary)}\n`);
  else if (!settings.quiet) process.stderr.write(`${text}\n`);
  return wrong === 0 ? EXIT.ok : EXIT.failed;
}

/** Why the arguments cannot be passed; null if they can. */
async function problemOf(start: () => PromiseLike<unknown>): Promise<string | null> {
  try {
    await start();
  } catch (error) {
    return error instanceof ArgumentError ? error.message : null;
  }
  return null;
}
