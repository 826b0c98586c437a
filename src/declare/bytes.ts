/** Whether a value is bytes that native code can be given. */
import { types } from 'node:util';

/** `bytes` can be passed; `unusable` is detached or out of bounds; `other` is no bytes at all. */
export type BytesState = 'bytes' | 'unusable' | 'other';

/** The getters themselves: a subclass may have its own, which may throw or lie. */
const lengthOfArray = getter(Object.getPrototypeOf(Uint8Array.prototype), 'byteLength');
const lengthOfView = getter(DataView.prototype, 'byteLength');
const lengthOfBuffer = getter(ArrayBuffer.prototype, 'byteLength');
const at = Uint8Array.prototype.at;

/** Whether the value can be passed as bytes. Never throws. */
export function isUsableBytes(value: unknown): boolean {
  try {
    // The usual case, a typed array that is not empty, is answered here.
    if (ArrayBuffer.isView(value) && !(value instanceof DataView) && lengthOfArray.call(value) > 0) {
      return true;
    }
  } catch {
    // A view with a strange prototype: the closer look is not misled by it.
  }
  return bytesState(value) === 'bytes';
}

/** The closer look. Never throws. */
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
    } else if (!types.isSharedArrayBuffer(value)) {
      return 'other';
    }
    return 'bytes';
  } catch {
    return 'unusable';
  }
}

function getter(prototype: object, name: string): (this: unknown) => number {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  return descriptor?.get as (this: unknown) => number;
}
