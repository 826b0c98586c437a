/** Selects the engine for a library. */
import type { EngineName, FunctionSpec } from '../declare/spec.js';
import { EngineError } from '../errors.js';
import { CAPABILITIES } from './capabilities.js';
import { loadEngine } from './load-engine.js';

export interface SelectOptions {
  /** Whether the host is the main thread of its process. */
  readonly mainThread: boolean;
  /** Loads an engine, or throws an EngineError with the reason. For tests. */
  readonly load?: ((name: EngineName) => unknown) | undefined;
}

/** A capability that an engine lacks, and the function that needs it. */
interface Lack {
  readonly what: string;
  readonly symbol: string | undefined;
  /** The only engine that has it; undefined if there are several. */
  readonly only?: EngineName;
}

/** Why `auto` skipped an engine: it lacks a capability, or could not be loaded. */
interface Refusal {
  readonly name: EngineName;
  readonly lack: Lack | null;
  readonly cause?: unknown;
}

const CALLING_BACK: ReadonlySet<string> = new Set(['callback', 'chunks', 'cancelProbe']);

/**
 * The engines that `auto` tries, in order: koffi if the application has it, because it is the fastest and supports
 * every declaration; otherwise ffi-rs, which comes with offthread. node:ffi is experimental, and is used only on
 * request.
 */
const AUTOMATIC: readonly EngineName[] = ['koffi', 'ffi-rs'];

/**
 * Chooses the engine for a library's declarations, and loads it.
 * @throws EngineError OFFTHREAD_ENGINE_UNSUPPORTED if a declaration or the thread needs a capability that the engine
 * lacks, OFFTHREAD_ENGINE_MISSING if the suitable engine cannot be loaded.
 */
export function selectEngine(
  requested: 'auto' | EngineName,
  specs: readonly FunctionSpec[],
  options: SelectOptions,
): EngineName {
  const load = options.load ?? loadEngine;
  if (requested !== 'auto') {
    const lack = findLack(requested, specs, options.mainThread);
    if (lack !== null) throw unsupported(requested, lack);
    load(requested);
    return requested;
  }
  const refusals: Refusal[] = [];
  for (const name of AUTOMATIC) {
    const lack = findLack(name, specs, options.mainThread);
    if (lack !== null) {
      refusals.push({ name, lack });
      continue;
    }
    try {
      load(name);
      return name;
    } catch (cause) {
      refusals.push({ name, lack: null, cause });
    }
  }
  throw noneFits(refusals);
}

/** The engine that {@link selectEngine} will choose if it can be loaded; null if none serves the declarations. */
export function likelyEngine(
  requested: 'auto' | EngineName,
  specs: readonly FunctionSpec[],
  mainThread: boolean,
): EngineName | null {
  const names = requested === 'auto' ? AUTOMATIC : [requested];
  return names.find((name) => findLack(name, specs, mainThread) === null) ?? null;
}

function findLack(name: EngineName, specs: readonly FunctionSpec[], mainThread: boolean): Lack | null {
  const can = CAPABILITIES[name];
  if (!can.anyThread && !mainThread) {
    return {
      what: 'a pool that is created in a worker thread (it works from the main thread only)',
      symbol: undefined,
    };
  }
  for (const spec of specs) {
    if (!can.f32Return && spec.returns.kind === 'value' && spec.returns.type === 'f32') {
      return { what: `the function '${spec.name}', which returns f32`, symbol: spec.name };
    }
    if (!can.structs && usesStructs(spec)) {
      return {
        what: `the function '${spec.name}', which passes or returns a struct by value`,
        symbol: spec.name,
        only: 'koffi',
      };
    }
    if (!can.variadic && spec.named !== undefined) {
      return {
        what: `the function '${spec.name}', which has a variable number of arguments, on ${process.platform} ${process.arch}`,
        symbol: spec.name,
        only: 'koffi',
      };
    }
    if (!can.callbacks && usesCallbacks(spec)) {
      return { what: `the function '${spec.name}', which has a callback`, symbol: spec.name };
    }
    if (!can.endableCallbacks && !mainThread && usesCallbacks(spec)) {
      return {
        what: `the function '${spec.name}', which has a callback, for a pool in a worker thread (ending that thread would end the process)`,
        symbol: spec.name,
      };
    }
    if (!can.errno && spec.errno) {
      return { what: `the function '${spec.name}', which reads errno`, symbol: spec.name };
    }
  }
  return null;
}

/** Whether a struct is passed or returned by value. */
function usesStructs({ params, returns }: FunctionSpec): boolean {
  return returns.kind === 'struct' || params.some(({ kind }) => kind === 'struct');
}

/** Whether native code calls JavaScript while the function runs. */
function usesCallbacks({ params, stream }: FunctionSpec): boolean {
  return stream !== null || params.some(({ kind }) => CALLING_BACK.has(kind));
}

function unsupported(name: EngineName, lack: Lack): EngineError {
  return new EngineError(
    `The engine ${name} does not support ${lack.what}. Use engine 'auto', or { engine: 'koffi' } ` +
      `after 'npm install koffi'${lack.only === undefined ? " (or 'node' from Node.js 26.1 on)" : ''}.`,
    { code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol: lack.symbol },
  );
}

function noneFits(refusals: readonly Refusal[]): EngineError {
  // What to install comes last.
  const reasons = refusals
    .toReversed()
    .map(({ name, lack, cause }) =>
      lack === null ? (cause as Error).message : `${name} does not support ${lack.what}.`,
    );
  const missing = refusals.find(({ lack }) => lack === null);
  return new EngineError(`No engine can be used for this library. ${reasons.join(' ')}`, {
    code: missing === undefined ? 'OFFTHREAD_ENGINE_UNSUPPORTED' : 'OFFTHREAD_ENGINE_MISSING',
    symbol: refusals.find(({ lack }) => lack !== null)?.lack?.symbol,
    cause: missing?.cause,
  });
}
