/** The `.hlog` export: the format of HdrHistogram's log, one interval a line; times are in ns. */
import { type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import { type WriteStream, createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** The greatest value of a line is given in ms, as the tools that read these files expect. */
const NS_PER_MS = 1e6;

export class HistogramLog {
  readonly #stream: WriteStream;
  readonly #writer: HistogramLogWriter;
  readonly #done: Promise<void>;

  constructor(path: string, startedAt: Date) {
    this.#stream = createWriteStream(path);
    this.#done = finished(this.#stream);
    // The failure is that of `close`.
    this.#done.catch(() => {});
    this.#writer = new HistogramLogWriter((text) => {
      this.#stream.write(text);
    });
    this.#writer.outputLogFormatVersion();
    this.#writer.outputComment('[Times in ns, from when a call was due to its result]');
    this.#writer.outputStartTime(startedAt.getTime());
    this.#writer.outputLegend();
  }

  /** @param endMs - end of the interval, from the start of the log. */
  write(histogram: Histogram, endMs: number, ms: number): void {
    this.#writer.outputIntervalHistogram(histogram, (endMs - ms) / 1_000, endMs / 1_000, NS_PER_MS);
  }

  /** Resolves when all is in the file. @throws the error of the file. */
  async close(): Promise<void> {
    this.#stream.end();
    await this.#done;
  }
}
