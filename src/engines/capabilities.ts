/**
 * The capabilities of each engine, known before it is loaded, so that `auto` can choose without loading all engines.
 */
import type { EngineName } from '../declare/spec.js';
import type { Capabilities } from './engine.js';

/**
 * Whether a variadic function takes its arguments as any other does. It does by the calling conventions of x86-64, whose
 * callers also say in a register how many floats there are, as libffi does at every call, and of arm64, but not Apple's.
 */
const PLAIN_VARIADIC = process.arch === 'x64' || (process.arch === 'arm64' && process.platform !== 'darwin');

/** The capabilities of every engine, by name. */
export const CAPABILITIES: { readonly [name in EngineName]: Capabilities } = {
  'ffi-rs': {
    f32Return: false,
    errno: true,
    structs: false,
    variadic: PLAIN_VARIADIC,
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
    structs: true,
    variadic: true,
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
    structs: false,
    variadic: PLAIN_VARIADIC,
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
