/**
 * The chunks of one call, on their way from its lane to whoever takes them.
 *
 *   streaming ──native code returned──► unread ──last chunk taken──► over
 *       └──────────────┴── cancelled, out of time ─────────────────► over
 *
 * While native code runs, chunks stay in the lane's channel until they are
 * taken: what nobody reads makes native code wait. What is left when it has
 * returned is taken out, so that the lane goes on, and the call settles after
 * the last of it.
 *
 * Guarantees:
 * - Chunks are given out in their order, each once, and the call settles after
 *   the last one; unless it was cancelled or ran out of time, which drops them.
 * - There is one taker: one reader, or one handler, which gets the next chunk
 *   only after it is done with the last.
 * - A waiting reader is answered when the call settles, whatever ended it.
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

/** What a flow needs of its pool. */
export interface FlowOwner {
  /** A reader waits for a chunk. */
  notice(): void;
  /** The call will fail with this, whatever its native code returns. */
  fail(call: Call, error: OffthreadError): void;
  /** Tells of an error that ends nothing. */
  report(error: OffthreadError): void;
  /** The call's native code has returned, and chunks are left. */
  unread(call: Call): void;
}

/** What an `onChunk` is, and what happens when it throws. */
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
  /** The handler is running: what it does may bring the host here again. */
  #inHandler = false;
  /** No chunk is given out any more. */
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

  /** When a chunk was last taken after native code had returned, in ms on the host's clock. */
  get takenAt(): number {
    return this.#source.takenAt;
  }

  get awaitsHandler(): boolean {
    return this.#handling;
  }

  /**
   * The call and its flow need each other.
   * @param quiet whether a rejection that nobody handles is none: of a stream, its reader is told.
   */
  connect(call: Call, quiet: boolean): void {
    this.#call = call;
    this.#source.generation = generationOf(call.id);
    if (!quiet) return;
    const over = (): void => this.#over();
    void whenSettled(call, over, over);
  }

  /** The next chunk; at the end, how it ended: an error is told once. */
  read(): Promise<IteratorResult<unknown, undefined>> {
    const late = turnIsOver();
    const chunk = late || this.#readers.length > 0 ? NONE : this.#take();
    if (chunk !== NONE) {
      // After the reader has had it; a reader that comes back for more is sooner.
      if (this.#held !== null && this.#source.isEmpty) this.#releasing = setImmediate(() => this.#release());
      return resolved({ done: false, value: chunk });
    }
    return new Promise((resolve, reject) => {
      this.#readers.push({ resolve, reject });
      if (late) setImmediate(() => this.#answerReaders());
      else this.#answerReaders();
    });
  }

  /** Gives readers what there is: chunks, or the end. */
  #answerReaders(): void {
    // Said first, looked second: a chunk that came in between does not ring.
    this.#source.wanted = true;
    this.#serveReaders();
    // Those who wait now are back for more: they have had the last chunk.
    if (this.#source.isEmpty) this.#release();
    if (this.#call.isSettled || this.#closed) {
      for (const reader of this.#readers.splice(0)) this.#tellEnd(reader);
    } else if (this.#readers.length > 0) this.#owner.notice();
  }

  /** No more chunks are wanted. */
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
    // Its handler may have taken the last, or failed, just now: then it has settled.
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
    // What has been asked to stop hands nothing out any more.
    this.#source.dropAll();
    return NONE;
  }

  /** @returns how many chunks were given out. */
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

  /** Gives chunks to the handler until there are none, or it answers with a promise. */
  #handleAll(): number {
    const handler = this.#handler as ChunkHandler;
    let handled = 0;
    if (this.#inHandler) return 0;
    while (!this.#handling) {
      // What is left of an ended call is little, and nothing rings for it.
      if (this.#source.isLive && turnIsOver()) {
        this.#source.wanted = true;
        this.#owner.notice();
        break;
      }
      let chunk = this.#take();
      if (chunk === NONE && this.#source.isLive && !this.#source.wanted && !this.#closed) {
        // Said first, looked second: one that came in between does not ring.
        this.#source.wanted = true;
        chunk = this.#take();
      }
      if (chunk === NONE) break;
      handled += 1;
      this.#inHandler = true;
      try {
        const { context } = this.#call.callbackState as CallbackState;
        // In the async context of the call, not of the code that happened to look for results.
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

  /** Tells a reader how it ended: an error is told once. */
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
