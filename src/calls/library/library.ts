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

/** An opened library: one function for each declaration. */
export type Library<D extends AnyDeclarations> = LibraryBase & { readonly [K in keyof D]: FunctionOf<D[K]> };
