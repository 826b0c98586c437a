/**
 * Where results go: stdout, or another stream. Guarantees:
 * - `write` resolves when the stream can take more, so a slow reader holds the command back and memory stays bounded.
 * - A reader that goes away (`| head`) is no error: `closed` becomes true, and further writes do nothing.
 * - Any other failure of the stream (a full disk) rejects every write from then on with that error.
 */
import { once } from 'node:events';
import type { Writable } from 'node:stream';

export class Output {
  readonly #stream: Writable;
  #closed = false;
  #failure: Error | undefined;

  constructor(stream: Writable = process.stdout) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') this.#closed = true;
      else this.#failure = error;
    });
  }

  /** Whether nobody reads any more. */
  get closed(): boolean {
    return this.#closed;
  }

  async write(text: string): Promise<void> {
    this.#check();
    if (this.#closed || this.#stream.write(text)) return;
    try {
      await once(this.#stream, 'drain');
    } catch {
      // The listener above has noted what it was.
      this.#check();
    }
  }

  /** Resolves when all that was written has left the process: `process.exit` before would cut a pipe short. */
  async flush(): Promise<void> {
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      this.#stream.write('', () => resolve());
    });
    this.#check();
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}
