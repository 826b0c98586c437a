/** Loads a module into this thread, and finds what it exports. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';
import type { ModulePlace } from '../../src/shared/messages/module-messages.js';

/** The exports of a module. */
export interface ModuleExports {
  /** The functions, with the object that they are called on. */
  readonly functions: ReadonlyMap<string, ExportedFunction>;
  /** Names of exports that are no functions. */
  readonly others: readonly string[];
}

export interface ExportedFunction {
  readonly fn: (...args: unknown[]) => unknown;
  /** Undefined for an ES module, whose functions are called on nothing. */
  readonly receiver: unknown;
}

/** Node.js names the exports of a CommonJS module so, besides `default`. */
const WHOLE = 'module.exports';

/**
 * An export that is a promise stands for what it resolves to: a worker file of piscina may say so that it needs time.
 * @throws (rejects) the error of loading the module.
 */
export async function loadModule(place: ModulePlace): Promise<ModuleExports> {
  if (place.kind === 'addon') {
    return exportsOf({ default: createRequire(place.path)(place.path) as unknown }, true);
  }
  const namespace = (await import(place.url)) as Record<string, unknown>;
  return exportsOf(await awaited(namespace), isCommonJs(place.url, namespace));
}

async function awaited(namespace: Record<string, unknown>): Promise<Record<string, unknown>> {
  const ready: Record<string, unknown> = { __proto__: null };
  for (const [name, value] of Object.entries(namespace)) {
    ready[name] = types.isPromise(value) ? await value : value;
  }
  return ready;
}

/** Whether a module that was imported is of CommonJS, or an add-on: then its `default` is all of it. */
function isCommonJs(url: string, namespace: Record<string, unknown>): boolean {
  if (!url.startsWith('file:')) return url.startsWith('node:');
  if (WHOLE in namespace) return true;
  const path = fileURLToPath(url);
  return createRequire(path).cache[path] !== undefined;
}

function exportsOf(namespace: Record<string, unknown>, whole: boolean): ModuleExports {
  const functions = new Map<string, ExportedFunction>();
  const others: string[] = [];
  const add = (name: string, value: unknown, receiver: unknown): void => {
    if (typeof value === 'function') {
      functions.set(name, { fn: value as ExportedFunction['fn'], receiver });
    } else others.push(name);
  };
  const all = whole ? namespace['default'] : undefined;
  const isContainer = (typeof all === 'object' && all !== null) || typeof all === 'function';
  const receiver = isContainer ? all : undefined;
  // An ES module that a compiler has made CommonJS of has a `default` of its own.
  const compiled = isContainer && '__esModule' in all && 'default' in all;
  for (const [name, value] of Object.entries(namespace)) {
    if (name === WHOLE || name === '__esModule' || (compiled && name === 'default')) continue;
    add(name, value, name === 'default' ? undefined : receiver);
  }
  // Node.js finds the names of a CommonJS module's exports by reading its text, and not all of them.
  if (isContainer) {
    for (const [name, value] of Object.entries(all)) {
      if (!functions.has(name) && !others.includes(name)) add(name, value, receiver);
    }
  }
  return { functions, others };
}

/** Whether a function is a generator, sync or async. */
export function isGenerator(fn: object): boolean {
  const tag = (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === 'GeneratorFunction' || tag === 'AsyncGeneratorFunction';
}
