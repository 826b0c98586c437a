/** The text of an input: a file, or stdin. */
import { createReadStream, fstatSync, openSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { UsageError } from '../../console/usage-error.js';

/** Bytes that are read at once: some thousand short lines, which take a few ms. */
const CHUNK_BYTES = 64 * 1024;

export class InputText {
  /** For messages. */
  readonly name: string;
  /** Bytes of the whole input; undefined for a pipe or a terminal, whose length is not known before its end. */
  readonly totalBytes: number | undefined;
  readonly #fd: number;
  #stream: Readable | null = null;
  #bytes = 0;

  /** @param path undefined for stdin. @throws UsageError if the file cannot be read. */
  constructor(path: string | undefined) {
    this.name = path ?? 'stdin';
    this.#fd = path === undefined ? 0 : openInput(path);
    const stat = fstatSync(this.#fd);
    this.totalBytes = stat.isFile() ? stat.size : undefined;
  }

  /** Bytes that have been read. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Text as it comes, in UTF-8; reading waits until the last text has been taken. */
  async *read(): AsyncGenerator<string, void> {
    // A pipe may be silent for ever: a read of a file would then keep the process from its end.
    const isPipe = this.#fd === 0 && this.totalBytes === undefined;
    const stream = isPipe
      ? process.stdin
      : createReadStream('', { fd: this.#fd, highWaterMark: CHUNK_BYTES, autoClose: this.#fd !== 0 });
    this.#stream = stream;
    const decoder = new TextDecoder();
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      this.#bytes += chunk.length;
      yield decoder.decode(chunk, { stream: true });
    }
    const rest = decoder.decode();
    if (rest !== '') yield rest;
  }

  /** Stops reading, also while there is nothing to read. */
  close(): void {
    this.#stream?.destroy();
  }
}

function openInput(path: string): number {
  try {
    const fd = openSync(path, 'r');
    if (fstatSync(fd).isDirectory()) throw new Error('it is a folder');
    return fd;
  } catch (error) {
    throw new UsageError(`The input ${path} cannot be read: ${(error as Error).message}.`);
  }
}
