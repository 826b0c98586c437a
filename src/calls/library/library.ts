/** An opened library: its functions, and its end. */
import type { ArgumentsOf, ChunkOf, ResultOf } from '../../declare/language/infer.js';
import type { AnyDeclarations } from '../../declare/language/checked.js';
import type { EngineName } from '../../declare/spec.js';
import type { DeclarationShape } from '../../declare/language/types.js';
import type { NativeFunction } from '../native-function.js';

/** The function that a declaration makes. */
export type FunctionOf<D> = D extends DeclarationShape
  ? NativeFunction<ArgumentsOf<D>, ResultOf<D>, ChunkOf<D>>
  : never;

/** What every library has beside its functions. */
export interface LibraryBase extends AsyncDisposable {
  /** The engine that serves it. */
  readonly engine: EngineName;
  /** As given to `open`. */
  readonly path: string;
  /**
   * Takes no more calls and resolves when those accepted have settled. The
   * native library stays mapped until the process ends: unmapping code that
   * may have left threads or handlers behind is not safe.
   */
  close(): Promise<void>;
}

/** An opened library: one function for each declaration. */
export type Library<D extends AnyDeclarations> = LibraryBase & { readonly [K in keyof D]: FunctionOf<D[K]> };
