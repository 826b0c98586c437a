/**
 * The interface of an engine: scalars in, a scalar out.
 *
 * Strings, buffers, out cells, flags and progress are addresses by the time an
 * engine sees them; they live in shared memory that is laid out, validated and
 * read back above. An engine is an object of one JavaScript environment: the
 * host has one, and every lane has its own.
 */
import type { EngineName, Scalar, StructLayout } from '../declare/spec.js';

/** Numbers for up to 32 bits, floats and bool (0 or 1); bigint for i64, u64 and pointer. */
export type NativeValue = number | bigint | undefined;
/** What is passed: a struct by value is its bytes. */
export type NativeArgument = number | bigint | DataView;
/** What is returned. */
export type NativeResult = NativeValue | DataView;

/** A bound function. It blocks until the native function returns. It allocates as little as possible. */
export type NativeFunction = (...args: NativeArgument[]) => NativeResult;

/** A C prototype in scalars. */
export interface Prototype {
  readonly arguments: readonly Scalar[];
  readonly returns: Scalar | 'void';
}

/** The C prototype of a declared function. */
export interface FunctionPrototype {
  readonly arguments: readonly (Scalar | StructLayout)[];
  readonly returns: Scalar | StructLayout | 'void';
  /** How many of the arguments the prototype names, in front of its `...`. Absent for a function that is not variadic. */
  readonly named?: number;
}

/**
 * The handler of a callback from native code, on the thread of the lane. 64-bit integers and pointers come as numbers
 * or bigints, from 2^63 on perhaps as negative ones. It must not throw, and must return what the prototype says:
 * node:ffi ends the process otherwise.
 */
export type CallbackHandler = (...values: (number | bigint)[]) => NativeValue;

/** A function that native code can call. */
export interface NativeCallback {
  readonly address: bigint;
  /** Frees the callback: native code must no longer call it. */
  release(): void;
}

/** What an engine can do beyond plain calls. */
export interface Capabilities {
  /** Can return a 32-bit float. */
  readonly f32Return: boolean;
  /** Provides the errno of the call. */
  readonly errno: boolean;
  /** Passes and returns structs by value. */
  readonly structs: boolean;
  /** Passes arguments for the `...` of a prototype. */
  readonly variadic: boolean;
  /** JavaScript callbacks run on the calling thread, during the call. */
  readonly callbacks: boolean;
  /** A thread that waits in a callback may be ended together with the worker thread that owns its pool. */
  readonly endableCallbacks: boolean;
  /** Takes addresses as numbers too, which is faster. */
  readonly numericPointers: boolean;
  /** Libraries may be opened while calls run on other threads. */
  readonly concurrentOpen: boolean;
  /** Its calls may be optimized together with the loop that makes them. */
  readonly quickLoops: boolean;
  /** Works even if the first thread that loads it is not the main thread. */
  readonly anyThread: boolean;
}

/** The name of the C library in place of a path: {@link Engine.libc}. */
export const C_LIBRARY = '';

export interface EngineLibrary {
  readonly path: string;
  /**
   * Finds the symbol and prepares calls to it.
   * @throws SymbolNotFoundError when the library has no such symbol; EngineError OFFTHREAD_ENGINE_UNSUPPORTED for a
   * struct by value, where the engine passes none.
   */
  bind(symbol: string, prototype: FunctionPrototype): NativeFunction;
  /**
   * The same, for functions whose errno is needed: `engine.errno()` directly after the call returns it; 0 if the call
   * set none.
   */
  bindErrno(symbol: string, prototype: FunctionPrototype): NativeFunction;
}

export interface Engine {
  readonly name: EngineName;
  readonly capabilities: Capabilities;
  /**
   * Opens a library in this environment, as the loader does by itself; a second open of one path is cheap.
   * @throws LibraryNotFoundError, EngineError (OFFTHREAD_LIBRARY_ARCHITECTURE,
   * OFFTHREAD_LIBRARY_INVALID, OFFTHREAD_LIBRARY_LOAD).
   */
  open(path: string): EngineLibrary;
  /**
   * The same for a library that the process has loaded by that name (see `load-library.ts`): its file is not checked.
   */
  openLoaded(name: string): EngineLibrary;
  /** The C library of this process: strlen, memcpy and friends. */
  libc(): EngineLibrary;
  /**
   * Address of the first byte of a view (over an ArrayBuffer or a SharedArrayBuffer).
   * Never null, not even of an empty buffer. It costs more than a call on ffi-rs: keep it.
   */
  addressOf(view: Uint8Array): bigint;
  /** A view of native memory: not a copy, and not freed with the buffer. */
  view(address: bigint, bytes: number): ArrayBuffer;
  /**
   * Makes a function that native code can call on this thread.
   * @throws EngineError OFFTHREAD_ENGINE_UNSUPPORTED, or when there are too many.
   */
  callback(prototype: Prototype, handler: CallbackHandler): NativeCallback;
  /** errno of the last call made through a function of `bindErrno`, on this thread. */
  errno(): number;
}
