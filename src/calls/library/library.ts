/** An opened library: its functions, and `close`. */
import type { ArgumentsOf, ChunkOf, ResultOf } from '../../declare/language/infer.js';
import type { AnyDeclarations } from '../../declare/language/checked.js';
import type { EngineName } from '../../declare/spec.js';
import type { NativeFunction } from '../native-function.js';

/** The type of the function that a declaration defines. */
export type FunctionOf<D> = NativeFunction<ArgumentsOf<D>, ResultOf<D>, ChunkOf<D>>;

/** The members that every library has in addition to its functions. */
export interface LibraryBase extends AsyncDisposable {
  /** The engine that calls the library. */
  readonly engine: EngineName;
  /** The path that was passed to `open`. */
  readonly path: string;
  /**
   * The file that the system's loader has opened, without symbolic links: for `libz.so.1`, for example,
   * `/usr/lib/x86_64-linux-gnu/libz.so.1.3.1`. Null where the loader does not tell: a name on systems other than Linux.
   */
  readonly file: string | null;
  /**
   * Accepts no more calls, and resolves when all accepted calls have settled. The native library stays mapped until the
   * process ends: it may have left threads or handlers behind, so unmapping it is not safe.
   */
  close(): Promise<void>;
}

/** A function that reads native memory. */
export interface MemoryFunction<A extends readonly unknown[], R> {
  /** Every failure, also of the arguments, rejects the returned promise. */
  (...args: A): Promise<R>;
  /** The same, blocking this thread. @throws the error with which the promise would reject. */
  blocking(...args: A): R;
}

/**
 * What every library has to read memory to which native code returned a pointer. Whether the memory is still valid is
 * not checked: a wrong address reads something else, or crashes; in thread lanes the whole process, in a process lane
 * that lane (LaneCrashedError).
 *
 * In thread lanes the memory is copied at once, on the calling thread. In a process lane, a call copies it in that lane.
 * With more than one process lane, reading is an ArgumentError, as each has memory of its own.
 */
export interface LibraryMemory {
  /** Copies as many bytes from an address. NULL is an ArgumentError. */
  readonly read: MemoryFunction<[pointer: bigint, length: number], Buffer>;
  /** Copies the NUL-terminated UTF-8 string at an address. NULL is an ArgumentError. */
  readonly text: MemoryFunction<[pointer: bigint], string>;
}

/** An opened library: one function for each declaration. A declared `read` or `text` replaces that of {@link LibraryMemory}. */
export type Library<D extends AnyDeclarations> = LibraryBase &
  Omit<LibraryMemory, keyof D> & { readonly [K in keyof D]: FunctionOf<D[K]> };
