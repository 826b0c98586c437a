/** Builds the library object that `pool.open` resolves to. */
import { allSettled } from '../../promises.js';
import type { AnyDeclarations } from '../../declare/language/checked.js';
import type { CompiledFunction } from '../../declare/compile/compile.js';
import { PoolClosedError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import type { Admission } from '../admission/admission.js';
import type { Library, LibraryBase } from './library.js';
import type { CallDispatcher } from '../dispatcher.js';
import { nativeFunction } from '../native-function.js';
import { hostMemory, laneMemory } from './native-reading.js';

/**
 * @param functions all functions of the library, on one engine.
 * @param announce makes functions of the C library known to the lanes, on the same engine.
 */
export function makeLibrary<D extends AnyDeclarations>(
  { path, file, engine }: Pick<LibraryBase, 'path' | 'file' | 'engine'>,
  functions: readonly DeclaredFunction[],
  dispatcher: CallDispatcher,
  admission: Admission,
  announce: (compiled: readonly CompiledFunction[]) => readonly DeclaredFunction[],
): Library<D> {
  let closed = false;
  /** The functions that read memory in a lane, once they are used. */
  const reading: DeclaredFunction[] = [];
  const close = async (): Promise<void> => {
    closed = true;
    for (const fn of functions) fn.refuse(() => closedLibrary(path, fn.name));
    const own = new Set([...functions, ...reading]);
    await allSettled(admission.pending().filter((call) => own.has(call.fn)));
  };
  const base: LibraryBase = { engine, path, file, close, [Symbol.asyncDispose]: close };
  const entries = functions.map((fn) => [fn.name, nativeFunction(dispatcher, fn)] as const);
  const refusal = (symbol: string): PoolClosedError | null => {
    if (closed) return closedLibrary(path, symbol);
    return dispatcher.closed ? closedPool(symbol) : null;
  };
  const memory =
    dispatcher.settings.isolation === 'thread'
      ? hostMemory(engine, dispatcher, refusal)
      : laneMemory(
          dispatcher,
          (compiled) => {
            const announced = announce(compiled);
            reading.push(...announced);
            return announced;
          },
          refusal,
        );
  const library: object = Object.freeze(Object.assign(base, memory, Object.fromEntries(entries)));
  return library as Library<D>;
}

function closedLibrary(path: string, symbol: string): PoolClosedError {
  return new PoolClosedError(
    `${symbol} was not called: its library ${path} has been closed. Open the library again.`,
    { code: 'OFFTHREAD_LIBRARY_CLOSED', symbol },
  );
}

function closedPool(symbol: string): PoolClosedError {
  return new PoolClosedError(
    `${symbol} was not called: the pool is closed. Close a pool only after its last call, or create a new pool.`,
    { symbol },
  );
}
