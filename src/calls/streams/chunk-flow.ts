/**
 * Delivers the chunks of one call from its lane to a reader or a handler.
 *
 *   streaming ──native code returned──► unread ──last chunk taken──► over
 *       └──────────────┴── cancelled, timed out ───────────────────► over
 *
 * While native code runs, chunks stay in the lane's channel until they are
 * taken, so unread chunks make native code wait. Chunks that are left when native
 * code returns are taken out of the channel, so that the lane goes on, and the
 * call settles after the last one.
 *
 * Guarantees:
 * - Chunks are delivered in order, each once, and the call settles after the
 *   last one. A cancellation or a timeout drops unread chunks.
 * - There is one consumer: one reader, or one handler, which gets the next chunk
 *   only after it has finished with the last.
 * - A waiting reader is answered when the call settles, however the call ended.
 */
import { Promise, clearImmediate, setImmediate } from '../../builtins.js';
import { resolved, whenSettled } from '../../promises.js';
import { HostFunctionError, ListenerError, type OffthreadError } from '../../errors.js';
import type { ChunksSpec } from '../../declare/spec.js';
import { generationOf } from '../../shared/memory/states.js';
import { thrownText } from '../../options/checks.js';
import type { ChunkSink, Ending, JobLane, CallbackState } from '../../supervisor/job.js';
import { isThenable, settled } from '../../supervisor/host-functions/thenable.js';
import type { Call } from '../call.js';
import { ChunkSource, NONE } from './chunk-source.js';
import { turnIsOver } from '../../supervisor/dispatch/turn-share.js';

/** What a flow needs from its pool. */
export interface FlowOwner {
  /** A reader or a handler waits for a chunk. */
  notice(): void;
  /** Makes the call fail with `error`, whatever its native code returns. */
  fail(call: Call, error: OffthreadError): void;
  /** Reports an error that does not end the call. */
  report(error: OffthreadError): void;
  /** The call's native code has returned, and chunks are left. */
  unread(call: Call): void;
}

/** An `onChunk`, and whether its errors are reported instead of failing the call. */
export interface ChunkHandler {
  readonly onChunk: (chunk: unknown) => unknown;
  readonly reports: boolean;
}

interface Reader {
  resolve(result: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

interface HeldEnd {
  readonly ending: Ending;
  readonly value: unknown;
  readonly error: unknown;
}

const DONE: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class ChunkFlow implements ChunkSink {
  readonly highWaterMark: number;
  readonly #source: ChunkSource;
  readonly #handler: ChunkHandler | null;
  readonly #owner: FlowOwner;
  readonly #readers: Reader[] = [];
  #call!: Call;
  #held: HeldEnd | null = null;
  /** The handler's promise is pending. */
  #handling = false;
  /** The handler is running, and may re-enter this object. */
  #inHandler = false;
  /** No more chunks are delivered. */
  #closed = false;
  #errorTold = false;
  #releasing: NodeJS.Immediate | undefined;

  constructor(spec: ChunksSpec, highWaterMark: number, handler: ChunkHandler | null, owner: FlowOwner) {
    this.#source = new ChunkSource(spec);
    this.highWaterMark = highWaterMark;
    this.#handler = handler;
    this.#owner = owner;
  }

  /** Whether a handler takes the chunks. */
  get handled(): boolean {
    return this.#handler !== null;
  }

  /** When the last chunk was taken after native code returned, in ms on the host's clock. */
  get takenAt(): number {
    return this.#source.takenAt;
  }

  get awaitsHandler(): boolean {
    return this.#handling;
  }

  /**
   * Sets the call, which needs this flow for its own construction.
   * @param quiet whether an unhandled rejection of the call is ignored; the reader of a stream gets the error.
   */
  connect(call: Call, quiet: boolean): void {
    this.#call = call;
    this.#source.generation = generationOf(call.id);
    if (!quiet) return;
    const over = (): void => this.#over();
    void whenSettled(call, over, over);
  }

  /** The next chunk. At the end, done, or once the error of the call. */
  read(): Promise<IteratorResult<unknown, undefined>> {
    const late = turnIsOver();
    const chunk = late || this.#readers.length > 0 ? NONE : this.#take();
    if (chunk !== NONE) {
      // Released after the reader has got the last chunk, or earlier by its next read.
      if (this.#held !== null && this.#source.isEmpty) this.#releasing = setImmediate(() => this.#release());
      return resolved({ done: false, value: chunk });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (late) setImmediate(() => this.#answerReaders());
      else this.#answerReaders();
    });
  }

  /** Answers readers with available chunks, or with the end. */
  #answerReaders(): void {
    // Set before looking: a chunk that arrives before `wanted` is set does not ring.
    this.#source.wanted = true;
    this.#serveReaders();
    // Readers that wait now have already got the last chunk.
    if (this.#source.isEmpty) this.#release();
    if (this.#call.isSettled || this.#closed) {
      for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
    } else if (this.#readers.length > 0) this.#owner.notice();
  }

  /** The reader wants no more chunks. */
  close(): void {
    this.#closed = true;
    this.#errorTold = true;
    this.#source.drop();
  }

  attach(lane: JobLane): void {
    this.#source.attach(lane);
    this.#source.wanted = this.#handler !== null || this.#readers.length > 0;
  }

  detach(): void {
    this.#source.leave();
  }

  offer(): number {
    return this.#handler === null ? this.#serveReaders() : this.#handleAll();
  }

  end(lane: JobLane | null, ending: Ending, value: unknown, error: unknown): boolean {
    if (ending === 'cancelled' || ending === 'timed-out' || this.#call.stopping !== null) {
      this.#source.dropAll();
      this.#source.leave();
      return true;
    }
    if (lane !== null) this.#source.gather();
    if (this.#closed) this.#source.drop();
    this.#held = { ending, value, error };
    this.offer();
    // The handler may just have taken the last chunk, or failed: then the call has settled.
    if (this.#held === null) return true;
    if (this.#source.isEmpty && !this.#handling && !this.#inHandler) {
      this.#held = null;
      return true;
    }
    this.#owner.unread(this.#call);
    return false;
  }

  abandon(error: OffthreadError): void {
    this.#closed = true;
    this.#source.drop();
    this.#handling = false;
    if (this.#held === null) return;
    this.#held = { ending: 'failed', value: undefined, error };
    this.#release();
  }

  #take(): unknown {
    if (!this.#closed && this.#call.stopping === null) return this.#source.take();
    // A call that was asked to stop delivers no more chunks.
    this.#source.dropAll();
    return NONE;
  }

  /** @returns how many chunks were delivered. */
  #serveReaders(): number {
    let served = 0;
    while (this.#readers.length > 0) {
      const chunk = this.#take();
      if (chunk === NONE) break;
      (this.#readers.shift() as Reader).resolve({ done: false, value: chunk });
      served += 1;
    }
    this.#source.wanted = this.#readers.length > 0;
    return served;
  }

  /** Delivers chunks to the handler until there are none, or the handler returns a promise. */
  #handleAll(): number {
    const handler = this.#handler as ChunkHandler;
    let handled = 0;
    if (this.#inHandler) return 0;
    while (!this.#handling) {
      // Only while native code runs: few chunks are left of an ended call, and none of them rings.
      if (this.#source.isLive && turnIsOver()) {
        this.#source.wanted = true;
        this.#owner.notice();
        break;
      }
      let chunk = this.#take();
      if (chunk === NONE && this.#source.isLive && !this.#source.wanted && !this.#closed) {
        // Set before looking: a chunk that arrives before `wanted` is set does not ring.
        this.#source.wanted = true;
        chunk = this.#take();
      }
      if (chunk === NONE) break;
      handled += 1;
      this.#inHandler = true;
      try {
        const { context } = this.#call.callbackState as CallbackState;
        // In the caller's async context, not in that of the code that looked for results.
        const result: unknown =
          context === null
            ? handler.onChunk(chunk)
            : context.runInAsyncScope(handler.onChunk, undefined, chunk);
        if (isThenable(result)) this.#awaitHandler(settled(result));
      } catch (thrown) {
        this.#handlerThrew(thrown);
      } finally {
        this.#inHandler = false;
      }
    }
    if (this.#handling || this.#closed) this.#source.wanted = false;
    if (this.#source.isEmpty && !this.#handling) this.#release();
    return handled;
  }

  #awaitHandler(result: Promise<unknown>): void {
    this.#handling = true;
    const goOn = (): void => {
      this.#handling = false;
      this.#handleAll();
      this.#owner.notice();
    };
    void whenSettled(result, goOn, (thrown: unknown) => {
      this.#handlerThrew(thrown);
      goOn();
    });
  }

  #handlerThrew(thrown: unknown): void {
    const { fn, id } = this.#call;
    const what = thrownText(thrown);
    const context = { call: id, symbol: fn.name, cause: thrown };
    if (this.#handler?.reports === true) {
      this.#owner.report(
        new ListenerError(`The onChunk of ${fn.name} threw, and the stream continues: ${what}`, context),
      );
      return;
    }
    this.#closed = true;
    this.#source.drop();
    const error = new HostFunctionError(`The onChunk of ${fn.name} threw: ${what}`, context);
    if (this.#held === null) this.#owner.fail(this.#call, error);
    else this.#held = { ending: 'failed', value: undefined, error };
  }

  /** The last chunk has been taken: the call settles now. */
  #release(): void {
    const held = this.#held;
    if (held === null) return;
    clearImmediate(this.#releasing);
    this.#held = null;
    this.#call.settleHeld(held.ending, held.value, held.error);
  }

  /** The call has settled. */
  #over(): void {
    this.#source.leave();
    for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
  }

  /** Answers a reader with the end; one reader gets the error, if there is one. */
  #tellEnd({ resolve, reject }: Reader): void {
    const { error } = this.#call;
    if (error === undefined || this.#errorTold) {
      resolve(DONE);
      return;
    }
    this.#errorTold = true;
    reject(error);
  }
}
