/**
 * The host's end of a lane's channel: takes what native code says while it
 * runs, answers it, and lets it go on.
 *
 * Guarantees:
 * - Requests are taken in order, each once. A request that is answered late
 *   (its call has been stopped meanwhile) reaches nobody: the lane waits for
 *   numbers, and every request has its own.
 * - A chunk that has been taken is a copy, or memory that was transferred:
 *   native code cannot reach it any more.
 * - Whatever the lane may wait for is followed by {@link nudge}, or by a look
 *   at whether it waits (see `workers/channel-writer.ts`).
 */
import { performance } from 'node:perf_hooks';
import type { CallbackParamSpec, ChunksSpec, Scalar } from '../declare/spec.js';
import { CALLS_BYTES, Channel, Reply, callsStart, chunksStart } from '../shared/channel.js';
import type { LaneMemory } from '../shared/lane-memory.js';
import { NO_RECORD, PipeReader } from '../shared/pipe.js';
import {
  RECORD_HEADER_BYTES,
  RecordKind,
  RecordWord,
  Slot,
  chunkParams,
  slotOf,
  viewsOf,
} from '../shared/record.js';
import type { Inbox } from './inbox.js';
import { readBytes, readPayload, readText } from './record-values.js';

/** A record that is the next of its pipe. */
export interface RecordHead {
  readonly at: number;
  /** Row and generation of the call that native code was in; null outside of one. */
  readonly call: { readonly sequence: number; readonly generation: number } | null;
  readonly target: number;
  /** 0 where native code does not wait. */
  readonly request: number;
  readonly kind: number;
}

/** ms for which a lane that has just said something is worth looking at again. */
const TALKATIVE_MS = 0.2;

export class LaneChannel {
  readonly #memory: LaneMemory;
  readonly #inbox: Inbox;
  readonly #calls: PipeReader;
  readonly #chunks: PipeReader;
  readonly #word: number;
  #heardAt = -Infinity;
  /** The lane is to be woken at the end of this turn. */
  #nudging = false;

  constructor(memory: LaneMemory, inbox: Inbox) {
    const { size, channel } = memory;
    this.#memory = memory;
    this.#inbox = inbox;
    this.#word = channel;
    this.#calls = new PipeReader(memory, {
      start: callsStart(size),
      bytes: CALLS_BYTES,
      write: channel + Channel.CALLS_WRITE,
      read: channel + Channel.CALLS_READ,
    });
    this.#chunks = new PipeReader(memory, {
      start: chunksStart(size),
      bytes: size.chunkBytes,
      write: channel + Channel.CHUNKS_WRITE,
      read: channel + Channel.CHUNKS_READ,
    });
  }

  /** Whether native code asks for something. */
  get hasCalls(): boolean {
    return !this.#calls.isEmpty;
  }

  get hasChunks(): boolean {
    return !this.#chunks.isEmpty;
  }

  /** Whether somebody waits for a chunk. */
  get wanted(): boolean {
    return this.#memory.i32[this.#word + Channel.WANTED] !== 0;
  }

  set wanted(wanted: boolean) {
    Atomics.store(this.#memory.i32, this.#word + Channel.WANTED, wanted ? 1 : 0);
  }

  /** Whether there is something that the lane rings for. */
  get rung(): boolean {
    return this.hasCalls || (this.wanted && this.hasChunks);
  }

  /** Whether more is likely to come within µs. */
  get talkative(): boolean {
    return performance.now() - this.#heardAt < TALKATIVE_MS;
  }

  /** Callbacks that came when no call could take them. */
  get late(): number {
    return Atomics.load(this.#memory.i32, this.#word + Channel.LATE);
  }

  /** The oldest request; null when there is none. */
  nextCall(): RecordHead | null {
    return this.#head(this.#calls.peek());
  }

  /** Takes the request of {@link nextCall}, with its values; null when the lane's death has swallowed them. */
  takeCall({ at, kind }: RecordHead, params: readonly CallbackParamSpec[]): unknown[] | null {
    try {
      return this.#values(at, kind, params, false);
    } finally {
      this.#calls.take();
      this.#heardAt = performance.now();
      this.#wakeIfRoom();
    }
  }

  /** Takes a fault: the text that says what could not be read. */
  takeFault({ at }: RecordHead): string {
    const text = readText(this.#memory, at + RECORD_HEADER_BYTES) ?? '';
    this.#calls.take();
    this.#wakeIfRoom();
    return text;
  }

  /** The oldest chunk; null when there is none. */
  nextChunk(): RecordHead | null {
    return this.#head(this.#chunks.peek());
  }

  /** Takes the chunk of {@link nextChunk}; undefined when the lane's death has swallowed it. */
  takeChunk({ at, kind }: RecordHead, spec: ChunksSpec, highWaterMark: number): unknown {
    try {
      if (spec.chunk !== null && (kind & RecordKind.BY_PORT) === 0) {
        return readBytes(this.#memory, at + RECORD_HEADER_BYTES, true);
      }
      const values = this.#values(at, kind, chunkParams(spec), true);
      return values === null || spec.chunk === null ? (values ?? undefined) : values[0];
    } finally {
      this.#giveCredit(highWaterMark);
      this.#heardAt = performance.now();
    }
  }

  /** Drops the chunk of {@link nextChunk}: its call is over. */
  dropChunk({ kind }: RecordHead): void {
    if ((kind & RecordKind.BY_PORT) !== 0) this.#inbox.payload(true);
    this.#giveCredit(Infinity);
  }

  /** Answers a request with a value of the callback's type, checked; `undefined` for void. */
  reply(request: number, type: Scalar | 'void', value: unknown): void {
    const { i32, u32, f64, i64, u64 } = this.#memory;
    const at = this.#word + Channel.REPLY_VALUE;
    if (type !== 'void') {
      switch (slotOf(type)) {
        case Slot.I32:
          i32[at] = Number(value);
          break;
        case Slot.U32:
          u32[at] = value as number;
          break;
        case Slot.F64:
          f64[at / 2] = value as number;
          break;
        case Slot.I64:
          i64[at / 2] = value as bigint;
          break;
        default:
          u64[at / 2] = value as bigint;
      }
    }
    this.#answer(request, Reply.VALUE);
  }

  /** Answers a request with nothing: native code gets the declared fallback. */
  decline(request: number): void {
    this.#answer(request, Reply.NONE);
  }

  /** Has the lane look again at what it waits for, if it waits: after a tripwire, say. */
  nudge(): void {
    const { i32 } = this.#memory;
    Atomics.add(i32, this.#word + Channel.GATE, 1);
    if (Atomics.load(i32, this.#word + Channel.WAITING) !== 0) {
      Atomics.notify(i32, this.#word + Channel.GATE);
    }
  }

  /** The lane is ending: no callback waits for the host any more. */
  close(): void {
    Atomics.store(this.#memory.i32, this.#word + Channel.CLOSING, 1);
    this.nudge();
  }

  #head(at: number): RecordHead | null {
    if (at === NO_RECORD) return null;
    const { i32 } = this.#memory;
    const word = at / 4;
    const kind = i32[word + RecordWord.KIND] as number;
    const outside = (kind & RecordKind.OUTSIDE) !== 0;
    return {
      at,
      kind,
      call: outside
        ? null
        : {
            sequence: i32[word + RecordWord.SEQUENCE] as number,
            generation: i32[word + RecordWord.GENERATION] as number,
          },
      target: i32[word + RecordWord.TARGET] as number,
      request: i32[word + RecordWord.REQUEST] as number,
    };
  }

  #values(at: number, kind: number, params: readonly CallbackParamSpec[], chunk: boolean): unknown[] | null {
    if ((kind & RecordKind.BY_PORT) === 0) {
      return readPayload(this.#memory, at + RECORD_HEADER_BYTES, params, true);
    }
    const payload = this.#inbox.payload(chunk);
    return payload === undefined ? null : readPayload(viewsOf(payload), 0, params, false);
  }

  #answer(request: number, status: number): void {
    const { i32 } = this.#memory;
    i32[this.#word + Channel.REPLY_STATUS] = status;
    Atomics.store(i32, this.#word + Channel.REPLY, request);
    this.nudge();
  }

  #wakeIfRoom(): void {
    if (Atomics.load(this.#memory.i32, this.#word + Channel.WAITING) !== 0) this.nudge();
  }

  /**
   * A chunk has been read. A waiting producer goes on at once when half of them
   * have been, else at the end of this turn: waking it for each of many would
   * cost more than the chunks.
   */
  #giveCredit(highWaterMark: number): void {
    const { i32, size } = this.#memory;
    this.#chunks.take();
    const taken = (Atomics.load(i32, this.#word + Channel.CHUNKS_TAKEN) + 1) | 0;
    Atomics.store(i32, this.#word + Channel.CHUNKS_TAKEN, taken);
    if (Atomics.load(i32, this.#word + Channel.WAITING) === 0) return;
    const unread = (Atomics.load(i32, this.#word + Channel.CHUNKS_WRITTEN) - taken) | 0;
    if (unread * 2 <= highWaterMark && this.#chunks.used * 2 <= size.chunkBytes) this.nudge();
    else if (!this.#nudging) {
      this.#nudging = true;
      setImmediate(() => {
        this.#nudging = false;
        this.#wakeIfRoom();
      });
    }
  }
}
