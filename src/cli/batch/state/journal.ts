/**
 * The journal of a run: one record for each commit, on a line of its own with a checksum. What stands in it has happened:
 * the files that it speaks of are on the disk before their record is written.
 *
 * Guarantees:
 * - A record is read only if it is whole. Reading stops at the first one that is not: a line that was torn by a crash was
 *   never reported as committed.
 * - A record that was appended is on the disk when `append` resolves.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { textLines } from '../../console/text-lines.js';
import { isMissing } from './file-errors.js';
import type { Range } from './ended-items.js';

/** The state of a file at a commit. */
export interface FileMark {
  readonly bytes: number;
  /** Checksum of its last bytes: see `OutputFile`. */
  readonly tail: number;
}

/** A commit. Positions count the items of this run's shard. */
export interface CommitRecord {
  /** All items before this position have ended, and their lines are in the output. */
  readonly before: number;
  /** Further positions of which the same is true. */
  readonly beyond: readonly Range[];
  /** Number of ended items that have failed. */
  readonly failed: number;
  /** Number of items whose keys stand in this record and those before it. */
  readonly keyed: number;
  /** Keys of the items since the last record, in base64: see `item-key.ts`. */
  readonly keys: string;
  /** The files of the run; those that it does not have are left out. */
  readonly files: Readonly<Record<string, FileMark>>;
  /** The number of items, from the commit on that follows the last one. */
  readonly total?: number;
  /** Whether results that had stayed when others ran again have been brought into one order with those. */
  readonly sorted?: true;
}

const CHECKSUM_DIGITS = 8;

export class Journal {
  readonly #file: FileHandle;
  #at: number;

  private constructor(file: FileHandle, at: number) {
    this.#file = file;
    this.#at = at;
  }

  /** Opens a journal to append to it. @param bytes the length of its whole records: the rest is cut off. */
  static async open(path: string, bytes: number): Promise<Journal> {
    const file = await open(path, bytes === 0 ? 'w' : 'r+');
    await file.truncate(bytes);
    return new Journal(file, bytes);
  }

  async append(record: CommitRecord): Promise<void> {
    const text = JSON.stringify(record);
    const line = Buffer.from(`${checksum(text)} ${text}\n`);
    for (let from = 0; from < line.length; ) {
      const { bytesWritten } = await this.#file.write(line, from, line.length - from, this.#at + from);
      from += bytesWritten;
    }
    await this.#file.datasync();
    this.#at += line.length;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The whole records of a journal, and where each ends. None if there is no journal. */
export async function* readJournal(
  path: string,
): AsyncGenerator<{ readonly record: CommitRecord; readonly end: number }, void> {
  let end = 0;
  const text = createReadStream(path, { encoding: 'latin1' }) as AsyncIterable<string>;
  try {
    for await (const lines of textLines(text, { keepsLast: false })) {
      for (const line of lines) {
        const json = line.slice(CHECKSUM_DIGITS + 1);
        if (line.slice(0, CHECKSUM_DIGITS) !== checksum(json)) return;
        end += line.length + 1;
        yield { record: JSON.parse(json) as CommitRecord, end };
      }
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Records are ASCII. */
function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_DIGITS, '0');
}
