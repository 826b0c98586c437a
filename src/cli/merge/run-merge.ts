/** Runs `offthread merge`. */
import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { count, plural } from '../console/format.js';
import { wholeNumber } from '../console/numbers.js';
import { Output } from '../console/output.js';
import { UsageError } from '../console/usage-error.js';
import { StreamSink } from '../batch/output/stream-sink.js';
import type { Range } from '../batch/state/ended-items.js';
import type { MergeVerbOptions } from './merge-command.js';
import { mergeLines } from './merge-lines.js';
import { type MergeSource, itemsOf, sourceOf } from './merge-sources.js';
import { type IndexedLine, readResults } from './result-lines.js';
import { SeenItems } from './seen-items.js';

/** Ranges of missing items that are printed. */
const SHOWN = 20;

/** @returns the exit code. */
export async function runMerge(paths: readonly string[], options: MergeVerbOptions): Promise<ExitCode> {
  const sources: MergeSource[] = [];
  for (const path of paths) sources.push(await sourceOf(path));
  const out = options.out === undefined ? undefined : resolve(options.out);
  if (sources.some(({ path }) => resolve(path) === out)) {
    throw new UsageError(`--out ${options.out} is one of the files that are merged. Give another file.`);
  }
  const asked = options.items === undefined ? undefined : wholeNumber('--items', options.items, 0);
  const sink = new StreamSink(new Output(out === undefined ? process.stdout : createWriteStream(out)));
  const seen = new SeenItems();
  let failed = 0;
  for await (const line of options.unordered === true ? oneByOne(sources) : inOrder(sources)) {
    if (!seen.add(line.index)) continue;
    if (line.failed) failed += 1;
    sink.add(line.line);
    if (sink.isFull) await sink.flush();
    if (sink.closed) break;
  }
  await sink.end();
  const items = asked ?? itemsOf(sources);
  const missing = seen.missing(Math.max(items ?? 0, seen.end));
  const { twice } = seen;
  if (options.json === true) {
    process.stderr.write(`${JSON.stringify({ items: items ?? null, failed, twice, missing })}\n`);
  } else if (options.quiet !== true) {
    for (const line of summary(missing, seen, failed, items))
      process.stderr.write(`offthread merge: ${line}\n`);
  }
  return missing.length > 0 || twice > 0 ? EXIT.failed : EXIT.ok;
}

function results(path: string, bytes: number | undefined): AsyncIterable<readonly IndexedLine[]> {
  return bytes === undefined ? readResults(path) : readResults(path, { from: 0, to: bytes });
}

async function* inOrder(sources: readonly MergeSource[]): AsyncGenerator<IndexedLine, void> {
  yield* mergeLines(new Map(sources.map(({ name, path, bytes }) => [name, results(path, bytes)])));
}

async function* oneByOne(sources: readonly MergeSource[]): AsyncGenerator<IndexedLine, void> {
  for (const { path, bytes } of sources) for await (const lines of results(path, bytes)) yield* lines;
}

function summary(
  missing: readonly Range[],
  { end, twice }: SeenItems,
  failed: number,
  items: number | undefined,
): string[] {
  const gone = missing.reduce((sum, [from, to]) => sum + to - from, 0);
  const lines = [`${plural(Math.max(items ?? 0, end) - gone, 'item')}, ${count(failed)} of them failed`];
  if (gone > 0) {
    const shown = missing
      .slice(0, SHOWN)
      .map(([from, to]) => (to === from + 1 ? `${from}` : `${from}-${to - 1}`));
    lines.push(`missing: ${plural(gone, 'item')}: ${shown.join(', ')}${missing.length > SHOWN ? ', …' : ''}`);
  }
  if (twice > 0) lines.push(`${plural(twice, 'item')} more than once: the first line was taken`);
  if (items === undefined) {
    lines.push(
      `whether items are missing behind ${end - 1} is not known: add --items, or merge state directories of complete runs`,
    );
  }
  return lines;
}
