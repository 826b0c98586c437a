/**
 * Opening a library: everything that can be wrong with it is found here, before
 * any call.
 *
 *   declarations compiled ─► engine chosen ─► library opened, symbols found ─► lanes told ─► a lane is ready
 *                                             on the host, or in one process lane: what a
 *                                             library does when it is loaded, it does there
 */
import { isMainThread } from 'node:worker_threads';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CompiledFunction, compileDeclarations } from '../declare/compile.js';
import type { EngineName } from '../declare/spec.js';
import { openLibrary } from '../engines/bound-function.js';
import { prepareExit } from '../engines/exit.js';
import { loadEngine } from '../engines/load.js';
import { selectEngine } from '../engines/select.js';
import { ArgumentError } from '../errors.js';
import { known, show } from '../options/checks.js';
import { copyWith } from '../lanes/native-copy.js';
import { DeclaredFunction } from '../lanes/declared-function.js';
import type { TryOut } from '../lanes/lane.js';
import { whenFfiRsIsQuiet } from '../supervisor/quiet.js';

/** Options of `pool.open`. */
export interface OpenOptions {
  /** Which engine performs the calls. Default `auto`: ffi-rs where it serves the declarations safely, else koffi. */
  readonly engine?: 'auto' | EngineName;
}

const ENGINES = ['auto', 'ffi-rs', 'koffi', 'node'] as const;

/** @throws ArgumentError for anything but a path, a library name or a file URL. */
export function libraryPath(path: unknown): string {
  // The system could not be told half of a character pair.
  if (typeof path === 'string' && path !== '' && !/[\0\p{Surrogate}]/u.test(path)) return path;
  try {
    if (path instanceof URL) return fileURLToPath(path);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : 'it cannot be read';
    throw new ArgumentError(`The library is the URL ${show(path)}, which names no file here: ${why}.`, {
      cause,
    });
  }
  throw new ArgumentError(
    `The library is ${show(path)}; it has to be a path, a name such as 'libz.so.1', or a file URL.`,
  );
}

/** @throws ArgumentError */
export function requestedEngine(options: unknown): 'auto' | EngineName {
  const { engine = 'auto' } = known('The options of open', options, ['engine']);
  if (ENGINES.includes(engine as EngineName)) return engine as EngineName;
  throw new ArgumentError(
    `Option \`engine\` is ${show(engine)}; it has to be one of ${ENGINES.map((one) => `'${one}'`).join(', ')}.`,
  );
}

/** A library that has been found to be all right. */
export interface Opened {
  readonly path: string;
  readonly engine: EngineName;
  readonly functions: DeclaredFunction[];
}

/**
 * Opens a library on the host and finds every symbol that its functions use.
 * With ffi-rs this waits until none of its calls is in flight.
 * @param number the number for the next function.
 */
export async function openOnHost(
  path: string,
  declarations: unknown,
  requested: 'auto' | EngineName,
  number: () => number,
): Promise<Opened> {
  const compiled = compileDeclarations(path, declarations);
  const specs = compiled.map(({ spec }) => spec);
  const find = (): EngineName => {
    const name = selectEngine(requested, specs, { mainThread: isMainThread });
    const engine = loadEngine(name, { role: 'host' });
    if (isMainThread) prepareExit(engine);
    copyWith(engine);
    openLibrary(engine, path, specs);
    return name;
  };
  const touchesFfiRs = requested === 'auto' || requested === 'ffi-rs';
  const engine = touchesFfiRs ? await whenFfiRsIsQuiet(find) : find();
  return declared(path, engine, compiled, number);
}

/**
 * Opens a library in a process lane: the host never loads it.
 * @param tryOut opens it in one lane.
 */
export async function openInLane(
  given: string,
  declarations: unknown,
  requested: 'auto' | EngineName,
  number: () => number,
  tryOut: (library: TryOut) => Promise<void>,
): Promise<Opened> {
  // Lanes that are started later may find another current directory.
  const path = given.includes('/') ? resolve(given) : given;
  const compiled = compileDeclarations(path, declarations);
  const specs = compiled.map(({ spec }) => spec);
  // In the lane's process its thread is the main one.
  const engine = selectEngine(requested, specs, { mainThread: true, load: (name) => checkEngine(name) });
  await tryOut({ path, engine, specs });
  return declared(path, engine, compiled, number);
}

/** Whether an engine is there. ffi-rs cannot be loaded in a worker thread, but can in a lane's process. */
function checkEngine(name: EngineName): void {
  if (name === 'ffi-rs' && !isMainThread) return;
  copyWith(loadEngine(name));
}

function declared(
  path: string,
  engine: EngineName,
  compiled: readonly CompiledFunction[],
  number: () => number,
): Opened {
  return {
    path,
    engine,
    functions: compiled.map((one) => new DeclaredFunction(number(), one, engine, path)),
  };
}
