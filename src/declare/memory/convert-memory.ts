/** `encode` and `decode` of structs, unions and arrays, and the bytes of one argument. */
import { Math } from '../../builtins.js';
import { ArgumentError } from '../../errors.js';
import type { Layout } from './layout-of.js';
import { bytesOf, bytesState } from '../values/bytes.js';
import { HeldBytes } from '../values/held-bytes.js';
import { readElements, readMemory, type ReadableMemory } from './read-memory.js';
import { show } from '../values/show.js';
import { firstUnsafe, unsafeSizeOf } from './unsafe-sizes.js';
import { listOf, type MemoryMisfit, writeElements, writeMemory } from './write-memory.js';

/** Bytes that the elements of one array may take. */
const LARGEST = 2 ** 30;

/** @returns the bytes of a value, or why there are none. Never throws. */
export function toMemory({ layout, open }: Layout, value: unknown): Buffer | MemoryMisfit {
  try {
    const list = open ? listOf(value) : undefined;
    if (open && list === undefined) {
      return { path: '', what: ` (array) is ${show(value)}. Pass an array; its length is as you like.` };
    }
    const length = list?.length ?? 1;
    if (layout.size * length > LARGEST) {
      return {
        path: '',
        what: ` (array) has ${length} elements, which take more than ${LARGEST} bytes together.`,
      };
    }
    const memory = views(Buffer.alloc(layout.size * length));
    const misfit =
      list === undefined
        ? writeMemory(layout, memory, 0, value)
        : writeElements(layout, length, memory, 0, list);
    return misfit ?? memory.bytes;
  } catch (cause) {
    return {
      path: '',
      what: ` could not be read: a getter or proxy in it threw ${show(cause)}. Pass plain objects.`,
    };
  }
}

/** Reads all of some bytes: of an open array, as many elements as they hold. */
export function fromMemory({ layout, open }: Layout, bytes: Buffer, at = 0): unknown {
  const memory = views(bytes);
  return open
    ? readElements(layout, Math.floor((bytes.byteLength - at) / layout.size), memory, at)
    : readMemory(layout, memory, at);
}

/** @throws ArgumentError */
export function encodeMemory(layout: Layout, value: unknown, into: unknown): Buffer {
  const target = into === undefined ? undefined : usable('encode: into', into);
  const encoded = toMemory(layout, value);
  if (!Buffer.isBuffer(encoded)) {
    throw new ArgumentError(`encode: the value${encoded.path}${encoded.what}`);
  }
  if (target === undefined) return encoded;
  if (target.byteLength < encoded.byteLength) {
    throw new ArgumentError(
      `encode: into has ${target.byteLength} bytes, but the value takes ${encoded.byteLength}.`,
    );
  }
  target.set(encoded);
  return target.subarray(0, encoded.byteLength);
}

/** @throws ArgumentError */
export function decodeMemory(layout: Layout, memory: unknown, offset: unknown = 0): unknown {
  const bytes = usable('decode: the memory', memory);
  if (!Number.isInteger(offset) || (offset as number) < 0) {
    throw new ArgumentError(`decode: the offset is ${show(offset)}. Expected a number of bytes, from 0 on.`);
  }
  const at = offset as number;
  const needed = at + (layout.open ? 0 : layout.layout.size);
  if (bytes.byteLength < needed) {
    throw new ArgumentError(
      `decode: the value would end at byte ${needed}, but there are only ${bytes.byteLength}.`,
    );
  }
  const value = fromMemory(layout, bytes, at);
  const unsafe = layout.open
    ? firstUnsafe(layout.layout, value as readonly unknown[])
    : unsafeSizeOf(layout.layout, value);
  if (unsafe === null) return value;
  throw new ArgumentError(
    `decode: the memory has a size of about ${unsafe}, which is above 2^53 and not exact as a number. Declare the field as 'u64', whose values are bigints.`,
  );
}

function usable(label: string, value: unknown): Buffer {
  if (HeldBytes.is(value) || bytesState(value) !== 'bytes') {
    throw new ArgumentError(
      `${label} is ${show(value)}. Pass a Buffer, a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer.`,
    );
  }
  const { buffer, byteOffset, byteLength } = bytesOf(value);
  return Buffer.from(buffer, byteOffset, byteLength);
}

function views(bytes: Buffer): ReadableMemory {
  return { bytes, data: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}
