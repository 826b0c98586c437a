/**
 * The arguments of a call of a module's function, in the form in which they travel: made when the call has to wait, so
 * that the function sees them as they were when the call was made, and when they do not fit into the lane's memory.
 *
 * Guarantee: what the caller transfers is detached when it is packed, and sent to one lane only.
 */
import { ArgumentError } from '../../errors.js';
import { LentBytes } from '../../declare/language/lend.js';
import { TransferredBytes } from '../../declare/language/transfer.js';
import { TransferredValue } from '../../declare/language/transferred-value.js';
import { bufferOf } from '../../declare/values/bytes.js';
import { LONGEST_FORM } from '../../shared/memory/module-payload.js';
import { KeptValue } from './kept-value.js';
import type { ValueMessage } from '../../shared/messages/module-messages.js';
import { fits, messageOf } from '../../shared/values/message-value.js';
import { ValueEncoder } from '../../shared/values/value-encoder.js';

const encoders: [ValueEncoder?, ValueEncoder?] = [];

/** The encoder of this thread. @param shared whether lanes share memory with this thread. */
export function encoderFor(shared: boolean): ValueEncoder {
  const index = shared ? 1 : 0;
  encoders[index] ??= new ValueEncoder(shared);
  return encoders[index];
}

/** Arguments, and what is transferred with them. */
interface Unwrapped {
  readonly values: readonly unknown[];
  readonly transfer: readonly object[];
}

const NOTHING: readonly object[] = [];

/** Encodes the arguments of a call. @throws what structured cloning throws; ArgumentError. */
export function encodeArguments(encoder: ValueEncoder, args: readonly unknown[], functions: boolean): void {
  const { values, transfer } = unwrapped(args);
  if (functions) encoder.encode(withoutFunctions(values), transfer);
  else encoder.encodeList(values, transfer);
}

/** Encodes what a function on the host has returned. @throws as {@link encodeArguments}. */
export function encodeResult(encoder: ValueEncoder, result: unknown): void {
  const { values, transfer } = unwrapped([result]);
  encoder.encode(values[0], transfer);
}

/** The arguments without the wrappers of this package. Plain values are what nearly all calls have. */
function unwrapped(args: readonly unknown[]): Unwrapped {
  let wrapped = false;
  for (let index = 0; index < args.length && !wrapped; index += 1) wrapped = isWrapped(args[index]);
  if (!wrapped) return { values: args, transfer: NOTHING };
  const transfer: object[] = [];
  const values = args.map((value) => {
    if (value instanceof TransferredValue) {
      transfer.push(...value.list);
      return value.value;
    }
    if (value instanceof TransferredBytes) {
      const bytes = value.take();
      transfer.push(bufferOf(bytes) as object);
      return bytes;
    }
    return value instanceof LentBytes ? value.bytes : value;
  });
  return { values, transfer };
}

function isWrapped(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof TransferredValue || value instanceof TransferredBytes || value instanceof LentBytes;
}

/**
 * The positions of functions, and those of kept values as negative numbers; then the arguments, with nothing in the places of
 * functions, and numbers in those of kept values.
 */
function withoutFunctions(args: readonly unknown[]): unknown[] {
  const positions: number[] = [];
  const values = args.map((value, index) => {
    if (typeof value === 'function') {
      positions.push(index);
      return undefined;
    }
    if (!(value instanceof KeptValue)) return value;
    positions.push(-1 - index);
    return value.id;
  });
  return [positions, ...values];
}

export class PackedValues {
  /** The form, if it is short. */
  readonly form: Int32Array | null;
  /** The functions among the arguments, in their places. */
  readonly functions: readonly unknown[];
  readonly #message: ValueMessage | null;
  readonly #transfers: readonly object[];
  /** What was transferred is in a lane. */
  #gone = false;

  private constructor(
    form: Int32Array | null,
    message: ValueMessage | null,
    transfers: readonly object[],
    functions: readonly unknown[],
  ) {
    this.form = form;
    this.#message = message;
    this.#transfers = transfers;
    this.functions = functions;
  }

  /** What an encoder has just encoded. @param args the arguments, for their functions. */
  static of(encoder: ValueEncoder, args: readonly unknown[]): PackedValues {
    const functions = args.map((value) => (typeof value === 'function' ? value : undefined));
    if (fits(encoder, LONGEST_FORM)) {
      const form = new Int32Array(encoder.bytes / 4);
      encoder.copyTo(form, 0);
      return new PackedValues(form, null, NOTHING, functions);
    }
    const transfers: object[] = [];
    return new PackedValues(null, messageOf(encoder, transfers), transfers, functions);
  }

  /** Arguments that were written to a row. */
  static from(form: Int32Array, args: readonly unknown[]): PackedValues {
    return new PackedValues(
      form,
      null,
      NOTHING,
      args.map((value) => (typeof value === 'function' ? value : undefined)),
    );
  }

  /**
   * The message that carries the arguments.
   * @param again whether they may be sent again: then they are copied.
   * @throws ArgumentError if they were transferred to a lane before.
   */
  send(again: boolean): { readonly message: ValueMessage; readonly transfers: readonly object[] } {
    if (this.#gone) {
      throw new ArgumentError(
        'The call cannot be started again: its large or transferred arguments were moved to a lane that has ended, or was given up, before the function ran. ' +
          'Make the call again, or give it `attempts`, which keeps a copy of such arguments.',
      );
    }
    this.#gone = !again;
    return { message: this.#message as ValueMessage, transfers: again ? NOTHING : this.#transfers };
  }

  /** The arguments in their packed form, if this is one. */
  static in(args: readonly unknown[]): PackedValues | null {
    const [first] = args;
    return first instanceof PackedValues ? first : null;
  }
}
