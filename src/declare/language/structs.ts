/** Structs, unions and arrays as types of the declaration language. */
import { arrayLayout, fieldsLayout, openElement } from '../memory/c-layout.js';
import { Place } from '../compile/problem.js';
import { decodeMemory, encodeMemory } from '../memory/convert-memory.js';
import { type Layout, markLayout } from '../memory/layout-of.js';
import type {
  Fields,
  FieldType,
  FixedArray,
  MemoryType,
  OpenArray,
  PointerTo,
  Struct,
  StructOptions,
  Union,
} from './struct-types.js';

/**
 * A struct of C: `struct({ tv_sec: 'i64', tv_usec: 'i64' })`. As a parameter it is passed by value; write
 * `pointer(type)`, `out(type)` or `inout(type)` for a pointer to it. Its values are objects; fields that the caller
 * leaves out are 0.
 *
 * @param fields - the type of each field, in the order of the C definition.
 * @throws DeclarationError
 */
export function struct<const F extends Fields>(fields: F, options?: StructOptions): Struct<F> {
  const { layout, copy } = fieldsLayout(new Place('struct'), 'struct', fields, options);
  const offsets = Object.fromEntries(layout.fields.map(({ name, offset }) => [name, offset]));
  return typeOf(
    { layout, open: false },
    {
      kind: 'struct',
      fields: copy,
      offsets: Object.freeze(offsets),
    },
  ) as Struct<F>;
}

/**
 * A union of C: `union({ fd: 'i32', ptr: 'pointer' })`. The caller gives an object with one member; what is read has all
 * of them, each as it would be if it were the one.
 *
 * @param members - the type of each member.
 * @throws DeclarationError
 */
export function union<const F extends Fields>(members: F, options?: StructOptions): Union<F> {
  const { layout, copy } = fieldsLayout(new Place('union'), 'union', members, options);
  return typeOf({ layout, open: false }, { kind: 'union', fields: copy }) as Union<F>;
}

/**
 * An array of C. Its values are arrays; of `'u8'` they are bytes; of `'char'`, with a length, they are strings, which end
 * at a NUL. Without a length, it is for `pointer()` and `inout()` only: as many elements as the caller gives.
 *
 * @param of - the type of an element.
 * @param length - the number of elements.
 * @throws DeclarationError
 */
export function array<const T extends FieldType>(of: T): OpenArray<T>;
export function array<const T extends FieldType>(of: T, length: number): FixedArray<T>;
export function array(of: FieldType, length?: number): MemoryType {
  const place = new Place('array');
  if (length === undefined) {
    return typeOf({ layout: openElement(place, of), open: true }, { kind: 'array', of, length });
  }
  return typeOf({ layout: arrayLayout(place, of, length), open: false }, { kind: 'array', of, length });
}

/**
 * A parameter that points to a value which the caller gives and native code only reads: `const struct timespec *`. It
 * takes null for NULL, and a bigint for an address.
 *
 * @param type - made by `struct()`, `union()` or `array()`.
 */
export function pointer<const T extends MemoryType>(type: T): PointerTo<T> {
  return Object.freeze({ pointer: type });
}

function typeOf(layout: Layout, properties: object): MemoryType {
  const sizes = layout.open ? {} : { size: layout.layout.size, alignment: layout.layout.alignment };
  const type = {
    ...properties,
    ...sizes,
    encode: (value: unknown, into?: unknown) => encodeMemory(layout, value, into),
    decode: (bytes: unknown, offset?: unknown) => decodeMemory(layout, bytes, offset),
  };
  return markLayout(type as unknown as MemoryType, layout);
}
