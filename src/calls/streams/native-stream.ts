/** The public stream of a native function's chunks. */
import { Promise, clearTimeout, setTimeout } from '../../builtins.js';
import { race, whenSettled } from '../../promises.js';
import { endedTimeout } from '../../options/call-options.js';
import { StreamError } from '../../errors.js';
import type { Call, NativeCall } from '../call.js';
import type { ChunkFlow } from './chunk-flow.js';

/** How a stream ended; `timed-out` also when waiting for the end exceeded the timeout. */
export type StreamEnding = 'done' | 'cancelled' | 'failed' | 'timed-out';

/** Options of `stream.ended`. */
export interface EndedOptions {
  /** ms to wait. Default: unlimited. */
  readonly timeout?: number;
}

/** The chunks that native code hands out while it runs, and its result after them. */
export interface NativeStream<Chunk, Result> extends AsyncIterable<Chunk>, AsyncDisposable {
  /**
   * The call, with its result, state and progress. Settles after the last chunk
   * has been read. Its rejection may be ignored: it is not reported as unhandled.
   */
  readonly result: NativeCall<Result>;
  /** Number of unread chunks at which native code waits. */
  readonly highWaterMark: number;
  /**
   * Cancels the call, and drops unread chunks. Idempotent.
   * @returns whether this stopped the stream; false when it had ended or was stopped before.
   */
  cancel(reason?: unknown): boolean;
  /**
   * Resolves to how the stream ended, once it has; an error of the stream does not reject it.
   * @throws (rejects) ArgumentError for a wrong option.
   */
  ended(options?: EndedOptions): Promise<StreamEnding>;
  /**
   * The chunks as a web stream, which is the stream's one reader.
   * @throws StreamError when the stream has a reader.
   */
  readable(): ReadableStream<Chunk>;
  /** @throws StreamError when the stream has a reader. */
  [Symbol.asyncIterator](): AsyncIterator<Chunk, undefined>;
  /** Cancels the call, and resolves when native code has returned or was given up. */
  [Symbol.asyncDispose](): Promise<void>;
}

const ENDINGS = {
  succeeded: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  'timed-out': 'timed-out',
} as const;

export class ChunkStream<Chunk, Result> implements NativeStream<Chunk, Result> {
  readonly result: NativeCall<Result>;
  readonly #call: Call;
  readonly #flow: ChunkFlow;
  #read = false;

  constructor(call: Call, flow: ChunkFlow) {
    this.#call = call;
    this.#flow = flow;
    this.result = call as unknown as NativeCall<Result>;
  }

  get highWaterMark(): number {
    return this.#flow.highWaterMark;
  }

  cancel(reason?: unknown): boolean {
    return this.#call.cancel(reason);
  }

  async ended(options?: EndedOptions): Promise<StreamEnding> {
    const timeout = endedTimeout(options);
    const settled = whenSettled(this.#settled(), () => ENDINGS[this.#call.ending ?? 'failed']);
    if (timeout === Infinity) return await settled;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<StreamEnding>((resolve) => {
      timer = setTimeout(() => resolve('timed-out'), timeout);
    });
    try {
      return await race([settled, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  readable(): ReadableStream<Chunk> {
    const reader = this[Symbol.asyncIterator]();
    return new ReadableStream<Chunk>(
      {
        pull: async (controller) => {
          const { done, value } = await reader.next();
          if (done === true) controller.close();
          else controller.enqueue(value);
        },
        cancel: async () => {
          await reader.return?.();
        },
      },
      // No chunk is read ahead, so that native code notices a slow reader.
      { highWaterMark: 0 },
    );
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Chunk> {
    if (this.#flow.handled) throw this.#busy('its onChunk receives the chunks');
    if (this.#read) throw this.#busy('it already has a reader');
    this.#read = true;
    const flow = this.#flow;
    const iterator: AsyncIterableIterator<Chunk> = {
      next: () => flow.read() as Promise<IteratorResult<Chunk, undefined>>,
      return: async () => {
        flow.close();
        this.#call.cancel('its reader stopped reading');
        await this.#settled();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#call.cancel('its scope was left');
    await this.#settled();
  }

  async #settled(): Promise<void> {
    await this.#call.settled();
  }

  #busy(why: string): StreamError {
    const { fn, id } = this.#call;
    return new StreamError(
      `The stream of ${fn.name} cannot be read here: ${why}. A stream can have only one reader; pass the chunks on from that reader.`,
      { call: id, symbol: fn.name },
    );
  }
}
