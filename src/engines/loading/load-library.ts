/**
 * Loads a library into this process before an engine opens it: the loader then returns the loaded library to the
 * engine.
 *
 *   inspected ─► is the expected file ─► loaded, for good ─► still that file ─► opened by an engine
 *                                              └─► replaced just now ─► unloaded; or its name is not used again
 *
 * Guarantee: the opened file is that of `LoadTerms.identity`, or an error reports that it has changed. Code that opens
 * the name later in this process, without terms, gets the same code, even if the file has changed by then. A name never
 * refers to a second file: the loader would return the first one for ever, even after the right file is back.
 */
import { realpathSync } from 'node:fs';
import { EngineError } from '../../errors.js';
import type { Clash, FileIdentity, LoadTerms } from '../../shared/messages/load-terms.js';
import { type DynamicLoader, dynamicLoader } from './dynamic-loader.js';
import { C_LIBRARY, type Engine, type EngineLibrary } from '../engine.js';
import { identityOf, isSameCode } from './file-identity.js';
import { checkLibrary } from './library-check.js';
import { libraryFailure } from './library-error.js';
import { nameOfOwn, pathOfName } from './loader-alias.js';

/** Terms without any requirement. */
export const PLAIN_TERMS: LoadTerms = { identity: null, deep: false, clash: null, global: false };

/** The files that this process has loaded, by name: their code stays loaded even if the file changes. */
const loaded = new Map<string, FileIdentity>();
/** Names by which this process may have loaded another file, which cannot be unloaded. */
const spoiled = new Set<string>();

/**
 * Opens a library on an engine; the C library, which each process has, by its own name.
 * @param terms null if this process has already loaded the library by this name.
 * @throws LibraryNotFoundError; EngineError OFFTHREAD_LIBRARY_…
 */
export function openOn(engine: Engine, name: string, terms: LoadTerms | null): EngineLibrary {
  if (name === C_LIBRARY) return engine.libc();
  if (terms !== null) loadLibrary(engine, name, terms);
  return engine.openLoaded(name);
}

/** @throws LibraryNotFoundError; EngineError OFFTHREAD_LIBRARY_… */
export function loadLibrary(engine: Engine, name: string, terms: LoadTerms): void {
  const { identity } = terms;
  const before = loaded.get(name);
  if (before !== undefined && identity !== null && isSameCode(before, identity) && !terms.global) return;
  const path = pathOfName(name);
  checkLibrary(path);
  if (spoiled.has(name) || !isThere(path, identity)) throw changed(path);
  const loader = dynamicLoader(engine);
  const handle = loader.load(name, { global: terms.global, deep: needsDeep(loader, path, terms) });
  if (typeof handle === 'string') throw libraryFailure(path, handle.replaceAll(name, path));
  if (isThere(path, identity)) {
    if (identity !== null) loaded.set(name, identity);
    return;
  }
  // The file has just been replaced: which of the two files was loaded is unknown.
  if (!loader.unload(name, handle)) spoiled.add(name);
  throw changed(path);
}

/**
 * The file that the loader has opened by a name, without symbolic links. Null where the loader does not tell, or the file
 * has been removed since.
 */
export function loadedFile(engine: Engine, name: string): string | null {
  const path = name.includes('/') ? name : dynamicLoader(engine).fileOf(name);
  try {
    return path === null ? null : realpathSync.native(path);
  } catch {
    return null;
  }
}

/**
 * The name for a file that offthread has not opened yet: its path, unless other
 * code in this process has loaded another file by that path.
 */
export function freeName(engine: Engine, path: string, identity: FileIdentity): string {
  if (process.platform !== 'linux') return path;
  const loader = dynamicLoader(engine);
  const loaded = loader.find(path);
  if (loaded === 0n) return path;
  // For an unused name, the loader compares files.
  const name = nameOfOwn(path, identity);
  return loader.find(name) === loaded ? path : name;
}

/** Whether the file is the expected one; also true where this cannot be determined. */
function isThere(path: string, identity: FileIdentity | null): boolean {
  const found = identity === null ? null : identityOf(path);
  return identity === null || found === null || isSameCode(found, identity);
}

function changed(path: string): EngineError {
  return new EngineError(
    `Cannot open the library '${path}': the file has changed since the library was opened, so lanes would run different ` +
      'code. Open the library again to use the present file; if both versions are needed, give each its own file name.',
    { code: 'OFFTHREAD_LIBRARY_CHANGED' },
  );
}

function needsDeep(loader: DynamicLoader, path: string, { deep, clash }: LoadTerms): boolean {
  if (deep === true && !loader.bindsDeep) {
    throw new EngineError(
      `Cannot open the library '${path}' with { deep: true }: this system's loader has no RTLD_DEEPBIND, which only ` +
        'glibc provides. Omit the option. (On macOS a library finds its own symbols first.)',
      { code: 'OFFTHREAD_ENGINE_UNSUPPORTED' },
    );
  }
  if (deep !== null || clash === null) return deep === true;
  // If malloc is replaced, the library would still use that of the C library, and memory of one would be freed by the
  // other.
  if (loader.bindsDeep && loader.ownMalloc) return true;
  if (clash.mixed) throw mixture(path, clash, loader.bindsDeep);
  return false;
}

function mixture(path: string, { symbols, example }: Clash, possible: boolean): EngineError {
  const why = possible
    ? 'offthread does not prevent this by default because malloc is replaced in this process (LD_PRELOAD, a sanitizer): start ' +
      'Node.js without the replacement, or use { deep: true } if the library passes on no memory that other code frees, '
    : "This system's loader cannot prevent this: use a Node.js build that shares the system's libraries, ";
  return new EngineError(
    `Cannot open the library '${path}': this Node.js exports ${symbols} symbols that the library, or one that it needs, ` +
      `also defines in another version ('${example}', for example). The library would call those of Node.js, and crash. ${why}` +
      'or { deep: false } to open it anyway.',
    { code: 'OFFTHREAD_LIBRARY_CLASH' },
  );
}
