/** Structs, unions and arrays of the declaration language, and what TypeScript infers from them. */
import type { PlainBytes } from './lend.js';
import type { ScalarInput, ScalarName, ScalarValue } from './types.js';

/** What tells a struct or union from other types. */
interface AnyFields<Kind extends 'struct' | 'union'> {
  /** What it is. */
  readonly kind: Kind;
  /** Its fields. */
  readonly fields: object;
}

/** What tells an array from other types. */
interface AnyArray {
  /** What it is. */
  readonly kind: 'array';
  /** The type of an element. */
  readonly of: unknown;
}

/** The type of a field, or of the elements of an array. */
export type FieldType =
  | ScalarName
  | AnyFields<'struct'>
  | AnyFields<'union'>
  | (AnyArray & {
      /** The number of elements. */
      readonly length: number;
    });

/** The fields of a struct or union, in the order of the C definition. Names are those of C. */
export interface Fields {
  readonly [name: string]: FieldType;
}

/** Options of `struct()` and `union()`, for a definition that does not follow the rules of the platform. */
export interface StructOptions {
  /** Greatest alignment of a field, in bytes, as by `#pragma pack(n)`: 1, 2, 4, 8 or 16; 1 is `__attribute__((packed))`. */
  readonly pack?: 1 | 2 | 4 | 8 | 16;
  /** Least alignment of the whole, in bytes, as by `__attribute__((aligned(n)))`: 1, 2, 4, 8 or 16. */
  readonly align?: 1 | 2 | 4 | 8 | 16;
}

/** What all types of memory can do. */
interface Converter<Value, Input> {
  /**
   * Writes a value as C has it in memory.
   * @param into - where it is written, from the first byte on, such as `sharedBytes`. Default: new bytes.
   * @returns the bytes that were written.
   * @throws ArgumentError for a value that does not fit; nothing is written then.
   */
  encode(value: Input, into?: PlainBytes): Buffer;
  /**
   * Reads a value out of memory.
   * @param bytes - what a pointer shows, or part of it; copied.
   * @param offset - where the value begins, in bytes. Default 0.
   * @throws ArgumentError where the bytes end before the value.
   */
  decode(bytes: PlainBytes, offset?: number): Value;
}

/** A type whose size is known. */
interface Sized {
  /** Bytes that it takes, as `sizeof` says. */
  readonly size: number;
  /** As `_Alignof` says. */
  readonly alignment: number;
}

/** A struct of C, made by `struct()`. */
export interface Struct<F extends object = object>
  extends Sized,
    AnyFields<'struct'>,
    Converter<FieldValues<F>, FieldInputs<F>> {
  /** The fields as they were declared. */
  readonly fields: F;
  /** Where each field begins, in bytes, as `offsetof` says. */
  readonly offsets: { readonly [K in keyof F]: number };
}

/** A union of C, made by `union()`. */
export interface Union<F extends object = object>
  extends Sized,
    AnyFields<'union'>,
    Converter<FieldValues<F>, OneField<F>> {
  /** The members as they were declared. */
  readonly fields: F;
}

/** An array of C with a fixed length, made by `array(type, length)`. */
export interface FixedArray<T = unknown>
  extends Sized,
    AnyArray,
    Converter<ElementValues<T>, ElementInputs<T>> {
  /** The type of an element. */
  readonly of: T;
  /** The number of elements. */
  readonly length: number;
}

/** An array of as many elements as the caller gives, made by `array(type)`. */
export interface OpenArray<T = unknown> extends AnyArray, Converter<ElementValues<T>, ElementInputs<T>> {
  /** The type of an element. */
  readonly of: T;
  /** Not known before the call. */
  readonly length: undefined;
}

/** A parameter that points to a value which native code only reads, made by `pointer()`. */
export interface PointerTo<T = unknown> {
  /** The type of the value. */
  readonly pointer: T;
}

/** Any struct, union or array. */
export type MemoryType = AnyFields<'struct'> | AnyFields<'union'> | AnyArray;
/** One whose size is known. */
export type SizedType = Exclude<FieldType, ScalarName>;
/** Any struct. */
export type AnyStruct = AnyFields<'struct'>;

/** The JavaScript value that is read from memory of that type. */
export type MemoryValue<T> = T extends ScalarName
  ? ScalarValue<T>
  : T extends AnyFields<'struct' | 'union'>
    ? FieldValues<T['fields']>
    : T extends AnyArray
      ? ElementValues<T['of']>
      : never;

/** The values of fields. */
type FieldValues<F> = { -readonly [K in keyof F]: MemoryValue<F[K]> };
/** The values of an array. */
type ElementValues<E> = E extends 'char' ? string : E extends 'u8' | 'uint8' ? Buffer : MemoryValue<E>[];

/** The JavaScript value that is given for memory of that type. Fields that are left out are 0. */
export type MemoryInput<T> = T extends ScalarName
  ? ScalarInput<T>
  : T extends AnyFields<'struct'>
    ? FieldInputs<T['fields']>
    : T extends AnyFields<'union'>
      ? OneField<T['fields']>
      : T extends AnyArray
        ? ElementInputs<T['of']>
        : never;

/** What is given for fields. */
type FieldInputs<F> = { readonly [K in keyof F]?: MemoryInput<F[K]> };
/** What is given for an array. */
type ElementInputs<E> = E extends 'char'
  ? string
  : E extends 'u8' | 'uint8'
    ? Uint8Array | readonly number[]
    : ArrayLike<MemoryInput<E>>;
/** Exactly one member. */
type OneField<F> = {
  [K in keyof F]: { readonly [P in K]: MemoryInput<F[P]> } & {
    readonly [P in Exclude<keyof F, K>]?: never;
  };
}[keyof F];
