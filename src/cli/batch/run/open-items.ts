/** Leaves out the items that have ended in an earlier run. */
import type { ItemGroup } from '../input/input-items.js';
import type { EndedItems } from '../state/ended-items.js';
import type { FedGroup } from './item-feed.js';

/** The items of a group that have not ended; null if all have. */
export function openItems({ from, args, records }: ItemGroup, ended: EndedItems): FedGroup | null {
  if (from + args.length <= ended.before) return null;
  if (ended.end <= from) return { first: from, positions: null, args, records };
  const places: number[] = [];
  for (let at = 0; at < args.length; at += 1) if (!ended.has(from + at)) places.push(at);
  if (places.length === 0) return null;
  const only = <T>(list: readonly T[]): T[] => places.map((at) => list[at] as T);
  return { first: from, positions: places.map((at) => from + at), args: only(args), records: only(records) };
}
