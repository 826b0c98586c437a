/** `--explain`: which items that were done run again, and why. */
import { plural } from '../../console/format.js';
import type { ItemGroup } from '../input/input-items.js';
import type { Shard } from '../input/shard.js';
import type { EndedItems } from './ended-items.js';
import { keysOf } from './key-list.js';
import type { Change } from './manifest.js';
import type { RecordedKeys } from './recorded-keys.js';

/** What of the earlier results stays. */
export interface Explained {
  /** Whether the result of an ended item stays. */
  readonly keeps: (position: number) => boolean;
  /** Number of ended items whose results do not stay. */
  readonly dropped: number;
}

export interface ExplainParts {
  readonly changes: readonly Change[];
  readonly ended: EndedItems;
  readonly recorded: RecordedKeys;
  readonly shard: Shard;
  /** The items of the input, read for this alone. */
  readonly groups: AsyncIterable<ItemGroup>;
  readonly tell: (line: string) => void;
}

export async function explain({
  changes,
  ended,
  recorded,
  shard,
  groups,
  tell,
}: ExplainParts): Promise<Explained> {
  if (changes.length > 0) {
    for (const { what } of changes)
      tell(`all ${plural(ended.count, 'item')} that are done run again, because of ${what}`);
    return { keeps: () => false, dropped: ended.count };
  }
  const indexOf = (position: number): number => shard.first + position * shard.count;
  const changed = new Set<number>();
  let read = 0;
  for await (const group of groups) {
    if (recorded.left > 0) {
      for (const at of await recorded.compare(keysOf(group))) {
        const position = group.from + at;
        if (!ended.has(position)) continue;
        changed.add(position);
        tell(`item ${indexOf(position)} runs again: its arguments have changed`);
      }
    }
    read += group.args.length;
  }
  let gone = 0;
  for (let position = read; position < read + recorded.left; position += 1) {
    if (!ended.has(position)) continue;
    gone += 1;
    tell(`item ${indexOf(position)} is not in the input any more: its result is dropped`);
  }
  const dropped = changed.size + gone;
  if (dropped === 0) tell('nothing has changed: no item that is done runs again');
  return { keeps: (position) => position < read && !changed.has(position), dropped };
}
