/** The lines of results, in the order of a file, with the indices of their items. */
import { createReadStream } from 'node:fs';
import { textLines } from '../console/text-lines.js';
import { UsageError } from '../console/usage-error.js';

export interface IndexedLine {
  readonly index: number;
  /** Whether the item failed. */
  readonly failed: boolean;
  /** With its line feed. */
  readonly line: string;
}

const START = /^\{"index":(\d+),"(value|error)":/;

/** A part of a file: bytes [from, to). */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const WHOLE_FILE: ByteRange = { from: 0, to: Number.POSITIVE_INFINITY };

/**
 * @param range what of the file counts. A last line without a line feed was torn when its run was killed: it does not
 * count either.
 * @throws (rejects) UsageError for a file that cannot be read, or has other lines.
 */
export async function* readResults(
  path: string,
  { from, to }: ByteRange = WHOLE_FILE,
): AsyncGenerator<readonly IndexedLine[], void> {
  if (from >= to) return;
  const stream = createReadStream(path, {
    encoding: 'utf8',
    start: from,
    ...(to < Number.POSITIVE_INFINITY && { end: to - 1 }),
  });
  let number = 0;
  try {
    for await (const lines of textLines(stream as AsyncIterable<string>, { keepsLast: false })) {
      yield lines.map((line) => indexed(path, line, (number += 1)));
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The results in ${path} cannot be read: ${(error as Error).message}.`);
  }
}

function indexed(path: string, line: string, number: number): IndexedLine {
  const match = START.exec(line);
  if (match !== null) return { index: Number(match[1]), failed: match[2] === 'error', line: `${line}\n` };
  throw new UsageError(
    `Line ${number} of ${path} is no result of offthread batch: it does not begin with {"index":…. Results that were written with --values have no index.`,
  );
}
