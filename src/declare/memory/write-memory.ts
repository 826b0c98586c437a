/**
 * Writes JavaScript values as C has them in memory, and checks them on the way.
 *
 * A field that is left out stays as the memory was: 0, where the caller of `writeMemory` has cleared it.
 */
import { didYouMean } from '../compile/suggest.js';
import { isPlain } from '../compile/read-once.js';
import type { LayoutSpec, StructLayout } from '../spec.js';
import { scalarAdvice } from '../values/advice.js';
import { bytesOf, bytesState } from '../values/bytes.js';
import { writeCell, type ScalarValue } from './cells.js';
import { HeldBytes } from '../values/held-bytes.js';
import { show } from '../values/show.js';
import { fitsType } from '../values/validate.js';

/** A value that does not fit: where in the whole it is (`.timer.tv_sec`, `[3].x`), and what is wrong, to stand behind that. */
export interface MemoryMisfit {
  path: string;
  readonly what: string;
}

/** Memory to write to. */
export interface WritableMemory {
  readonly bytes: Buffer;
  readonly data: DataView;
}

/** @returns null if all of the value was written. Throws only what reading the value throws. */
export function writeMemory(
  layout: LayoutSpec,
  memory: WritableMemory,
  at: number,
  value: unknown,
): MemoryMisfit | null {
  switch (layout.kind) {
    case 'scalar':
      if (!fitsType(layout.type, value)) {
        return misfit(layout.type, value, scalarAdvice(layout.type, value));
      }
      writeCell(memory.data, at, layout.type, value as ScalarValue);
      return null;
    case 'text':
      return writeText(layout.size, memory, at, value);
    case 'bytes':
      return writeBytes(layout.size, memory, at, value);
    case 'array':
      return writeElements(layout.of, layout.length, memory, at, value);
    default:
      return writeFields(layout, memory, at, value);
  }
}

/** @param length - how many elements there have to be. */
export function writeElements(
  of: LayoutSpec,
  length: number,
  memory: WritableMemory,
  at: number,
  value: unknown,
): MemoryMisfit | null {
  const list = listOf(value);
  if (list === undefined) return misfit('array', value, `Pass an array of ${length}.`);
  if (list.length !== length) {
    return misfit('array', value, `Pass an array of ${length}; this one has ${list.length}.`);
  }
  for (let index = 0; index < length; index += 1) {
    const found = writeMemory(of, memory, at + index * of.size, list[index]);
    if (found !== null) return within(`[${index}]`, found);
  }
  return null;
}

/** The value as a list, if it is an array or a typed array. */
export function listOf(value: unknown): ArrayLike<unknown> | undefined {
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return isList ? (value as unknown as ArrayLike<unknown>) : undefined;
}

function writeFields(
  layout: StructLayout,
  memory: WritableMemory,
  at: number,
  value: unknown,
): MemoryMisfit | null {
  const { kind, fields } = layout;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return misfit(kind, value, adviceOnFields(layout));
  }
  const keys = Object.keys(value);
  // A Map, or an object whose fields are private, would pass for a struct of zeros.
  if (keys.length === 0 && !isPlain(value)) return misfit(kind, value, adviceOnFields(layout));
  if (kind === 'union' && keys.length !== 1) {
    return misfit(kind, value, `${adviceOnFields(layout)} This object has ${keys.length}.`);
  }
  for (const [index, key] of keys.entries()) {
    // Objects usually have the fields in their order.
    const inOrder = fields[index];
    const field = inOrder?.name === key ? inOrder : fields.find(({ name }) => name === key);
    if (field === undefined) return unknownField(layout, key);
    const inner = (value as Readonly<Record<string, unknown>>)[key];
    const found = writeMemory(field.layout, memory, at + field.offset, inner);
    if (found !== null) return within(`.${key}`, found);
  }
  return null;
}

function writeText(size: number, { bytes }: WritableMemory, at: number, value: unknown): MemoryMisfit | null {
  const type = `char[${size}]`;
  if (typeof value !== 'string') return misfit(type, value, 'Pass a string.');
  if (value.includes('\0') || !value.isWellFormed()) {
    return misfit(type, value, 'The string has a NUL or half of a surrogate pair, which C text cannot hold.');
  }
  const length = Buffer.byteLength(value);
  if (length >= size) {
    return misfit(
      type,
      value,
      `The string takes ${length} bytes and a NUL; there is room for ${size}. For text without a NUL declare array('u8', ${size}).`,
    );
  }
  bytes.write(value, at);
  return null;
}

function writeBytes(size: number, memory: WritableMemory, at: number, value: unknown): MemoryMisfit | null {
  if (Array.isArray(value)) {
    return writeElements({ kind: 'scalar', type: 'u8', size: 1, alignment: 1 }, size, memory, at, value);
  }
  if (HeldBytes.is(value) || bytesState(value) !== 'bytes') {
    return misfit(
      `uint8_t[${size}]`,
      value,
      `Pass ${size} bytes: a Buffer, a typed array or an array of numbers.`,
    );
  }
  const source = bytesOf(value);
  if (source.byteLength !== size) {
    return misfit(`uint8_t[${size}]`, value, `Pass ${size} bytes; these are ${source.byteLength}.`);
  }
  memory.bytes.set(source, at);
  return null;
}

function misfit(type: string, value: unknown, advice: string): MemoryMisfit {
  return { path: '', what: ` (${type}) is ${show(value)}. ${advice}` };
}

function within(outer: string, found: MemoryMisfit): MemoryMisfit {
  found.path = outer + found.path;
  return found;
}

function unknownField({ kind, fields }: StructLayout, key: string): MemoryMisfit {
  const names = fields.map(({ name }) => name);
  return {
    path: '',
    what: ` (${kind}) has an unknown field ${show(key)}.${didYouMean(key, names)} Its fields: ${names.join(', ')}.`,
  };
}

function adviceOnFields({ kind, fields }: StructLayout): string {
  const names = fields.map(({ name }) => name).join(', ');
  return kind === 'union'
    ? `Pass an object with one member of the union: ${names}.`
    : `Pass an object with fields of the struct: ${names}.`;
}
