/**
 * A file that a run appends to, and that can be cut back to what was committed.
 *
 *   added ──► collected as text ──► cut into bytes ──► written ──► synced
 *
 * Guarantees:
 * - Bytes are written in the order in which they were added, at places of its own: one write at a time.
 * - After `sync`, everything before the last `cut` is on the disk.
 * - The mark of a cut tells whether the file is still the one that was written: by its length and its last bytes.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { UsageError } from '../../console/usage-error.js';
import type { FileMark } from '../state/journal.js';
import { syncDirectory } from '../state/manifest.js';
import { type Sink, STEP_CHARACTERS } from './sink.js';

const NOTHING = Buffer.alloc(0);
/** Bytes at the end of a file that its mark has a checksum of. */
const TAIL_BYTES = 4_096;
/** Bytes that may wait to be written. */
const FULL_BYTES = 2 ** 20;

export const EMPTY: FileMark = { bytes: 0, tail: 0 };

export class OutputFile implements Sink {
  readonly path: string;
  readonly closed = false;
  readonly #file: FileHandle;
  #text = '';
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Bytes that have been added and cut. */
  #bytes: number;
  #written: number;
  #tail: Buffer;
  #writing: Promise<void> = Promise.resolve();

  private constructor(path: string, file: FileHandle, bytes: number, tail: Buffer) {
    this.path = path;
    this.#file = file;
    this.#bytes = bytes;
    this.#written = bytes;
    this.#tail = tail;
  }

  /**
   * Opens a file to append to it; what is behind the mark is cut off.
   * @throws (rejects) UsageError if it is not the file that was marked.
   */
  static async open(path: string, mark: FileMark): Promise<OutputFile> {
    const file = await open(path, mark.bytes === 0 ? 'a+' : 'r+').catch((error: unknown) => {
      throw new UsageError(`${path} cannot be written: ${(error as Error).message}.`);
    });
    // Appending would ignore the places that are written to.
    const own = mark.bytes === 0 ? await reopened(path, file) : file;
    const stat = await own.stat();
    if (!stat.isFile()) {
      await own.close();
      throw new UsageError(
        `${path} is no regular file, so a run cannot be resumed in it. With --state, use a file, or leave --out out: the results are then kept in the state directory, and printed at the end.`,
      );
    }
    const tail = await readTail(own, mark.bytes);
    if (stat.size < mark.bytes || crc32(tail) !== mark.tail) {
      await own.close();
      throw new UsageError(
        `${path} has been changed since the run wrote it: ${stat.size < mark.bytes ? `it has ${stat.size} bytes, and ${mark.bytes} were committed` : 'its last committed bytes are others'}. Put the file back, or begin anew with another state directory.`,
      );
    }
    await own.truncate(mark.bytes);
    if (mark.bytes === 0) await syncDirectory(dirname(path));
    return new OutputFile(path, own, mark.bytes, tail);
  }

  add(text: string): void {
    this.#text += text;
    if (this.#text.length > STEP_CHARACTERS) this.#encode();
  }

  get isFull(): boolean {
    return this.#waitingBytes > FULL_BYTES;
  }

  /** The state of the file when everything has been written that has been added so far. */
  cut(): FileMark {
    this.#encode();
    return { bytes: this.#bytes, tail: crc32(this.#tail) };
  }

  flush(): Promise<void> {
    this.#encode();
    const writing = this.#writing.then(() => this.#write());
    // The caller gets the failure; the next one fails again, as its bytes have no place.
    this.#writing = writing;
    return writing;
  }

  /** @throws (rejects) Error if something else has changed the file. */
  async sync(): Promise<void> {
    const { size, nlink } = await this.#file.stat();
    if (nlink === 0 || size < this.#written) {
      throw new Error(
        `${this.path} was ${nlink === 0 ? 'removed or replaced' : 'cut off'} by another program while the run was writing it.`,
      );
    }
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#writing.catch(() => {});
    await this.#file.close();
  }

  #encode(): void {
    if (this.#text === '') return;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#bytes += bytes.length;
    this.#tail =
      bytes.length >= TAIL_BYTES
        ? bytes.subarray(-TAIL_BYTES)
        : Buffer.concat([this.#tail, bytes]).subarray(-TAIL_BYTES);
  }

  async #write(): Promise<void> {
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] as Buffer) : Buffer.concat(this.#waiting);
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    for (let from = 0; from < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, from, bytes.length - from, this.#written);
      from += bytesWritten;
      this.#written += bytesWritten;
    }
  }
}

async function reopened(path: string, file: FileHandle): Promise<FileHandle> {
  const stat = await file.stat();
  await file.close();
  return open(path, stat.isFile() ? 'r+' : 'w');
}

async function readTail(file: FileHandle, bytes: number): Promise<Buffer> {
  const length = Math.min(TAIL_BYTES, bytes);
  if (length === 0) return NOTHING;
  const tail = Buffer.alloc(length);
  const { bytesRead } = await file.read(tail, 0, length, bytes - length);
  return tail.subarray(0, bytesRead);
}
