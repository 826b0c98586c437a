/** The last that a process lane wrote to stderr: bounded, for the error that tells of its death. */

/** Bytes and lines that are kept. */
const BYTES = 4_096;
const LINES = 20;

export class StderrTail {
  #bytes = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    const all = Buffer.concat([this.#bytes, chunk]);
    this.#bytes = all.length > BYTES ? Buffer.from(all.subarray(all.length - BYTES)) : all;
  }

  /** The last lines, without empty ones. */
  get lines(): readonly string[] {
    return this.#bytes
      .toString('utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '')
      .slice(-LINES);
  }
}
