/** Engines by name: one of each in a JavaScript environment. */
import type { EngineName } from '../declare/spec.js';
import type { Engine } from './engine.js';
import { type FfiRsOptions, loadFfiRs } from './bindings/ffi-rs.js';
import { type KoffiOptions, loadKoffi } from './bindings/koffi.js';
import { loadNodeFfi } from './bindings/node-ffi.js';

/** Options of the first load of an engine; later ones are ignored. */
export type LoadOptions = FfiRsOptions & KoffiOptions;

const engines = new Map<EngineName, Engine>();

/** Loads an engine, or returns the one that this environment has. @throws EngineError OFFTHREAD_ENGINE_MISSING */
export function loadEngine(name: EngineName, options: LoadOptions = {}): Engine {
  let engine = engines.get(name);
  if (engine === undefined) {
    engine = LOADERS[name](options);
    engines.set(name, engine);
  }
  return engine;
}

const LOADERS: { readonly [name in EngineName]: (options: LoadOptions) => Engine } = {
  'ffi-rs': loadFfiRs,
  koffi: loadKoffi,
  node: loadNodeFfi,
};
