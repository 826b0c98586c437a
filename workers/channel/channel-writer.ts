/**
 * The lane's end of its channel: sends the records of callbacks, and waits while it must.
 *
 *   request   record ──► ring the host ──► wait for the reply
 *   notice    record ──► ring the host                     (fire and forget)
 *   chunk     wait for credit ──► record ──► ring, if a reader waits
 *
 * A wait ends with a reply or a reader, or when the call is stopped by its cancel flag or by the lane's end. In the
 * latter case native code gets the declared fallback, or the value that makes it stop, at once and for the rest of the
 * call.
 */
import { Atomics } from '../../src/builtins.js';
import type { ChunksSpec, FunctionSpec, HostFunctionSpec, Scalar } from '../../src/declare/spec.js';
import type { CallbackReader, RawValues } from '../../src/engines/callback-reader.js';
import type { NativeValue } from '../../src/engines/engine.js';
import { Channel, Reply } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { NO_RECORD, type PipeWriter } from '../../src/shared/memory/pipe.js';
import {
  RECORD_HEADER_BYTES,
  RecordKind,
  RecordWord,
  Slot,
  align8,
  slotOf,
  viewsOf,
} from '../../src/shared/memory/record.js';
import { errorData } from '../error-data.js';
import type { ChannelEnds } from './channel-ends.js';
import type { ChunkCredit } from './chunk-credit.js';
import { GrantedBuffers, NO_BUFFER } from './granted-buffers.js';
import type { WaitPoint } from './wait-point.js';
import type { LaneLink } from '../lane-link.js';

/** The parts of its lane that the writer uses. */
export interface WriterLane extends Pick<LaneLink, 'wait'> {
  /** Rings the host's doorbell. */
  ring(): void;
  /** Sends a payload that does not fit in a pipe. */
  post(chunk: boolean, payload: ArrayBuffer): void;
  /** Address of the lane's memory, in the form with which copying is fastest. */
  readonly base: number | bigint;
  addressOf(buffer: ArrayBuffer): number | bigint;
  /** Whether the host's addresses are valid here: in a thread. */
  readonly sharesAddresses: boolean;
}

const LENGTH_BYTES = 8;
/** Bytes from which a chunk is in a buffer of its own. Smaller ones are copied once more, for less than a buffer costs. */
const OWN_BUFFER_BYTES = 8_192;

export class ChannelWriter {
  readonly #memory: LaneMemory;
  readonly #lane: WriterLane;
  readonly #ends: ChannelEnds;
  readonly #calls: PipeWriter;
  readonly #chunks: PipeWriter;
  readonly #callsInline: number;
  readonly #chunksInline: number;
  readonly #word: number;
  readonly #waitPoint: WaitPoint;
  readonly #credit: ChunkCredit;
  readonly #buffers: GrantedBuffers | null;
  /** The running call: its function (null between calls), its row, and its limits. */
  #running: FunctionSpec | null = null;
  #sequence = 0;
  #generation = 0;
  /** Index of the call's cancel flag. */
  #cancelFlag = 0;
  /** Number of unread chunks at which native code waits; 0 if the call has no stream. */
  #highWaterMark = 0;
  /** The call has already failed: it sends no more records. */
  #failed = false;

  constructor(memory: LaneMemory, lane: WriterLane, ends: ChannelEnds) {
    const { channel } = memory;
    this.#memory = memory;
    this.#lane = lane;
    this.#word = channel;
    this.#ends = ends;
    this.#waitPoint = ends.waitPoint;
    this.#credit = ends.credit;
    this.#buffers = lane.sharesAddresses ? new GrantedBuffers(memory) : null;
    this.#calls = ends.calls;
    this.#chunks = ends.chunks;
    this.#callsInline = ends.callsInline;
    this.#chunksInline = ends.chunksInline;
  }

  /** The function whose call runs; null between calls. */
  get running(): FunctionSpec | null {
    return this.#running;
  }

  /** A call begins. @param cancelFlag index of the flag's word. */
  begin(
    spec: FunctionSpec,
    sequence: number,
    generation: number,
    cancelFlag: number,
    highWaterMark: number,
  ): void {
    this.#running = spec;
    this.#sequence = sequence;
    this.#generation = generation;
    this.#cancelFlag = cancelFlag;
    this.#highWaterMark = highWaterMark;
    this.#failed = false;
  }

  /** The call has returned. */
  end(): void {
    this.#running = null;
    this.#failed = false;
  }

  /** Whether native code is to return: no callback waits any more. */
  get stopped(): boolean {
    const { i32 } = this.#memory;
    if (Atomics.load(i32, this.#word + Channel.CLOSING) !== 0) return true;
    return this.#running !== null && (this.#failed || Atomics.load(i32, this.#cancelFlag) !== 0);
  }

  /** A callback could not be served, for example for lack of memory or stack: the call fails. */
  broken(cause: unknown): void {
    try {
      if (!this.stopped) this.#fault(0, errorData(cause).message);
    } catch {
      this.#failed = true;
    }
  }

  /** Whether a thread that native code created has called back. */
  get threaded(): boolean {
    return Atomics.load(this.#memory.i32, this.#word + Channel.THREADED) !== 0;
  }

  /**
   * Native code calls back. Between calls no native code runs on this thread, so the caller is then a thread that
   * native code created, which the engine makes wait for this one.
   */
  entered(): void {
    if (this.#running === null && !this.threaded) {
      Atomics.store(this.#memory.i32, this.#word + Channel.THREADED, 1);
    }
  }

  /** Native code called a callback that no longer has a receiver. */
  late(): void {
    Atomics.add(this.#memory.i32, this.#word + Channel.LATE, 1);
  }

  /**
   * Runs a function on the host.
   * @param target index of the function's parameter, or minus the id of a persistent callback.
   * @returns its value, or the declared fallback.
   */
  request(param: HostFunctionSpec, target: number, reader: CallbackReader, values: RawValues): NativeValue {
    const { fallback, wait, callback } = param;
    const none = callback.returns === 'void' ? undefined : fallback;
    if (this.stopped) {
      if (this.#running === null) this.late();
      return none;
    }
    const request = wait ? this.#ends.nextRequest() : 0;
    const sent = this.#send(this.#calls, this.#callsInline, 0, target, request, reader, values);
    this.#lane.ring();
    if (!sent || !wait) return none;
    const { i32 } = this.#memory;
    const reply = this.#word + Channel.REPLY;
    this.#waitFor(() => Atomics.load(i32, reply) === request);
    if (Atomics.load(i32, reply) !== request) return none;
    if (i32[this.#word + Channel.REPLY_STATUS] !== Reply.VALUE || callback.returns === 'void') return none;
    return this.#value(callback.returns);
  }

  /** Sends a chunk. @returns the value that the callback returns. */
  chunk(param: ChunksSpec, reader: CallbackReader, values: RawValues): NativeValue {
    const allowed = this.#highWaterMark;
    if (this.#running === null || allowed === 0) {
      this.late();
      return answer(param, param.stop ?? 0, values);
    }
    if (!this.stopped && this.#waitForCredit(allowed)) {
      this.#credit.publish();
      if (this.#sendChunk(param, reader, values)) {
        this.#credit.spend();
        if (Atomics.load(this.#memory.i32, this.#word + Channel.WANTED) !== 0) this.#lane.ring();
        return answer(param, param.proceed, values);
      }
    }
    return answer(param, param.stop ?? param.proceed, values);
  }

  /** Waits until fewer chunks are unread. @returns false if the call was stopped. */
  #waitForCredit(allowed: number): boolean {
    if (this.#credit.allows(allowed)) return true;
    this.#waitFor(() => this.#credit.allows(allowed));
    return !this.stopped;
  }

  /** @returns as {@link ChannelWriter.#send}. */
  #sendChunk({ callback, chunk }: ChunksSpec, reader: CallbackReader, values: RawValues): boolean {
    const param = chunk === null ? undefined : callback.params[chunk];
    if (this.#buffers !== null && param?.kind === 'bytes') {
      const length = Number(values[param.count]);
      // Also false if the length is not valid: then `#send` finds the fault.
      if (length >= OWN_BUFFER_BYTES && reader.measure(values) >= 0) {
        const address = this.#buffers.take(length);
        return address === NO_BUFFER
          ? this.#send(this.#chunks, 0, 0, 0, this.#buffers.passed, reader, values)
          : this.#sendBuffer(address, length, reader, values);
      }
    }
    const passed = this.#buffers?.passed ?? 0;
    return this.#send(this.#chunks, this.#chunksInline, 0, 0, passed, reader, values);
  }

  /** Sends a chunk of bytes in the granted buffer that was taken last. */
  #sendBuffer(address: number, length: number, reader: CallbackReader, values: RawValues): boolean {
    reader.writeBytes(address, values);
    const at = this.#reserve(this.#chunks, RECORD_HEADER_BYTES);
    if (at === NO_RECORD) return false;
    this.#header(at, RecordKind.IN_BUFFER, length, this.#buffers?.passed ?? 0);
    this.#chunks.commit();
    return true;
  }

  /** @returns whether the record was sent; false if the call was stopped, or the values could not be read. */
  #send(
    pipe: PipeWriter,
    inline: number,
    kind: number,
    target: number,
    request: number,
    reader: CallbackReader,
    values: RawValues,
  ): boolean {
    const bytes = reader.measure(values);
    if (bytes < 0) {
      this.#fault(target, reader.fault);
      return false;
    }
    const { base } = this.#lane;
    if (bytes <= inline + LENGTH_BYTES) {
      const at = this.#reserve(pipe, RECORD_HEADER_BYTES + bytes);
      if (at === NO_RECORD) return false;
      this.#header(at, kind, target, request);
      reader.write(this.#memory, base, at + RECORD_HEADER_BYTES, values);
    } else {
      // Not zeroed, because all of it is written; not pooled, so that it can be transferred.
      const payload = Buffer.allocUnsafeSlow(bytes).buffer;
      reader.write(viewsOf(payload), this.#lane.addressOf(payload), 0, values);
      const at = this.#reserve(pipe, RECORD_HEADER_BYTES);
      if (at === NO_RECORD) return false;
      this.#header(at, kind | RecordKind.BY_PORT, target, request);
      // Before the record: the host expects the payload when it reaches the record.
      this.#lane.post(pipe === this.#chunks, payload);
    }
    pipe.commit();
    return true;
  }

  #header(at: number, kind: number, target: number, request: number): void {
    const { i32 } = this.#memory;
    const word = at / 4;
    i32[word + RecordWord.KIND] = this.#running === null ? kind | RecordKind.NO_CALL : kind;
    i32[word + RecordWord.GENERATION] = this.#generation;
    i32[word + RecordWord.SEQUENCE] = this.#sequence;
    i32[word + RecordWord.TARGET] = target;
    i32[word + RecordWord.REQUEST] = request;
  }

  /** Tells the host why a callback's values could not be read. */
  #fault(target: number, text: string): void {
    this.#failed = true;
    const length = Buffer.byteLength(text);
    const at = this.#reserve(this.#calls, RECORD_HEADER_BYTES + 8 + align8(length));
    if (at === NO_RECORD) return;
    this.#header(at, RecordKind.FAULT, target, 0);
    const payload = at + RECORD_HEADER_BYTES;
    this.#memory.i32[payload / 4] = length;
    this.#memory.bytes.write(text, payload + 8, 'utf8');
    this.#calls.commit();
  }

  /** Waits for room: the host empties the pipe of requests, and the reader the pipe of chunks. */
  #reserve(pipe: PipeWriter, bytes: number): number {
    let at = pipe.reserve(bytes);
    if (at !== NO_RECORD) return at;
    this.#lane.ring();
    this.#waitFor(() => {
      at = pipe.reserve(bytes);
      return at !== NO_RECORD;
    });
    return at;
  }

  /** Waits until `there` returns true, or the call is stopped. */
  #waitFor(there: () => boolean): void {
    this.#waitPoint.wait(there, this.#isStopped);
  }

  readonly #isStopped = (): boolean => this.stopped;

  #value(type: Scalar): NativeValue {
    const { i32, u32, f64, i64, u64 } = this.#memory;
    const word = this.#word + Channel.REPLY_VALUE;
    switch (slotOf(type)) {
      case Slot.I32:
        return i32[word];
      case Slot.U32:
        return u32[word];
      case Slot.F64:
        return f64[word / 2];
      case Slot.I64:
        return i64[word / 2];
      default:
        return u64[word / 2];
    }
  }
}

/** The value that native code gets: a constant, or the length of its chunk. */
function answer(
  { callback, chunk }: ChunksSpec,
  value: number | bigint | 'length',
  values: RawValues,
): NativeValue {
  const { returns } = callback;
  if (returns === 'void') return undefined;
  let told = value;
  if (told === 'length') {
    const param = callback.params[chunk ?? -1];
    told = param !== undefined && 'count' in param ? (values[param.count] as number | bigint) : 0;
  }
  return returns === 'i64' || returns === 'u64' || returns === 'pointer' ? BigInt(told) : Number(told);
}
