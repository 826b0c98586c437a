/** Lines to a stream: stdout, or a file that is not resumed. */
import type { Output } from '../../console/output.js';
import { type Sink, STEP_CHARACTERS } from './sink.js';

export class StreamSink implements Sink {
  readonly #output: Output;
  #text = '';

  constructor(output: Output) {
    this.#output = output;
  }

  get closed(): boolean {
    return this.#output.closed;
  }

  get isFull(): boolean {
    return this.#text.length > STEP_CHARACTERS;
  }

  add(text: string): void {
    this.#text += text;
  }

  async flush(): Promise<void> {
    const text = this.#text;
    this.#text = '';
    if (text !== '') await this.#output.write(text);
  }

  /** Resolves when everything has left the process. */
  async end(): Promise<void> {
    await this.flush();
    await this.#output.flush();
  }
}
