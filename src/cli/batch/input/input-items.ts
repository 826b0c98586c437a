/**
 * The items of an input, in order, in groups. An item of a dead-letter file is the item that it tells of.
 *
 *   text ──► records (NDJSON, CSV) ──► items of this shard, with their arguments
 */
import type { InputRecord, RecordReader } from './records.js';
import { type ItemArguments, Unusable } from './item-arguments.js';
import { unreadable } from './ndjson-reader.js';
import type { Shard } from './shard.js';

/** Items that were read together. Lists have one entry for each. */
export interface ItemGroup {
  /** Position of the first among the items of this shard. */
  readonly from: number;
  readonly args: readonly (unknown[] | Unusable)[];
  /** The items as the input has them, for the dead-letter file. */
  readonly records: readonly InputRecord[];
}

/** @yields groups that are not empty. */
export async function* readItems(
  text: AsyncIterable<string>,
  reader: RecordReader,
  itemArguments: ItemArguments,
  { first, count }: Shard,
): AsyncGenerator<ItemGroup, void> {
  let index = 0;
  let from = 0;
  for await (const all of reader(text)) {
    const start = index;
    index += all.length;
    const records = (count === 1 ? all : all.filter((_, at) => (start + at) % count === first)).map(undead);
    if (records.length === 0) continue;
    yield { from, records, args: records.map((record) => argumentsOf(record, itemArguments)) };
    from += records.length;
  }
}

function argumentsOf({ value, problem }: InputRecord, itemArguments: ItemArguments): unknown[] | Unusable {
  return problem === undefined ? itemArguments.of(value) : new Unusable(problem);
}

/** The record that a line of a dead-letter file tells of; any other record as it is. */
function undead(record: InputRecord): InputRecord {
  const { value } = record;
  if (typeof value !== 'object' || value === null || !('offthread' in value)) return record;
  if ('input' in value) return { value: value.input };
  if (!('text' in value) || typeof value.text !== 'string') return record;
  try {
    return { value: JSON.parse(value.text) as unknown };
  } catch (error) {
    return unreadable(value.text, error as Error);
  }
}
