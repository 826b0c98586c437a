/**
 * Loading a library into this process, before an engine opens it: the loader
 * then gives the engine what it has already.
 *
 *   looked at ─► is the file that it has to be ─► loaded, for good ─► still that file ─► opened by an engine
 *
 * Guarantee: what is opened is the file of `LoadTerms.identity`, or an error
 * says that it has changed. Whoever opens the name later in this process,
 * without terms, gets the same code, whatever the file is by then.
 */
import { EngineError } from '../errors.js';
import type { Clash, FileIdentity, LoadTerms } from '../shared/load-terms.js';
import { type DynamicLoader, dynamicLoader } from './dynamic-loader.js';
import type { Engine, EngineLibrary } from './engine.js';
import { identityOf, isSameCode } from './file-identity.js';
import { checkLibrary, libraryFailure } from './library-error.js';
import { nameOfOwn, pathOfName } from './library-name.js';

/** Nothing was asked for, and nothing is known. */
export const PLAIN_TERMS: LoadTerms = { identity: null, deep: false, clash: null, global: false };

/**
 * Opens a library on an engine.
 * @param terms null where this process has loaded it already, by this name.
 * @throws LibraryNotFoundError; EngineError OFFTHREAD_LIBRARY_…
 */
export function openOn(engine: Engine, name: string, terms: LoadTerms | null): EngineLibrary {
  if (terms !== null) loadLibrary(engine, name, terms);
  return engine.openLoaded(name);
}

/** @throws LibraryNotFoundError; EngineError OFFTHREAD_LIBRARY_… */
export function loadLibrary(engine: Engine, name: string, terms: LoadTerms): void {
  const path = pathOfName(name);
  checkLibrary(path);
  requireSame(path, terms.identity);
  const loader = dynamicLoader(engine);
  const said = loader.load(name, { global: terms.global, deep: needsDeep(loader, path, terms) });
  if (said !== null) throw libraryFailure(path, said.replaceAll(name, path));
  // It may have been replaced just now.
  requireSame(path, terms.identity);
}

/**
 * The name for a file that nobody here has opened: its path, unless somebody
 * else in this process has loaded another file by that.
 */
export function freeName(engine: Engine, path: string, identity: FileIdentity): string {
  if (process.platform !== 'linux') return path;
  const loader = dynamicLoader(engine);
  const loaded = loader.find(path);
  if (loaded === 0n) return path;
  // By a name that nobody has used, the loader compares files.
  const name = nameOfOwn(path, identity);
  return loader.find(name) === loaded ? path : name;
}

function requireSame(path: string, identity: FileIdentity | null): void {
  const found = identity === null ? null : identityOf(path);
  if (identity === null || found === null || isSameCode(found, identity)) return;
  throw new EngineError(
    `Cannot open the library '${path}' as it was: the file has changed since it was opened, and lanes would run different ` +
      'code. Open it again to use the file that is there now; give each version a file name of its own where both are needed.',
    { code: 'OFFTHREAD_LIBRARY_CHANGED' },
  );
}

function needsDeep(loader: DynamicLoader, path: string, { deep, clash }: LoadTerms): boolean {
  if (deep === true && !loader.bindsDeep) {
    throw new EngineError(
      `Cannot open the library '${path}' with { deep: true }: this system's loader has no RTLD_DEEPBIND, only that of glibc ` +
        'has it. Leave it out. (On macOS a library finds its own symbols first.)',
      { code: 'OFFTHREAD_ENGINE_UNSUPPORTED' },
    );
  }
  if (deep !== null || clash === null) return deep === true;
  // With a malloc that is not the C library's, the library would get that of the C library all the same, and memory
  // would be freed by the other one.
  if (loader.bindsDeep && loader.ownMalloc) return true;
  if (clash.mixed) throw mixture(path, clash, loader.bindsDeep);
  return false;
}

function mixture(path: string, { symbols, example }: Clash, possible: boolean): EngineError {
  const why = possible
    ? 'It is not kept from that by itself because malloc is replaced in this process (LD_PRELOAD, a sanitizer): start ' +
      'Node.js without that, or use { deep: true } if the library hands no memory over to be freed by others, '
    : "This system's loader cannot keep it from that: use a Node.js that shares the system's libraries, ";
  return new EngineError(
    `Cannot open the library '${path}': this Node.js exports ${symbols} symbols that the library, or one that it needs, ` +
      `defines, too ('${example}', for example), in its own version. The library's calls would go to those, and crash. ${why}` +
      'or { deep: false } to open it as it is.',
    { code: 'OFFTHREAD_LIBRARY_CLASH' },
  );
}
