/** The stderr output of a process lane: forwarded if requested; the last lines are kept for the LaneCrashedError. */
import { writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { descriptorOf, readNow } from './descriptors.js';

/** Maximum number of bytes and lines that are kept. */
const BYTES = 4_096;
const LINES = 20;
const STDERR_FD = 2;
/** Maximum number of reads at a time: a grandchild may write without end. */
const MOST_READS = 16;

export class ChildStderr {
  readonly #stream: Readable | null;
  readonly #passed: boolean;
  #last = Buffer.alloc(0);

  /** @param passed whether the output is forwarded. */
  constructor(stream: Readable | null, passed: boolean) {
    this.#stream = stream;
    this.#passed = passed;
    stream?.on('data', (chunk: Buffer) => this.#heard(chunk));
  }

  /** The last non-empty lines. */
  get lines(): readonly string[] {
    return this.#last
      .toString('utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(-LINES);
  }

  /** Reads the content of the pipe without the event loop. */
  take(): void {
    const fd = descriptorOf(this.#stream);
    for (let reads = 0; reads < MOST_READS; reads += 1) {
      const bytes = readNow(fd);
      if (typeof bytes === 'string') return;
      this.#heard(bytes);
    }
  }

  /** The process has ended: reads the rest of the pipe. */
  end(): void {
    this.take();
    this.#stream?.destroy();
  }

  #heard(chunk: Buffer): void {
    const all = Buffer.concat([this.#last, chunk]);
    this.#last = all.length > BYTES ? Buffer.from(all.subarray(all.length - BYTES)) : all;
    if (!this.#passed) return;
    try {
      // A direct write to the descriptor, as native code of a thread does: a closed stream must not end the host.
      writeSync(STDERR_FD, chunk);
    } catch {
      // The descriptor has no reader, or a slow one.
    }
  }
}
