/**
 * Sends values of modules through the channel: the arguments of functions on the host, and the values of generators. A value that
 * does not fit into the pipe goes as a message, behind its record.
 */
import { Atomics } from '../../src/builtins.js';
import { TransferredValue } from '../../src/declare/language/transferred-value.js';
import { Channel } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { NO_RECORD, type PipeWriter } from '../../src/shared/memory/pipe.js';
import { RECORD_HEADER_BYTES, RecordKind, RecordWord } from '../../src/shared/memory/record.js';
import { fits, messageOf } from '../../src/shared/values/message-value.js';
import type { ValueEncoder } from '../../src/shared/values/value-encoder.js';
import type { ChannelEnds } from '../channel/channel-ends.js';
import type { LaneLink } from '../lane-link.js';
import { type CallContext, stopReason } from './call-context.js';

export class ValueRecords {
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #ends: ChannelEnds;
  readonly #encoder: ValueEncoder;

  constructor(memory: LaneMemory, link: LaneLink, ends: ChannelEnds, encoder: ValueEncoder) {
    this.#memory = memory;
    this.#link = link;
    this.#ends = ends;
    this.#encoder = encoder;
  }

  /** Whether the lane is ending: nothing waits for the host any more. */
  get closing(): boolean {
    return Atomics.load(this.#memory.i32, this.#memory.channel + Channel.CLOSING) !== 0;
  }

  /** Asks for a function on the host. @throws what structured cloning throws; why the call is to stop. */
  request(call: CallContext, index: number, request: number, args: readonly unknown[]): void {
    this.#encoder.encodeList(args);
    this.#send(call, this.#ends.calls, this.#ends.callsInline, false, index, request);
    this.#link.ring();
  }

  /** Sends a value of a generator. @throws as {@link request}. */
  chunk(call: CallContext, value: unknown): void {
    const moved = value instanceof TransferredValue;
    this.#encoder.encode(moved ? value.value : value, moved ? value.list : []);
    const { credit, chunks, chunksInline } = this.#ends;
    credit.publish();
    this.#send(call, chunks, chunksInline, true, 0, 0);
    credit.spend();
    if (Atomics.load(this.#memory.i32, this.#memory.channel + Channel.WANTED) !== 0) this.#link.ring();
  }

  #send(
    call: CallContext,
    pipe: PipeWriter,
    inline: number,
    chunk: boolean,
    target: number,
    request: number,
  ): void {
    const encoder = this.#encoder;
    const inPipe = fits(encoder, inline);
    const transfers: object[] = [];
    // Before the record is reserved: waiting for room may run other code, which encodes other values.
    const message = inPipe ? null : messageOf(encoder, transfers);
    const at = this.#reserve(call, pipe, RECORD_HEADER_BYTES + (inPipe ? encoder.bytes : 0));
    const { i32 } = this.#memory;
    const word = at / 4;
    i32[word + RecordWord.KIND] = RecordKind.VALUE | (inPipe ? 0 : RecordKind.BY_PORT);
    i32[word + RecordWord.GENERATION] = call.generation;
    i32[word + RecordWord.SEQUENCE] = call.sequence;
    i32[word + RecordWord.TARGET] = target;
    i32[word + RecordWord.REQUEST] = request;
    if (message === null) encoder.copyTo(i32, at + RECORD_HEADER_BYTES);
    else {
      // Before the record: the host expects the payload when it reaches the record.
      this.#link.post({ kind: 'record', chunk, payload: message }, transfers as ArrayBuffer[]);
    }
    pipe.commit();
  }

  /** Room in a pipe. The host empties the pipe of requests, and the reader that of chunks. @throws why the call is to stop. */
  #reserve(call: CallContext, pipe: PipeWriter, bytes: number): number {
    let at = pipe.reserve(bytes);
    if (at !== NO_RECORD) return at;
    this.#link.ring();
    this.#ends.waitPoint.wait(
      () => {
        at = pipe.reserve(bytes);
        return at !== NO_RECORD;
      },
      () => call.cause !== 0 || this.closing,
    );
    if (at === NO_RECORD) throw stopReason(call.cause);
    return at;
  }
}
