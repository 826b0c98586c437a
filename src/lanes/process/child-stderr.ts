/** What a process lane writes to stderr: passed on where that is wanted, and the last of it kept for the error that tells of its death. */
import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { descriptorOf, readNow } from './descriptors.js';

/** Bytes and lines that are kept. */
const BYTES = 4_096;
const LINES = 20;
const STDERR_FD = 2;
/** Reads at a time: a grandchild may write on for ever. */
const MOST_READS = 16;

export class ChildStderr {
  readonly #stream: Readable | null;
  readonly #passed: boolean;
  #last = Buffer.alloc(0);

  /** @param passed whether it is passed on. */
  constructor(stream: Readable | null, passed: boolean) {
    this.#stream = stream;
    this.#passed = passed;
    stream?.on('data', (chunk: Buffer) => this.#heard(chunk));
  }

  /** The last lines, without empty ones. */
  get lines(): readonly string[] {
    return this.#last
      .toString('utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(-LINES);
  }

  /** Takes what is in the pipe, without the event loop. */
  take(): void {
    const fd = descriptorOf(this.#stream);
    for (let reads = 0; reads < MOST_READS; reads += 1) {
      const bytes = readNow(fd);
      if (typeof bytes === 'string') return;
      this.#heard(bytes);
    }
  }

  /** It says nothing more: what it said last is in the pipe still. */
  end(): void {
    this.take();
    this.#stream?.destroy();
  }

  #heard(chunk: Buffer): void {
    const all = Buffer.concat([this.#last, chunk]);
    this.#last = all.length > BYTES ? Buffer.from(all.subarray(all.length - BYTES)) : all;
    if (!this.#passed) return;
    try {
      // Where a thread's native code writes, and as it does: a stream that is closed must not end the host.
      writeSync(STDERR_FD, chunk);
    } catch {
      // Nobody reads it, or not fast enough.
    }
  }
}
