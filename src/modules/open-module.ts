/**
 * Loads a module. It is loaded in one lane first, which tells what it exports; then all lanes are told.
 *
 *   place found ─► lanes start ─► one lane loads it, and calls `setup` ─► every lane does ─► functions
 *                                          └─ fails, or takes too long: the error, with the module's own
 */
import { allSettled } from '../promises.js';
import { ModuleError, PoolClosedError } from '../errors.js';
import type { Admission } from '../calls/admission/admission.js';
import type { CallDispatcher } from '../calls/dispatcher.js';
import { DeclaredFunction, type ModulePart, modulePart } from '../lanes/rows/declared-function.js';
import { packedRows } from '../lanes/rows/pack-values.js';
import { valueRows } from '../lanes/rows/value-rows.js';
import { moduleRows } from '../supervisor/results/module-reading.js';
import { moduleReader } from '../supervisor/results/settlement.js';
import {
  type LoadedModule,
  type ModuleAnswer,
  ModuleMode,
  type ModuleOrder,
  type NumberedExport,
  nameOfPlace,
} from '../shared/messages/module-messages.js';
import type { ToLane } from '../shared/messages/messages.js';
import { thrownLine, thrownValue } from '../shared/messages/thrown-value.js';
import { type ExportedWays, exportedFunction } from './exported-function.js';
import { modulePlace, moduleSettings } from './module-options.js';
import { moduleFunction } from './module-spec.js';

/** The parts of a pool that modules need. */
export interface ModulePool {
  readonly dispatcher: CallDispatcher;
  readonly admission: Admission;
  /** The number for the next function, or module. */
  number(): number;
  /** Makes lanes start, in whose threads modules may block. */
  startLanes(): void;
  /** Loads a module in one lane. */
  probe(order: ModuleOrder): Promise<ModuleAnswer>;
  /** Tells every lane. */
  announce(message: Extract<ToLane, { kind: 'module' }>): void;
  /** @throws PoolClosedError */
  requireOpen(): void;
}

/** @throws (rejects) ArgumentError, ModuleError, LaneCrashedError, PoolClosedError. */
export async function openModule(pool: ModulePool, given: unknown, options: unknown): Promise<object> {
  pool.requireOpen();
  valueRows.use = packedRows;
  moduleReader.use = moduleRows;
  const settings = moduleSettings(options);
  const place = modulePlace(given);
  const order: ModuleOrder = { id: pool.number(), place, ...settings };
  pool.startLanes();
  const answer = await pool.probe(order);
  pool.requireOpen();
  if ('failed' in answer) throw loadFailure(order, answer);
  return announced(pool, order, answer.loaded);
}

function announced(
  pool: ModulePool,
  order: ModuleOrder,
  { exports, others, usesLane }: LoadedModule,
): object {
  const { dispatcher, admission } = pool;
  const library = nameOfPlace(order.place);
  const numbered: NumberedExport[] = [];
  const all = new Set<DeclaredFunction>();
  const declare = (name: string, mode: number): DeclaredFunction => {
    const part: ModulePart = modulePart({
      functions: mode !== ModuleMode.PLAIN,
      progress: usesLane,
    });
    const compiled = moduleFunction(library, name, mode === ModuleMode.STREAM);
    const fn = new DeclaredFunction(pool.number(), compiled, 'node', library, null, part);
    numbered.push({ number: fn.number, name, mode });
    all.add(fn);
    return fn;
  };
  const functions: Record<string, unknown> = { __proto__: null };
  for (const { name, kind } of exports) {
    const ways: ExportedWays = {
      plain: declare(name, ModuleMode.PLAIN),
      functions: declare(name, ModuleMode.FUNCTIONS),
      stream: declare(name, ModuleMode.STREAM),
      generator: kind === 'generator',
    };
    // A promise that resolves to an object with a `then` calls it.
    if (name !== 'then') functions[name] = exportedFunction(dispatcher, ways);
  }
  pool.announce({ kind: 'module', order, functions: numbered });
  const dispose = async (): Promise<void> => {
    for (const fn of all) fn.refuse(() => disposed(library, fn.name));
    await allSettled(admission.pending().filter((call) => all.has(call.fn)));
  };
  const target = Object.freeze({ ...functions, [Symbol.asyncDispose]: dispose });
  const missing = (name: string): unknown => {
    const fn = new DeclaredFunction(
      -1,
      moduleFunction(library, name, false),
      'node',
      library,
      null,
      modulePart({ functions: false, progress: false }),
    );
    fn.refuse(() => notExported(library, name, Object.keys(functions), others));
    return exportedFunction(dispatcher, { plain: fn, functions: fn, stream: fn, generator: false });
  };
  return new Proxy(target, {
    get: (exported, key) => {
      if (typeof key === 'symbol' || key in exported || IGNORED.has(key))
        return Reflect.get(exported, key) as unknown;
      return missing(key);
    },
  });
}

/** Names for which code asks of any object. */
const IGNORED: ReadonlySet<string> = new Set([
  'then',
  'toJSON',
  ...Object.getOwnPropertyNames(Object.prototype),
]);

function notExported(
  library: string,
  name: string,
  names: readonly string[],
  others: readonly string[],
): ModuleError {
  const what = others.includes(name)
    ? `exports ${name}, but not as a function: only functions can be called in a lane`
    : `exports no function ${name}`;
  const list =
    names.length === 0 ? 'It exports no functions.' : `Its functions: ${names.slice(0, 20).join(', ')}.`;
  return new ModuleError(`${library} ${what}. ${list}`, { symbol: name, code: 'OFFTHREAD_MODULE_EXPORT' });
}

function disposed(library: string, symbol: string): PoolClosedError {
  return new PoolClosedError(
    `${symbol} was not called: its module ${library} has been disposed of. Load the module again.`,
    { code: 'OFFTHREAD_LIBRARY_CLOSED', symbol },
  );
}

/** What to do about the errors of Node.js that say little. */
function adviceOf(code: unknown, message: string): string {
  if (code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return ' This Node.js does not load TypeScript: use Node.js 22.18 or later, pass what tsc or esbuild makes of the file, or load a loader in lanes (`execArgv: ["--import", "tsx"]`).';
  }
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') {
    return ' Check the path: pass new URL("./work.js", import.meta.url) for a file beside yours.';
  }
  if (code === 'ERR_DLOPEN_FAILED' || /did not self-register/.test(message)) {
    return ' An add-on could not be loaded into this lane. `offthread doctor MODULE` says whether it may run in threads or needs processes (`isolation: "process"`).';
  }
  return '';
}

function loadFailure(
  { place, limitMs }: ModuleOrder,
  answer: Extract<ModuleAnswer, { failed: unknown }>,
): ModuleError {
  const { failed, error } = answer;
  const name = nameOfPlace(place);
  if (failed === 'time') {
    return new ModuleError(
      `${name} was not loaded: loading it, and its setup, took longer than ${limitMs} ms. Check what it awaits or computes when it is loaded, or raise the option \`timeout\` of pool.module.`,
      { code: 'OFFTHREAD_MODULE_LOAD' },
    );
  }
  const cause = thrownValue(error);
  const line = thrownLine(error).replace(/\.$/, '');
  if (failed === 'setup') {
    return new ModuleError(`${name} was loaded, but its setup threw: ${line}.`, {
      cause,
      code: 'OFFTHREAD_MODULE_SETUP',
    });
  }
  const { code } = (typeof cause === 'object' && cause !== null ? cause : {}) as { code?: unknown };
  return new ModuleError(`${name} could not be loaded: ${line}.${adviceOf(code, line)}`, {
    cause,
    code: 'OFFTHREAD_MODULE_LOAD',
  });
}
