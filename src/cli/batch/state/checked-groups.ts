/**
 * Compares the items of the input with those that a state directory knows, before any of them runs.
 *
 *   known groups: compared, and held back while more are known ──► new groups: their keys are noted
 *
 * What is held back are items that had been read and had not ended: at most the look-ahead of `pool.map`.
 */
import { UsageError } from '../../console/usage-error.js';
import type { ItemGroup } from '../input/input-items.js';
import type { Shard } from '../input/shard.js';
import { type FedGroup } from '../run/item-feed.js';
import { openItems } from '../run/open-items.js';
import type { EndedItems } from './ended-items.js';
import { type KeyList, keysOf } from './key-list.js';
import type { RecordedKeys } from './recorded-keys.js';

export interface KnownItems {
  readonly recorded: RecordedKeys;
  readonly fresh: KeyList;
  readonly ended: EndedItems;
  readonly shard: Shard;
}

/** @throws (rejects) UsageError for an item that has changed, or is missing. */
export async function* checkedGroups(
  groups: AsyncIterable<ItemGroup>,
  { recorded, fresh, ended, shard }: KnownItems,
): AsyncGenerator<FedGroup, void> {
  const held: FedGroup[] = [];
  let read = 0;
  for await (const group of groups) {
    const keys = keysOf(group);
    const known = Math.min(recorded.left, group.args.length);
    const [changed] = known === 0 ? [] : await recorded.compare(keys);
    if (changed !== undefined) throw changedItem(shard.first + (group.from + changed) * shard.count);
    fresh.add(keys, known);
    read += group.args.length;
    const open = openItems(group, ended);
    if (open !== null) held.push(open);
    if (recorded.left === 0) yield* held.splice(0);
  }
  if (recorded.left > 0) {
    throw new UsageError(
      `The input has changed: it has ${read} items now, and ${read + recorded.left} had been read before. Give the same input, or add --explain to see what would run again.`,
    );
  }
}

function changedItem(index: number): UsageError {
  return new UsageError(
    `The input has changed: item ${index} has other arguments than in the run that the state directory belongs to. Give the same input, add --explain to see and run what has changed, or begin anew with another state directory.`,
  );
}
