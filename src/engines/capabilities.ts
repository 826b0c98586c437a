/**
 * The capabilities of each engine, known before it is loaded, so that `auto` can choose without loading all engines.
 */
import type { EngineName } from '../declare/spec.js';
import type { Capabilities } from './engine.js';

/** The capabilities of every engine, by name. */
export const CAPABILITIES: { readonly [name in EngineName]: Capabilities } = {
  'ffi-rs': {
    f32Return: false,
    errno: true,
    callbacks: false,
    endableCallbacks: false,
    numericPointers: false,
    concurrentOpen: false,
    quickLoops: true,
    anyThread: false,
  },
  koffi: {
    f32Return: true,
    errno: true,
    callbacks: true,
    endableCallbacks: true,
    numericPointers: true,
    concurrentOpen: true,
    quickLoops: true,
    anyThread: true,
  },
  node: {
    f32Return: true,
    errno: true,
    callbacks: true,
    // Ending a thread is an exception in a callback, which ends the process.
    endableCallbacks: false,
    numericPointers: false,
    concurrentOpen: true,
    // Node.js 26.10 crashes now and then in V8's compiler while it optimizes such a loop.
    quickLoops: false,
    anyThread: true,
  },
};
