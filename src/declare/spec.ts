/**
 * The compiled form of a declaration: plain, cloneable data that both sides of
 * a lane understand. `declare/compile.ts` makes it from what the user wrote;
 * nothing below `declare/` looks at the user's form again.
 */

/** A value that fits one register: all that an engine ever passes or returns. */
export type Scalar =
  | 'i8'
  | 'u8'
  | 'i16'
  | 'u16'
  | 'i32'
  | 'u32'
  | 'i64'
  | 'u64'
  /** A C `size_t`, whose values are numbers: never above 2^53. */
  | 'size'
  | 'f32'
  | 'f64'
  | 'bool'
  | 'pointer';

/** How a value of C lies in memory, by the rules of 64-bit platforms. */
export type LayoutSpec =
  | { readonly kind: 'scalar'; readonly type: Scalar; readonly size: number; readonly alignment: number }
  /** An array of `char`, as a NUL-terminated string; an array of `uint8_t`, as bytes. */
  | { readonly kind: 'text' | 'bytes'; readonly size: number; readonly alignment: 1 }
  | ArrayLayout
  | StructLayout;

export interface ArrayLayout {
  readonly kind: 'array';
  readonly of: LayoutSpec;
  readonly length: number;
  readonly size: number;
  readonly alignment: number;
}

export interface StructLayout {
  readonly kind: 'struct' | 'union';
  readonly fields: readonly FieldSpec[];
  readonly size: number;
  readonly alignment: number;
  /** Whether the platform's own rules laid it out: no packing, no alignment of its own. */
  readonly natural: boolean;
}

export interface FieldSpec {
  readonly name: string;
  readonly offset: number;
  readonly layout: LayoutSpec;
}

/** What a pointer to a layout shows, and who fills it. */
export interface MemorySpec {
  readonly layout: LayoutSpec;
  /** `in` is read by native code; `inout` is also read back; `out` is not given by the caller. */
  readonly mode: 'in' | 'inout' | 'out';
  /** An array of as many layouts as the caller gives. */
  readonly open: boolean;
  /** Whether null may be given for NULL; of an `out`, the caller then says whether there is one. */
  readonly optional?: true;
}

/** Engines: `auto` is resolved before a spec is used. */
export type EngineName = 'ffi-rs' | 'koffi' | 'node';

/** A string that native code returns; `free` names the function that releases it, or null when it is borrowed. */
export interface TextSpec {
  readonly free: string | null;
}

/** One native parameter, in the order of the C prototype. */
export type ParamSpec =
  /** A number or address given by the caller. */
  | { readonly kind: 'value'; readonly type: Scalar }
  /** A string given by the caller (or null), passed as a NUL-terminated UTF-8 pointer. */
  | { readonly kind: 'cstring' }
  /**
   * Bytes given by the caller, passed as a pointer. `inout` copies them back. With `memory`, the caller gives or receives
   * a value, which the host converts: what is passed on is always bytes.
   */
  | { readonly kind: 'buffer'; readonly inout: boolean; readonly memory?: MemorySpec }
  /** A struct by value; the host converts it to bytes. */
  | { readonly kind: 'struct'; readonly layout: StructLayout }
  /**
   * An array of strings given by the caller, passed as a `char **`. A NULL ends it; where a parameter has their number,
   * `count` is its index, and strings may be NULL.
   */
  | { readonly kind: 'cstrings'; readonly count: number | null }
  /**
   * A cell that native code fills: pointer to scalar. Not given by the caller; if it is optional, the caller says whether
   * there is one: native code gets NULL otherwise.
   */
  | { readonly kind: 'out'; readonly type: Scalar; readonly optional?: true }
  /** A `char **` that native code fills. Not given by the caller, as `out`. */
  | { readonly kind: 'outText'; readonly text: TextSpec; readonly optional?: true }
  /** A cell given by the caller, passed as pointer to scalar, and read back. If it is optional, null is passed as NULL. */
  | { readonly kind: 'inout'; readonly type: Scalar; readonly optional?: true }
  /** Pointer to the int32 that becomes non-zero on cancel. Not given by the caller. */
  | { readonly kind: 'cancelFlag' }
  /** Pointer to two doubles: done and total. Not given by the caller. */
  | { readonly kind: 'progress' }
  /** Pointer to a function that returns non-zero once the running call is to stop. Not given by the caller. */
  | { readonly kind: 'cancelProbe' }
  | HostFunctionSpec
  | ChunksSpec;

/** One parameter of a callback, in the order of its C prototype: how what native code passes is read. */
export type CallbackParamSpec =
  | { readonly kind: 'value'; readonly type: Scalar }
  | { readonly kind: 'cstring' }
  /** Memory of which the argument at index `count` says how much there is. */
  | { readonly kind: 'bytes' | 'cstrings' | 'pointers'; readonly count: number };

/** The C prototype of a callback. */
export interface CallbackSpec {
  readonly params: readonly CallbackParamSpec[];
  readonly returns: Scalar | 'void';
}

/**
 * A function that the caller gives, and that runs on the host. Values that go
 * to native code are in the form of engines: bigint for i64, u64 and pointer,
 * else number (bool is 0 or 1; 0 stands for void).
 */
export interface HostFunctionSpec {
  readonly kind: 'callback';
  readonly callback: CallbackSpec;
  /** ms; Infinity is unlimited; null is the call's or the pool's. */
  readonly timeout: number | null;
  /** Whether a promise is an error. */
  readonly sync: boolean;
  /** Whether native code waits for the value. */
  readonly wait: boolean;
  /** What native code gets when there is no value. */
  readonly fallback: number | bigint;
}

/** A callback through which native code hands out chunks. Not given by the caller. */
export interface ChunksSpec {
  readonly kind: 'chunks';
  readonly callback: CallbackSpec;
  /** The parameter that is the chunk; null: all of them, as a tuple. */
  readonly chunk: number | null;
  /** What makes native code stop; null when nothing does. */
  readonly stop: number | bigint | null;
  /** What makes it go on. */
  readonly proceed: number | bigint | 'length';
  /** Chunks unread before native code waits. */
  readonly highWaterMark: number;
  /** Whether the function only installs it: its chunks are those of later calls that have `FunctionSpec.stream`. */
  readonly persistent: boolean;
}

/** What the function returns. */
export type ReturnSpec =
  | { readonly kind: 'void' }
  | { readonly kind: 'value'; readonly type: Scalar }
  | { readonly kind: 'struct'; readonly layout: StructLayout }
  | { readonly kind: 'text'; readonly text: TextSpec };

/** When a return value means failure. `host`: a predicate that lives on the host decides. */
export type FailsSpec = 'nonzero' | 'negative' | 'null' | 'host';

/** A helper function of the same library, called with some of the call's own arguments. */
export interface HelperSpec {
  readonly symbol: string;
  /** Indices into `FunctionSpec.params`; each is of kind `value`, or an `out`/`inout` cell: then its content. Of `onCancel` never an `out`, which has no content yet. */
  readonly arguments: readonly number[];
}

/** One declared function. */
export interface FunctionSpec {
  /** Name as declared: what the user calls, and what errors name. */
  readonly name: string;
  /** Name in the library. */
  readonly symbol: string;
  readonly params: readonly ParamSpec[];
  /** How many of the parameters the prototype names, where the others stand for its `...`. */
  readonly named?: number;
  readonly returns: ReturnSpec;
  readonly fails: FailsSpec | null;
  readonly errno: boolean;
  /** Returns a C string. */
  readonly lastError: HelperSpec | null;
  /** Returns nothing that is looked at. */
  readonly onCancel: HelperSpec | null;
  /** The chunks of its calls: by its own parameter, or by one that an earlier call has installed. */
  readonly stream: ChunksSpec | null;
}
