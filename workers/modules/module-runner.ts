/**
 * Calls the functions of modules, and puts what they return or throw where the host finds it.
 *
 *   running ──► returned ──► result written
 *      ├─ a promise ──► pending: the event loop runs ──► settled ──► result written
 *      └─ threw ──► the error sent
 *
 * Guarantee: nothing that a function throws leaves this file.
 */
import { ModuleMode } from '../../src/shared/messages/module-messages.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { ERRNO_SHIFT, Outcome, RowDouble, RowWord } from '../../src/shared/memory/layout.js';
import {
  MODULE_AREA,
  ModuleArguments,
  ModuleResult,
  ModuleWord,
} from '../../src/shared/memory/module-payload.js';
import { TransferredValue } from '../../src/declare/language/transferred-value.js';
import { thrownData } from '../../src/shared/messages/thrown-data.js';
import { fits, messageOf, messageValue } from '../../src/shared/values/message-value.js';
import { decodeValue } from '../../src/shared/values/value-decoder.js';
import { ValueEncoder } from '../../src/shared/values/value-encoder.js';
import { Math } from '../../src/builtins.js';
import type { ChannelEnds } from '../channel/channel-ends.js';
import type { HostMessages } from '../host-messages.js';
import type { LaneLink } from '../lane-link.js';
import { CallContext, inCall, leaveCall, stopReason } from './call-context.js';
import { type StreamParts, iteratorOf, streamAsync, streamSync } from './generator-stream.js';
import { HostFunctions, ended } from './host-functions.js';
import { KeptHere, KeptValues } from './kept-values.js';
import { ValueRecords } from './value-records.js';
import type { ModuleFunction } from './lane-modules.js';

const NO_BUFFERS: readonly ArrayBuffer[] = [];

export class ModuleRunner {
  readonly #memory: LaneMemory;
  readonly #link: LaneLink;
  readonly #messages: HostMessages;
  readonly #encoder: ValueEncoder;
  readonly #streams: StreamParts;
  /** Values that stay here. */
  readonly kept: KeptValues = new KeptValues();
  /** Functions of callers. */
  readonly functions: HostFunctions;
  /** Calls whose promises are pending. */
  readonly #pending = new Set<CallContext>();

  constructor(memory: LaneMemory, link: LaneLink, messages: HostMessages, ends: ChannelEnds) {
    this.#memory = memory;
    this.#link = link;
    this.#messages = messages;
    this.#encoder = new ValueEncoder(link.sharesAddresses);
    const records = new ValueRecords(memory, link, ends, this.#encoder);
    this.#streams = { memory, link, ends, records };
    this.functions = new HostFunctions(memory, messages, ends, records);
  }

  /** Calls a function for a row. @returns whether it has succeeded, or a promise for that, which never rejects. */
  run(fn: ModuleFunction, sequence: number, generation: number): boolean | Promise<boolean> {
    const call = new CallContext(this.#memory, sequence, generation);
    let value: unknown;
    try {
      const args = this.#arguments(fn, call);
      value = inCall(call, (): unknown => fn.fn.apply(fn.receiver, args));
      if (fn.mode === ModuleMode.STREAM) value = this.#stream(fn, call, value);
      if (isThenable(value)) return this.#await(call, value, sequence, generation);
    } catch (error) {
      this.#leave(call);
      return this.#threw(sequence, generation, error);
    }
    this.#leave(call);
    return this.#returned(sequence, generation, value);
  }

  /** Tells pending calls that are to stop. */
  checkFlags(): void {
    for (const call of this.#pending) {
      if (call.check()) this.functions.release(call, stopReason(call.cause));
    }
  }

  async #await(
    call: CallContext,
    promise: PromiseLike<unknown>,
    sequence: number,
    generation: number,
  ): Promise<boolean> {
    this.#pending.add(call);
    try {
      const value = await promise;
      this.#leave(call);
      return this.#returned(sequence, generation, value);
    } catch (error) {
      this.#leave(call);
      return this.#threw(sequence, generation, error);
    } finally {
      this.#pending.delete(call);
    }
  }

  #leave(call: CallContext): void {
    leaveCall(call);
    if (this.functions.open) this.functions.release(call, ended());
  }

  /** Sends the values of what a function has returned. @returns its last value, or a promise for that. */
  #stream(fn: ModuleFunction, call: CallContext, value: unknown): unknown {
    if (isThenable(value)) return this.#streamLater(fn, call, value);
    const iterating = iteratorOf(value);
    if (iterating === null) {
      throw new TypeError(
        `${fn.name} returned a value that cannot be iterated: only generators, arrays and other iterables are streamed`,
      );
    }
    const { i32, f64 } = this.#memory;
    const payload = i32[this.#memory.rowWord(call.sequence) + RowWord.PAYLOAD] as number;
    // Without a reader, the function would never be asked for its second value.
    const mark = Math.max(1, f64[payload / 8 + 1] as number);
    return iterating.sync
      ? streamSync(this.#streams, call, iterating.iterator, mark)
      : streamAsync(this.#streams, call, iterating.iterator, mark);
  }

  async #streamLater(fn: ModuleFunction, call: CallContext, value: PromiseLike<unknown>): Promise<unknown> {
    return await this.#stream(fn, call, await value);
  }

  #arguments(fn: ModuleFunction, call: CallContext): unknown[] {
    const { i32 } = this.#memory;
    const { sequence } = call;
    const payload = i32[this.#memory.rowWord(sequence) + RowWord.PAYLOAD] as number;
    const from = payload + MODULE_AREA;
    const here = i32[payload / 4 + ModuleWord.WHERE] === ModuleArguments.HERE;
    const bytes = i32[payload / 4 + ModuleWord.BYTES] as number;
    const args = (
      here
        ? decodeValue(this.#memory, from, from + bytes, NO_BUFFERS)
        : messageValue(this.#messages.valuesOf(sequence))
    ) as unknown[];
    if (fn.mode === ModuleMode.PLAIN) return args;
    const [positions, ...values] = args;
    for (const index of positions as number[]) {
      if (index >= 0) values[index] = this.functions.make(call, index);
      else values[-1 - index] = this.kept.get(values[-1 - index] as number);
    }
    return values;
  }

  /** Writes what a function has returned. @returns whether it could be sent. */
  #returned(sequence: number, generation: number, value: unknown): boolean {
    const { i32, f64 } = this.#memory;
    const word = this.#memory.rowWord(sequence) + RowWord.OUTCOME;
    if (value instanceof KeptHere) {
      f64[this.#memory.rowDouble(sequence) + RowDouble.RESULT] = this.kept.add(value);
      i32[word] = ModuleResult.KEPT << ERRNO_SHIFT;
      return true;
    }
    const simple = simpleResult(value);
    if (simple >= 0) {
      if (simple === ModuleResult.NUMBER) {
        f64[this.#memory.rowDouble(sequence) + RowDouble.RESULT] = value as number;
      }
      i32[word] = simple << ERRNO_SHIFT;
      return true;
    }
    try {
      const moved = value instanceof TransferredValue;
      this.#encoder.encode(moved ? value.value : value, moved ? value.list : []);
      i32[word] = this.#writeForm(sequence, generation) << ERRNO_SHIFT;
      return true;
    } catch (error) {
      return this.#threw(sequence, generation, error, Outcome.ANSWER_LOST);
    }
  }

  /** @returns where the result is. */
  #writeForm(sequence: number, generation: number): number {
    const { i32 } = this.#memory;
    const payload = i32[this.#memory.rowWord(sequence) + RowWord.PAYLOAD] as number;
    const encoder = this.#encoder;
    if (fits(encoder, i32[payload / 4 + ModuleWord.BYTES] as number)) {
      encoder.copyTo(i32, payload + MODULE_AREA);
      return ModuleResult.AREA;
    }
    const transfers: object[] = [];
    const message = messageOf(encoder, transfers);
    this.#link.post({ kind: 'value', generation, message }, transfers as ArrayBuffer[]);
    return ModuleResult.MESSAGE;
  }

  #threw(sequence: number, generation: number, error: unknown, bits = 0): false {
    const word = this.#memory.rowWord(sequence) + RowWord.OUTCOME;
    this.#memory.i32[word] = Outcome.THREW | bits;
    this.#link.post({ kind: 'thrown', generation, thrown: thrownData(error) });
    return false;
  }
}

/** The result of a value that needs no form; -1 for others. */
function simpleResult(value: unknown): number {
  switch (typeof value) {
    case 'number':
      return ModuleResult.NUMBER;
    case 'undefined':
      return ModuleResult.UNDEFINED;
    case 'boolean':
      return value ? ModuleResult.TRUE : ModuleResult.FALSE;
    default:
      return value === null ? ModuleResult.NULL : -1;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}
