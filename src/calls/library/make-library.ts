/** Builds the library object that `pool.open` resolves to. */
import { allSettled } from '../../promises.js';
import type { AnyDeclarations } from '../../declare/language/checked.js';
import { PoolClosedError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import type { Admission } from '../admission/admission.js';
import type { Library, LibraryBase } from './library.js';
import type { CallDispatcher } from '../dispatcher.js';
import { nativeFunction } from '../native-function.js';

/** @param functions all functions of the library, on one engine. */
export function makeLibrary<D extends AnyDeclarations>(
  { path, file, engine }: Pick<LibraryBase, 'path' | 'file' | 'engine'>,
  functions: readonly DeclaredFunction[],
  dispatcher: CallDispatcher,
  admission: Admission,
): Library<D> {
  const close = async (): Promise<void> => {
    for (const fn of functions) {
      fn.refuse(
        () =>
          new PoolClosedError(
            `${fn.name} was not called: its library ${path} has been closed. Open the library again.`,
            {
              code: 'OFFTHREAD_LIBRARY_CLOSED',
              symbol: fn.name,
            },
          ),
      );
    }
    const own = new Set(functions);
    await allSettled(admission.pending().filter((call) => own.has(call.fn)));
  };
  const base: LibraryBase = { engine, path, file, close, [Symbol.asyncDispose]: close };
  const entries = functions.map((fn) => [fn.name, nativeFunction(dispatcher, fn)] as const);
  return Object.freeze(Object.assign(base, Object.fromEntries(entries))) as Library<D>;
}
