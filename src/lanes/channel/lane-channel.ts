/**
 * The host's end of a lane's channel: takes the requests and chunks of running native code, answers requests, and lets
 * native code continue.
 *
 * Guarantees:
 * - Requests are taken in order, each once. A late reply (its call has been stopped) has no effect: every request has
 *   its own number, and the lane waits for that number.
 * - A chunk that has been taken is a copy, or memory of its own that the lane no longer writes to.
 * - After every event that the lane may wait for, the host calls {@link nudge} or checks whether the lane waits (see
 *   `channel-writer.ts`).
 */
import { Atomics, Math, performance } from '../../builtins.js';
import type { CallbackParamSpec, ChunksSpec, Scalar } from '../../declare/spec.js';
import { Channel, Reply, callsPipe, chunksPipe } from '../../shared/memory/channel.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { NO_RECORD, PipeReader } from '../../shared/memory/pipe.js';
import { Disorder } from '../../shared/messages/disorder.js';
import {
  RECORD_HEADER_BYTES,
  RecordKind,
  RecordWord,
  Slot,
  chunkParams,
  slotOf,
  viewsOf,
} from '../../shared/memory/record.js';
import type { BufferGrants } from './buffer-grants.js';
import type { Inbox } from './inbox.js';
import { type ValueRows, valueRows } from '../rows/value-rows.js';
import { readBytes, readPayload, readText } from './record-values.js';

/** Wakes a thread that waits at the wait point of its channel. */
export function wakeWaiting({ i32, channel }: LaneMemory): void {
  Atomics.notify(i32, channel + Channel.WAIT_WORD);
}

/** In place of a chunk that was lost when its lane died. */
export const LOST: unique symbol = Symbol('lost');

/** The next record of a pipe. Each pipe has one such object, which is reused for each record. */
export interface RecordHead {
  readonly at: number;
  /** Whether native code called back outside of a call. */
  readonly noCall: boolean;
  /** Row and generation of the call during which native code called back. */
  readonly sequence: number;
  readonly generation: number;
  /** Of a chunk in a granted buffer: its length. */
  readonly target: number;
  /** 0 if native code does not wait. Of a chunk: granted buffers that the lane has passed. */
  readonly request: number;
  readonly kind: number;
}

type Head = { -readonly [K in keyof RecordHead]: RecordHead[K] };

const noHead = (): Head => ({
  at: 0,
  noCall: false,
  sequence: 0,
  generation: 0,
  target: 0,
  request: 0,
  kind: 0,
});

/** ms after a record for which the host polls the lane for more. */
const CALLBACKS_FOLLOW_MS = 0.2;
/** ms from record to record, on average, above which polling takes more time of a core than it saves. */
const WORTH_POLLING_MS = 0.1;
const LONGEST_PACE_MS = 0.4;

export class LaneChannel {
  readonly #memory: LaneMemory;
  readonly #inbox: Inbox;
  readonly #wake: () => void;
  readonly #grants: BufferGrants | null;
  readonly #calls: PipeReader;
  readonly #chunks: PipeReader;
  readonly #word: number;
  readonly #call = noHead();
  readonly #chunk = noHead();
  #heardAt = -Infinity;
  /** ms from record to record, as far as the host waits for them: a moving average. */
  #paceMs = 0;
  /** Whether native code waits for a reply: until then it sends nothing. */
  #open = false;

  /**
   * @param wake wakes a lane that waits at the wait point.
   * @param grants buffers for large chunks; null for a process, which does not know the host's addresses.
   */
  constructor(memory: LaneMemory, inbox: Inbox, wake: () => void, grants: BufferGrants | null = null) {
    const { size, channel } = memory;
    this.#memory = memory;
    this.#inbox = inbox;
    this.#wake = wake;
    this.#grants = grants;
    this.#word = channel;
    this.#calls = new PipeReader(memory, callsPipe(size));
    this.#chunks = new PipeReader(memory, chunksPipe(size));
  }

  /** Whether there is a request of native code. */
  get hasCalls(): boolean {
    return !this.#calls.isEmpty;
  }

  get hasChunks(): boolean {
    return !this.#chunks.isEmpty;
  }

  /** Whether a reader waits for a chunk. */
  get wanted(): boolean {
    return this.#memory.i32[this.#word + Channel.WANTED] !== 0;
  }

  set wanted(wanted: boolean) {
    Atomics.store(this.#memory.i32, this.#word + Channel.WANTED, wanted ? 1 : 0);
  }

  /** Whether there is a record for which the lane rings. */
  get rung(): boolean {
    return this.hasCalls || (this.wanted && this.hasChunks);
  }

  /** Whether another record is likely within µs. */
  get expectsMore(): boolean {
    if (this.#open || this.#paceMs > WORTH_POLLING_MS) return false;
    return performance.now() - this.#heardAt < CALLBACKS_FOLLOW_MS;
  }

  /** Number of callbacks that came when no call could take them. */
  get late(): number {
    return Atomics.load(this.#memory.i32, this.#word + Channel.LATE);
  }

  /**
   * Whether a thread that native code created has called back: such a thread may call at any time, and outlives the
   * lane.
   */
  get threaded(): boolean {
    return Atomics.load(this.#memory.i32, this.#word + Channel.THREADED) !== 0;
  }

  /** Whether the oldest request belongs to the call in a row. */
  speaksFor(sequence: number): boolean {
    const head = this.nextCall();
    return head !== null && !head.noCall && head.sequence === sequence;
  }

  /** Whether native code waits for a reader or for room: it sends nothing until a record is taken. */
  get stalled(): boolean {
    return Atomics.load(this.#memory.i32, this.#word + Channel.WAITING) !== 0 && this.hasChunks;
  }

  /** The oldest request; null if there is none. */
  nextCall(): RecordHead | null {
    return this.#read(this.#calls.peek(), this.#call);
  }

  /** Takes the request of {@link nextCall}, with its values; null if they were lost when the lane died. */
  takeCall({ at, kind, request }: RecordHead, params: readonly CallbackParamSpec[]): unknown[] | null {
    try {
      return this.#values(at, kind, params, false);
    } finally {
      this.#calls.take();
      this.#open = request !== 0;
      this.#heard();
      this.#wakeIfWaiting();
    }
  }

  /** Takes the request of {@link nextCall} of a module, with its values; null if they were lost when the lane died. */
  takeModuleCall({ at, kind }: RecordHead): unknown[] | null {
    try {
      const values = this.#value(at, kind, false);
      return values === LOST ? null : (values as unknown[]);
    } finally {
      this.#calls.take();
      this.#heard();
      this.#wakeIfWaiting();
    }
  }

  /** A request of a module has been answered, by a message: wakes the lane. */
  answered(request: number): void {
    this.#answer(request, Reply.VALUE);
  }

  /** Takes a fault: a text that names the value that could not be read. */
  takeFault({ at }: RecordHead): string {
    const text = readText(this.#memory, at + RECORD_HEADER_BYTES, this.#calls.end) ?? '';
    this.#calls.take();
    this.#wakeIfWaiting();
    return text;
  }

  /** The oldest chunk; null if there is none. */
  nextChunk(): RecordHead | null {
    return this.#read(this.#chunks.peek(), this.#chunk);
  }

  /** Takes the chunk of {@link nextChunk}; {@link LOST} if it was lost when the lane died. */
  takeChunk({ at, kind, target, request }: RecordHead, spec: ChunksSpec): unknown {
    try {
      if ((kind & RecordKind.VALUE) !== 0) return this.#value(at, kind, true);
      const filled = this.#grants?.pass(request);
      if ((kind & RecordKind.IN_BUFFER) !== 0) return this.#inBuffer(filled, target);
      if (spec.chunk !== null && (kind & RecordKind.BY_PORT) === 0) {
        return readBytes(this.#memory, at + RECORD_HEADER_BYTES, this.#chunks.end, true);
      }
      const values = this.#values(at, kind, chunkParams(spec), true);
      if (values === null || spec.chunk === null) return values ?? LOST;
      // The lane had no buffer for it.
      if (values[0] instanceof Uint8Array) this.#grants?.grant(values[0].length, true);
      return values[0];
    } finally {
      this.#giveCredit();
      // Only needed once there is no chunk to take.
      if (this.#chunks.isEmpty) this.#heard();
    }
  }

  /** Drops the chunk of {@link nextChunk}: its call is over. */
  dropChunk({ kind, request }: RecordHead): void {
    if ((kind & RecordKind.BY_PORT) !== 0) this.#inbox.payload(true);
    if ((kind & RecordKind.VALUE) === 0) this.#grants?.pass(request);
    this.#giveCredit();
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
          i64[at / 2] = BigInt(value as number | bigint);
          break;
        default:
          u64[at / 2] = BigInt(value as number | bigint);
      }
    }
    this.#answer(request, Reply.VALUE);
  }

  /** Answers a request without a value: native code gets the declared fallback. */
  decline(request: number): void {
    this.#answer(request, Reply.NONE);
  }

  /** Makes a waiting lane check its condition again, for example after its cancel flag was set. */
  nudge(): void {
    const { i32 } = this.#memory;
    // Cleared here, so that events before the lane is awake do not wake it again. Cleared before the wait point
    // changes: a lane that sets the word again then finds a value that it has not seen.
    const waits = Atomics.exchange(i32, this.#word + Channel.WAITING, 0) !== 0;
    Atomics.add(i32, this.#word + Channel.WAIT_WORD, 1);
    if (waits) this.#wake();
  }

  /** The lane is ending: callbacks no longer wait for the host. */
  close(): void {
    Atomics.store(this.#memory.i32, this.#word + Channel.CLOSING, 1);
    this.nudge();
  }

  #read(at: number, head: Head): RecordHead | null {
    if (at === NO_RECORD) return null;
    const { i32 } = this.#memory;
    const word = at / 4;
    head.at = at;
    head.kind = i32[word + RecordWord.KIND] as number;
    head.noCall = (head.kind & RecordKind.NO_CALL) !== 0;
    head.sequence = i32[word + RecordWord.SEQUENCE] as number;
    head.generation = i32[word + RecordWord.GENERATION] as number;
    head.target = i32[word + RecordWord.TARGET] as number;
    head.request = i32[word + RecordWord.REQUEST] as number;
    return head;
  }

  #values(at: number, kind: number, params: readonly CallbackParamSpec[], chunk: boolean): unknown[] | null {
    if ((kind & RecordKind.BY_PORT) === 0) {
      const { end } = chunk ? this.#chunks : this.#calls;
      return readPayload(this.#memory, at + RECORD_HEADER_BYTES, end, params, true);
    }
    const payload = this.#inbox.payload(chunk);
    if (payload !== undefined && !(payload instanceof ArrayBuffer))
      throw new Disorder('a record of a callback');
    return payload === undefined ? null : readPayload(viewsOf(payload), 0, payload.byteLength, params, false);
  }

  /** The value of a record of a module. */
  #value(at: number, kind: number, chunk: boolean): unknown {
    const values = valueRows.use as ValueRows;
    if ((kind & RecordKind.BY_PORT) === 0) {
      const { end } = chunk ? this.#chunks : this.#calls;
      return values.read(this.#memory, at + RECORD_HEADER_BYTES, end);
    }
    const payload = this.#inbox.payload(chunk);
    if (payload === undefined) return LOST;
    if (payload instanceof ArrayBuffer) throw new Disorder('a record of a module');
    return values.readMessage(payload);
  }

  /** A chunk in a granted buffer: no copy. */
  #inBuffer(filled: Buffer | undefined, length: number): Buffer {
    if (filled?.length !== length) throw new Disorder('the length of a chunk');
    this.#grants?.grant(length, false);
    return filled;
  }

  #answer(request: number, status: number): void {
    const { i32 } = this.#memory;
    this.#open = false;
    this.#heard();
    i32[this.#word + Channel.REPLY_STATUS] = status;
    Atomics.store(i32, this.#word + Channel.REPLY, request);
    this.nudge();
  }

  #heard(): void {
    const now = performance.now();
    // A long pause counts little: the records after it may follow each other quickly.
    this.#paceMs += (Math.min(now - this.#heardAt, LONGEST_PACE_MS) - this.#paceMs) / 4;
    this.#heardAt = now;
  }

  #wakeIfWaiting(): void {
    if (Atomics.load(this.#memory.i32, this.#word + Channel.WAITING) !== 0) this.nudge();
  }

  /**
   * A chunk has been taken: a waiting producer continues. It is woken at once, so that it runs while the reader takes
   * the rest.
   */
  #giveCredit(): void {
    const { i32 } = this.#memory;
    // A plain store: giving the record back publishes it.
    i32[this.#word + Channel.CHUNKS_TAKEN] = ((i32[this.#word + Channel.CHUNKS_TAKEN] as number) + 1) | 0;
    this.#chunks.take();
    this.#wakeIfWaiting();
  }
}
