/**
 * Opens a library. Every fault of the library or its declarations is found here, before any call.
 *
 *   declarations compiled ─► engine chosen ─► library opened, symbols found ─► lanes told ─► a lane is ready
 *            │                                on the host, or in one process lane: what a
 *            │                                library does when it is loaded, it does there
 *            └─► lanes start, in the meantime
 */
import { isMainThread } from 'node:worker_threads';
import { type CompiledFunction, compileDeclarations } from '../../declare/compile/compile.js';
import type { EngineName } from '../../declare/spec.js';
import { bindAll } from '../../engines/bound-function.js';
import { findClash } from '../../engines/loading/symbol-clash.js';
import { prepareExit } from '../../engines/system/exit-now.js';
import { identityOf } from '../../engines/loading/file-identity.js';
import type { Engine } from '../../engines/engine.js';
import { loadEngine } from '../../engines/load-engine.js';
import { freeName, loadedFile, openOn } from '../../engines/loading/load-library.js';
import { likelyEngine, selectEngine } from '../../engines/select-engine.js';
import { findWith } from '../../lanes/memory/addresses.js';
import { copyWith } from '../../lanes/memory/native-copy.js';
import { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import type { ProbeOpen, ProbeOpened } from '../../lanes/lane.js';
import type { LoadTerms } from '../../shared/messages/load-terms.js';
import { SymbolNotFoundError } from '../../errors.js';
import { whenFfiRsIsQuiet } from '../../supervisor/quiescence/quiescence.js';
import { LibraryVersions } from './library-versions.js';
import type { OpenSettings } from './open-options.js';

/** A library that has been opened and checked. */
export interface Opened {
  /** Absolute, or a name that the loader searches for. */
  readonly path: string;
  /** The name by which the loader knows the library. */
  readonly name: string;
  /** The file that the loader has opened; null where the loader does not tell. */
  readonly file: string | null;
  /** How lanes load the library; null if the host has loaded it. */
  readonly terms: LoadTerms | null;
  readonly engine: EngineName;
  readonly functions: DeclaredFunction[];
}

/** The libraries of this thread's process. */
const hostNames = new LibraryVersions();

/**
 * Opens a library on the host and finds every symbol that its functions use. With ffi-rs, this waits until no ffi-rs
 * call is in flight.
 * @param number the number for the next function.
 * @param startLanes starts the lanes of the pool: their threads start while this thread loads the engine and the library,
 * and load the given engine themselves.
 */
export async function openOnHost(
  path: string,
  declarations: unknown,
  settings: OpenSettings,
  number: () => number,
  startLanes: (engine: EngineName | null) => void,
): Promise<Opened> {
  const compiled = compileDeclarations(path, declarations);
  const specs = compiled.map(({ spec }) => spec);
  const likely = likelyEngine(settings.engine, specs, isMainThread);
  // ffi-rs must be loaded by this thread first.
  startLanes(likely === 'ffi-rs' ? null : likely);
  const find = (): Pick<Opened, 'engine' | 'name' | 'file'> => {
    const chosen = selectEngine(settings.engine, specs, { mainThread: isMainThread });
    const engine = loadEngine(chosen, { role: 'host' });
    if (isMainThread) prepareExit(engine);
    useOnHost(engine);
    const terms = termsFor(path, settings);
    const { identity } = terms;
    let name = hostNames.nameOf(path, identity);
    // Add-ons and pools of other threads also load libraries.
    if (identity !== null && hostNames.isNew(path)) name = freeName(engine, path, identity);
    const library = openOn(engine, name, terms);
    hostNames.keep(path, name, identity);
    bindAll(engine, library, specs);
    return { engine: chosen, name, file: loadedFile(engine, name) };
  };
  // Loading ffi-rs changes its tables as well, so it is left to `find`.
  const wanted = selectEngine(settings.engine, specs, {
    mainThread: isMainThread,
    load: (name) => (name === 'ffi-rs' ? null : loadEngine(name, { role: 'host' })),
  });
  const { engine, name, file } = wanted === 'ffi-rs' ? await whenFfiRsIsQuiet(find) : find();
  // The process has loaded the library: lanes need only its name.
  return declared({ path, name, file, engine, terms: null }, compiled, number);
}

/**
 * Loads an engine on the host, if none is loaded: the end of the process needs `_exit` while a thread cannot be ended. For pools
 * of threads without a library.
 */
export function prepareHost(): void {
  if (!isMainThread) return;
  const engine = loadEngine(selectEngine('auto', [], { mainThread: true }), { role: 'host' });
  prepareExit(engine);
}

/** How a pool opens libraries in its processes. */
export interface LaneOpening {
  /** The libraries of the lanes' processes. */
  readonly names: LibraryVersions;
  /** LD_LIBRARY_PATH of the lanes' processes. */
  readonly libraryPath: string;
  /** Starts the lanes: their processes start while this one reads the library. @throws EngineError */
  startLanes(): void;
  /** Opens a library in one lane. */
  probeOpen(library: ProbeOpen): Promise<ProbeOpened>;
}

/** Opens a library in a process lane: the host never loads it. */
export async function openInLane(
  path: string,
  declarations: unknown,
  settings: OpenSettings,
  number: () => number,
  { names, libraryPath, startLanes, probeOpen }: LaneOpening,
): Promise<Opened> {
  const compiled = compileDeclarations(path, declarations);
  const specs = compiled.map(({ spec }) => spec);
  // A lane runs on the main thread of its process.
  const engine = selectEngine(settings.engine, specs, {
    mainThread: true,
    load: (name) => checkEngine(name),
  });
  startLanes();
  const terms = termsFor(path, settings, libraryPath);
  const name = names.nameOf(path, terms.identity);
  // Before opening: lanes may load the file even if opening fails, and another file may replace it in the meantime.
  names.reserve(path, name, terms.identity);
  let file: string | null = null;
  try {
    ({ file } = await probeOpen({ path: name, engine, terms, specs }));
  } catch (error) {
    // The lane has loaded the file: a rebuilt library needs another name.
    if (error instanceof SymbolNotFoundError) names.keep(path, name, terms.identity);
    throw error;
  }
  names.keep(path, name, terms.identity);
  return declared({ path, name, file, engine, terms }, compiled, number);
}

/** @param libraryPath LD_LIBRARY_PATH of the process that loads the library; by default that of this process. */
function termsFor(path: string, { deep, global }: OpenSettings, libraryPath?: string): LoadTerms {
  const identity = path.includes('/') ? identityOf(path) : null;
  return { identity, deep, global, clash: deep === null ? findClash(path, libraryPath) : null };
}

/** Checks that an engine is installed. ffi-rs cannot be loaded in a worker thread, but in a lane's process it can. */
function checkEngine(name: EngineName): void {
  if (name === 'ffi-rs' && !isMainThread) return;
  useOnHost(loadEngine(name));
}

/** The host itself uses the engine for memory. */
function useOnHost(engine: Engine): void {
  copyWith(engine);
  findWith(engine);
}

function declared(
  library: Omit<Opened, 'functions'>,
  compiled: readonly CompiledFunction[],
  number: () => number,
): Opened {
  const { name, engine, terms } = library;
  return {
    ...library,
    functions: compiled.map((one) => new DeclaredFunction(number(), one, engine, name, terms)),
  };
}
