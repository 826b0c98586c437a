/** Whether a value is bytes that native code can be given. */
import { types } from 'node:util';
import { liveOffset } from '../language/live.js';
import { HeldBytes } from './held-bytes.js';

/** `bytes` can be passed; `unusable` is detached or out of bounds; `other` has no bytes. */
export type BytesState = 'bytes' | 'unusable' | 'other';

type Getter<T> = (this: unknown) => T;

/** The original getters: those of a subclass may throw, or return wrong values. */
const lengthOfArray = getter(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength') as Getter<number>;
const lengthOfView = getter(DataView.prototype, 'byteLength') as Getter<number>;
const lengthOfBuffer = getter(ArrayBuffer.prototype, 'byteLength') as Getter<number>;
const offsetOfArray = getter(Object.getPrototypeOf(Uint8Array.prototype), 'byteOffset') as Getter<number>;
const offsetOfView = getter(DataView.prototype, 'byteOffset') as Getter<number>;
const bufferOfArray = getter(
  Object.getPrototypeOf(Uint8Array.prototype),
  'buffer',
) as Getter<ArrayBufferLike>;
const bufferOfView = getter(DataView.prototype, 'buffer') as Getter<ArrayBufferLike>;
const at = Uint8Array.prototype.at;

/** Whether the value can be passed as bytes. Never throws. */
export function isUsableBytes(value: unknown): boolean {
  try {
    // The usual case, a typed array that is not empty, is answered here.
    if (ArrayBuffer.isView(value) && !(value instanceof DataView) && lengthOfArray.call(value) > 0) {
      return true;
    }
  } catch {
    // A view with another prototype: the full check handles it.
  }
  return bytesState(value) === 'bytes';
}

/** Addresses are below this, on every platform. */
const ADDRESS_LIMIT = 2n ** 52n;

/** Whether the value is an address that may be passed where bytes are declared: a bigint, or null for NULL. */
export function isAddress(value: unknown): value is bigint | null {
  return value === null || (typeof value === 'bigint' && value >= 0n && value < ADDRESS_LIMIT);
}

/** The full check. Never throws. */
export function bytesState(value: unknown): BytesState {
  try {
    if (types.isDataView(value)) {
      lengthOfView.call(value); // throws when detached or out of bounds
    } else if (ArrayBuffer.isView(value)) {
      // Such a typed array has length 0, like an empty one, but its methods throw.
      if (lengthOfArray.call(value) === 0) Reflect.apply(at, value, [0]);
    } else if (types.isArrayBuffer(value)) {
      // Node.js 20 has no `detached`, but a view on a detached buffer cannot be made.
      if (lengthOfBuffer.call(value) === 0) Reflect.construct(Uint8Array, [value]);
    } else if (HeldBytes.is(value)) {
      return value.available ? 'bytes' : 'unusable';
    } else if (!types.isSharedArrayBuffer(value)) {
      return 'other';
    }
    return 'bytes';
  } catch {
    return 'unusable';
  }
}

/**
 * The bytes themselves; properties that a subclass overrides are ignored.
 * @throws when they are detached or out of bounds.
 */
export function bytesOf(value: unknown): Uint8Array {
  if (types.isDataView(value)) {
    return new Uint8Array(bufferOfView.call(value), offsetOfView.call(value), lengthOfView.call(value));
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(bufferOfArray.call(value), offsetOfArray.call(value), lengthOfArray.call(value));
  }
  return HeldBytes.is(value) ? value.bytes : new Uint8Array(value as ArrayBufferLike);
}

/** Whether native code is to work on the caller's own memory. */
export function isShared(value: unknown): boolean {
  const buffer = bufferOf(value);
  return types.isSharedArrayBuffer(buffer) || liveOffset(buffer as ArrayBuffer) !== undefined;
}

/** The buffer that bytes are in. */
export function bufferOf(value: unknown): unknown {
  if (types.isDataView(value)) return bufferOfView.call(value);
  if (HeldBytes.is(value)) return value.bytes.buffer;
  return ArrayBuffer.isView(value) ? bufferOfArray.call(value) : value;
}

function getter(prototype: object, name: string): (this: unknown) => unknown {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  return descriptor?.get as (this: unknown) => unknown;
}
