/**
 * Puts results into a new file, in the order of the items: those that stay when some items run again, and all at the end of
 * such a run, whose new results come behind those that stayed.
 */
import { createReadStream } from 'node:fs';
import { rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { textLines } from '../../console/text-lines.js';
import { mergeLines } from '../../merge/merge-lines.js';
import { type IndexedLine, readResults } from '../../merge/result-lines.js';
import { EMPTY, OutputFile } from '../output/output-file.js';
import { isMissing } from './file-errors.js';
import type { FileMark } from './journal.js';
import { syncDirectory } from './manifest.js';

export interface ResultFile {
  readonly path: string;
  /** Bytes that count. */
  readonly bytes: number;
  /** Bytes of results that stayed when items ran again; the others come behind them. */
  readonly keptBytes: number;
  readonly ordered: boolean;
}

export interface Rewritten {
  readonly mark: FileMark;
  /** Number of items among them that failed. */
  readonly failed: number;
}

/** @param keeps whether the result of an item stays, by its index. */
export async function rewriteResults(
  { path, bytes, keptBytes, ordered }: ResultFile,
  to: string,
  keeps: (index: number) => boolean,
): Promise<Rewritten> {
  const kept = readResults(path, { from: 0, to: keptBytes });
  const added = readResults(path, { from: keptBytes, to: bytes });
  const lines = ordered
    ? mergeLines(
        new Map([
          [path, kept],
          [`${path} from byte ${keptBytes} on`, added],
        ]),
      )
    : oneByOne([kept, added]);
  let failed = 0;
  const mark = await rewrite(to, lines, (line) => {
    if (!keeps(line.index)) return null;
    if (line.failed) failed += 1;
    return line.line;
  });
  return { mark, failed };
}

/** Leaves out the failed items whose results do not stay. */
export function rewriteDeadLetters(
  path: string,
  { bytes }: FileMark,
  to: string,
  keeps: (index: number) => boolean,
): Promise<FileMark> {
  return rewrite(to, linesOf(path, bytes), (line) => {
    const { offthread } = JSON.parse(line) as { readonly offthread: { readonly index: number } };
    return keeps(offthread.index) ? `${line}\n` : null;
  });
}

async function* linesOf(path: string, bytes: number): AsyncGenerator<string, void> {
  if (bytes === 0) return;
  const text = createReadStream(path, { encoding: 'utf8', end: bytes - 1 }) as AsyncIterable<string>;
  for await (const lines of textLines(text, { keepsLast: false })) yield* lines;
}

/** Puts a file in the place of another, if it is there. */
export async function placeFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  await syncDirectory(dirname(to));
}

/** Writes lines to a new file, durably. @param lineOf null for what is left out. */
async function rewrite<T>(
  to: string,
  all: AsyncIterable<T>,
  lineOf: (one: T) => string | null,
): Promise<FileMark> {
  await unlink(to).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  const file = await OutputFile.open(to, EMPTY);
  for await (const one of all) {
    const line = lineOf(one);
    if (line !== null) file.add(line);
    if (file.isFull) await file.flush();
  }
  const mark = file.cut();
  await file.flush();
  await file.sync();
  await file.close();
  return mark;
}

async function* oneByOne(
  sources: readonly AsyncIterable<readonly IndexedLine[]>[],
): AsyncGenerator<IndexedLine, void> {
  for (const source of sources) for await (const lines of source) yield* lines;
}
