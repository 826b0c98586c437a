/** What is merged: files of results, or state directories with the results that their runs have committed. */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../console/usage-error.js';
import { outPath } from '../batch/run/run-files.js';
import { StateDirectory } from '../batch/state/state-directory.js';

export interface MergeSource {
  readonly name: string;
  readonly path: string;
  /** Bytes that count. */
  readonly bytes: number | undefined;
  /** What a state directory knows; null for a file. */
  readonly shard: {
    readonly first: number;
    readonly count: number;
    readonly total: number | undefined;
  } | null;
}

/** @throws (rejects) UsageError */
export async function sourceOf(name: string): Promise<MergeSource> {
  const stat = statSync(name, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new UsageError(`There is no ${name}. Expected a file of results, or a state directory.`);
  if (!stat.isDirectory()) return { name, path: name, bytes: undefined, shard: null };
  const state = await StateDirectory.read(resolve(name));
  if (state === null)
    throw new UsageError(`${name} is no state directory of offthread batch: it has no manifest.json.`);
  const { manifest, last } = state;
  const { out } = manifest.files;
  return {
    name,
    path: outPath({ out, state: state.path }),
    bytes: last.files['out']?.bytes ?? 0,
    shard: { ...manifest.shard, total: last.total },
  };
}

/** The number of all items, if state directories of all shards know it. */
export function itemsOf(sources: readonly MergeSource[]): number | undefined {
  let items = 0;
  const firsts = new Set<number>();
  for (const { shard } of sources) {
    if (shard?.total === undefined || shard.count !== sources.length) return undefined;
    items += shard.total;
    firsts.add(shard.first);
  }
  return firsts.size === sources.length ? items : undefined;
}
