/**
 * The declaration language: what users write, in the words of Node's own
 * `node:ffi` (`{ arguments, return }`). What TypeScript infers from it is in
 * `infer.ts`; what it becomes at run time is in `spec.ts`.
 */

import type { AnyStruct, MemoryType, PointerTo, SizedType } from './struct-types.js';

/** Names of signed integers of up to 32 bits; their values are numbers. `char` is signed or not as the platform's C has it. */
export type SignedName = 'i8' | 'int8' | 'char' | 'i16' | 'int16' | 'i32' | 'int32';
/** Names of unsigned integers of up to 32 bits; their values are numbers. */
export type UnsignedName = 'u8' | 'uint8' | 'u16' | 'uint16' | 'u32' | 'uint32';
/** Name of a C `size_t`; its values are numbers, and 2^53 or more is an error. */
export type SizeName = 'size';
/** Names of floats; their values are numbers. */
export type FloatName = 'f32' | 'float32' | 'float' | 'f64' | 'float64' | 'double';
/** Names of signed 64-bit integers; their values are bigints. */
export type SignedBigName = 'i64' | 'int64';
/** Names of unsigned 64-bit integers; their values are bigints. */
export type UnsignedBigName = 'u64' | 'uint64';
/** Names of addresses; their values are bigints, `0n` is NULL. */
export type PointerName = 'pointer' | 'ptr';

/** Names whose values are numbers. */
export type NumberName = SignedName | UnsignedName | SizeName | FloatName;
/** Names whose values are bigints. */
export type BigIntName = SignedBigName | UnsignedBigName | PointerName;
/** Names of values that fit one register. */
export type ScalarName = NumberName | BigIntName | 'bool';
/** Names of NUL-terminated UTF-8 strings, which may be null. */
export type TextName = 'cstring' | 'string' | 'str';
/** Name of an array of strings that a NULL ends. */
export type TextsName = 'cstrings';
/** Names of bytes given by the caller, passed as an address. */
export type BytesName = 'buffer' | 'arraybuffer';
/** Parameters that offthread fills in: the caller does not give them. */
export type SpecialName = 'cancelFlag' | 'cancelProbe' | 'progress';

/** The JavaScript type of a scalar. */
export type ScalarValue<T> = T extends NumberName
  ? number
  : T extends BigIntName
    ? bigint
    : T extends 'bool'
      ? boolean
      : never;

/** What is given for a scalar: 64-bit integers take a number too, where it is a safe integer. */
export type ScalarInput<T> = T extends SignedBigName | UnsignedBigName ? number | bigint : ScalarValue<T>;

/** A string that native code allocated for the caller: it is read, then released with the library's function `free`. */
export interface OwnedText {
  /** How it is released. */
  readonly cstring: {
    /** Name of the function of the library that releases it. */
    readonly free: string;
  };
}

/** The types that `out()` accepts. */
export type OutType = ScalarName | TextName | OwnedText | SizedType;
/** The types that `inout()` accepts. */
export type InoutType = ScalarName | BytesName | MemoryType;

/**
 * An out parameter, made by `out()`: native code fills it, and the caller receives it together with the return value.
 */
export interface Out<T extends OutType = OutType> {
  /** The type of the value that native code writes. */
  readonly out: T;
  /** Whether the caller may leave it out. Default false. */
  readonly optional?: boolean;
}

/** A parameter made by `inout()`: the caller gives it, native code changes it. */
export interface Inout<T extends InoutType = InoutType> {
  /** The type of the value. */
  readonly inout: T;
  /** Whether the caller may leave it out. Default false. */
  readonly optional?: boolean;
}

/** What makes an out or inout parameter optional. */
export interface Optional {
  /** The caller may leave it out. */
  readonly optional: true;
}

/** An array of strings, of as many as the argument of the function at that index says. A string may be null. */
export interface CountedTexts {
  /** Index of the argument that is their number. */
  readonly cstrings: number;
}

/**
 * One parameter of a callback, in the order of its C prototype. The objects are
 * for addresses: of as many bytes, strings or pointers as the callback's
 * argument at that index says. They are copied before the function runs.
 */
export type CallbackArgument =
  | ScalarName
  | TextName
  | {
      /** A Buffer: index of the argument that is its length in bytes. */
      readonly bytes: number;
    }
  | {
      /** An array of strings, or null where one is NULL: index of the argument that is their number. */
      readonly cstrings: number;
    }
  | {
      /** An array of addresses: index of the argument that is their number. */
      readonly pointers: number;
    };

/** What a callback returns to native code. */
export type CallbackReturn = ScalarName | 'void';

/** The C prototype of a callback. */
export interface CallbackSignature<
  A extends readonly CallbackArgument[] = readonly CallbackArgument[],
  R extends CallbackReturn = CallbackReturn,
> {
  /** The parameters, in the order of the C prototype. At most 16. */
  readonly arguments: A;
  /** What it returns to native code. */
  readonly return: R;
}

/** Indices of two arguments of a callback: an address, and the length in bytes of what is there. */
type BytesAt = readonly [address: number, length: number];

/** Options of `callback()`; `R` is what the callback returns. */
export interface CallbackOptions<R extends CallbackReturn = CallbackReturn> {
  /** ms that the function may take; 0 is unlimited. Default: the call's `hostTimeout`, else the pool's. */
  readonly timeout?: number;
  /** The function must return synchronously: a promise is an error. */
  readonly sync?: boolean;
  /** Native code does not wait for the function. Only if the callback returns nothing. */
  readonly fireAndForget?: R extends 'void' ? boolean : false;
  /** What native code gets when there is no value: the function failed or took too long, the call was cancelled. Default 0, `0n` or false. */
  readonly fallback?: ScalarInput<R>;
  /** Short for `{ bytes: length }` in place of a `'pointer'` argument. */
  readonly bytes?: BytesAt;
}

/** Options of `chunks()`; `R` is what the callback returns. */
export interface ChunksOptions<R extends CallbackReturn = CallbackReturn> {
  /** The chunk is the bytes at that argument. Without it, the chunk is the tuple of all arguments. */
  readonly bytes?: BytesAt;
  /** What the callback returns to make native code stop. */
  readonly stop?: ScalarInput<R>;
  /** What it returns to go on. Default 0, `0n` or false; where that is `stop`, and there are `bytes`, their length. */
  readonly proceed?:
    | ScalarInput<R>
    | (R extends Exclude<ScalarName, FloatName | PointerName | 'bool'> ? 'length' : never);
  /** Chunks unread before native code waits: 1 to 65,536. Default 64. */
  readonly highWaterMark?: number;
  /** The function only installs the callback: later calls of functions with `stream` receive the chunks. */
  readonly persistent?: boolean;
}

/** A parameter for which the caller gives a JavaScript function, made by `callback()`. */
export interface Callback<
  A extends readonly CallbackArgument[] = readonly CallbackArgument[],
  R extends CallbackReturn = CallbackReturn,
  O extends CallbackOptions = CallbackOptions,
> {
  /** What `callback()` was given. */
  readonly callback: {
    /** Its C prototype. */
    readonly signature: CallbackSignature<A, R>;
    /** Its options. */
    readonly options: O | undefined;
  };
}

/** A callback through which native code hands out chunks, made by `chunks()`. The caller does not give it. */
export interface Chunks<
  A extends readonly CallbackArgument[] = readonly CallbackArgument[],
  R extends CallbackReturn = CallbackReturn,
  O extends ChunksOptions = ChunksOptions,
> {
  /** What `chunks()` was given. */
  readonly chunks: {
    /** The C prototype of the callback. */
    readonly signature: CallbackSignature<A, R>;
    /** Its options. */
    readonly options: O | undefined;
  };
}

/** One entry of `arguments`, in the order of the C prototype. */
export type ArgumentType =
  | ScalarName
  | TextName
  | TextsName
  | CountedTexts
  | BytesName
  | SpecialName
  | AnyStruct
  | PointerTo
  | Out
  | Inout
  | Callback
  | Chunks;

/** The types that `return` accepts. */
export type ReturnType = ScalarName | TextName | OwnedText | AnyStruct | 'void';

/** A helper function of the same library, called with some of the call's own arguments. */
export interface HelperDeclaration {
  /** Name of the function in the library. */
  readonly symbol: string;
  /** The arguments of the call that the function receives: indices into `arguments`, from 0. None by default. */
  readonly arguments?: readonly number[];
}

/** The properties that every declaration can have, for any return type. */
export interface DeclarationBase {
  /** The parameters, in the order of the C prototype. At most 32. */
  readonly arguments: readonly ArgumentType[];
  /**
   * For a function with a variable number of arguments: the types of those that this function passes for the `...`, behind
   * `arguments`. Numbers are promoted as C does it. Declare the function once for each list of types.
   */
  readonly variadic?: readonly ArgumentType[];
  /** Name in the library, where it differs from the key. */
  readonly symbol?: string;
  /** Reads `errno` straight after the call, for the error of a call that failed. Needs `fails`. */
  readonly errno?: boolean;
  /** A function of the library that returns the text of its last error. Called straight after a call that failed, on its thread. Needs `fails`. */
  readonly lastError?: string | HelperDeclaration;
  /** A function of the library that interrupts a running call. Called beside it, on another thread of the same process. */
  readonly onCancel?: HelperDeclaration;
  /** Its calls hand out chunks through a callback that an earlier call installed: a `chunks()` parameter with `persistent: true`. */
  readonly stream?: Chunks;
}

/** A declaration that returns a value of type `Value`; `Rule` are the failure rules that make sense for it. */
export interface Returning<Name, Value, Rule extends string> extends DeclarationBase {
  /** What the function returns. */
  readonly return: Name;
  /**
   * When a returned value means that the function failed: a rule, or a
   * predicate that runs on the host. The predicate's parameter has the return
   * type; beside an owned string, annotate it: `(text: string | null) => …`.
   */
  readonly fails?: Rule | ((value: Value) => boolean);
}

/** A declaration without a return value: it cannot tell that it failed. */
export interface ReturningNothing extends DeclarationBase {
  /** The function returns nothing. */
  readonly return: 'void';
  /** Not allowed: no value can indicate a failure. */
  readonly fails?: never;
}

/**
 * One native function. A union over `return`, so that a `fails` predicate gets
 * its parameter's type from the return type, and rules that could never hold
 * do not compile.
 */
export type Declaration =
  | Returning<SignedName | FloatName, number, 'nonzero' | 'negative'>
  | Returning<UnsignedName | SizeName, number, 'nonzero'>
  | Returning<SignedBigName, bigint, 'nonzero' | 'negative'>
  | Returning<UnsignedBigName, bigint, 'nonzero'>
  | Returning<PointerName, bigint, 'nonzero' | 'null'>
  | Returning<'bool', boolean, 'nonzero'>
  | Returning<TextName | OwnedText, string | null, 'null'>
  // A predicate names the type of its parameter itself.
  | Returning<AnyStruct, never, never>
  | ReturningNothing;

/**
 * A function by its C prototype, with what a prototype cannot say. A prototype alone may stand in its place. Keys that
 * name parameters take their names, or their indices where the prototype has none.
 */
export interface PrototypeDeclaration {
  /** The prototype, with its typedefs in front if there are any: `'int sqlite3_open(const char *file, sqlite3 **db)'`. */
  readonly prototype: string;
  /** Parameters that native code fills, as `out()`. */
  readonly out?: readonly (string | number)[];
  /** Parameters with one value that native code changes, as `inout()`. */
  readonly inout?: readonly (string | number)[];
  /** Those of `out` and `inout` that the caller may leave out. */
  readonly optional?: readonly (string | number)[];
  /** Parameters that are arrays of strings: a list of those that a NULL ends; or, by name, the parameter with the number. */
  readonly cstrings?: readonly (string | number)[] | Readonly<Record<string, string | number>>;
  /** Options of callbacks, by the name of the parameter. */
  readonly callbacks?: Readonly<Record<string, CallbackOptions>>;
  /** The callback through which native code hands out chunks, as `chunks()`: its name, or its options by its name. */
  readonly chunks?: string | Readonly<Record<string, ChunksOptions>>;
  /** The parameter that is the cancel flag. */
  readonly cancelFlag?: string | number;
  /** The parameter that is the cancel probe. */
  readonly cancelProbe?: string | number;
  /** The parameter that is the progress word. */
  readonly progress?: string | number;
  /** The function that releases the string that is returned; or such functions by the name of an `out` parameter, or `return`. */
  readonly owned?: string | Readonly<Record<string, string>>;
  /**
   * Structs, unions and arrays by their names in the prototype (a tag, or a typedef). A `const struct x *` is then a
   * `pointer()`, a `struct x *` an `inout()`, or an `out()` where `out` names the parameter.
   */
  readonly structs?: Readonly<Record<string, MemoryType>>;
  /** The types that are passed for the `...` of the prototype: types of C such as `'int'`, or those of `arguments`. */
  readonly variadic?: readonly (string | object)[];
  /** As in a {@link Declaration}. */
  readonly symbol?: string;
  /**
   * As in a {@link Declaration}: `'nonzero'`, `'negative'`, `'null'`, or a predicate, whose parameter needs a type:
   * `(value: number) => …`.
   */
  // `object` stands for the predicate: as a function type it would hide the context that `Declaration` gives to others.
  readonly fails?: 'nonzero' | 'negative' | 'null' | object;
  /** As in a {@link Declaration}. */
  readonly errno?: boolean;
  /** As in a {@link Declaration}. */
  readonly lastError?: DeclarationBase['lastError'];
  /** As in a {@link Declaration}. */
  readonly onCancel?: DeclarationBase['onCancel'];
  /** As in a {@link Declaration}. */
  readonly stream?: Chunks;
}

/** The functions of a library, by the name under which they are called. */
export type Declarations = Readonly<Record<string, Declaration | PrototypeDeclaration | string>>;

/** The minimum that inference needs of a declaration. */
export interface DeclarationShape {
  /** The parameters, in the order of the C prototype. */
  readonly arguments: readonly unknown[];
  /** What the function returns. */
  readonly return: unknown;
  /** What is passed for the `...`. */
  readonly variadic?: readonly unknown[];
}
