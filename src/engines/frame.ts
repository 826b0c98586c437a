/** The data that a bound function needs from the environment in which it is called. */
import type { FunctionSpec, HostFunctionSpec } from '../declare/spec.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';

/** Addresses of functions that native code can call. */
export interface CallbackSource {
  /** For a callback parameter of a function, or its chunks. */
  own(spec: FunctionSpec, index: number): bigint;
  /** For a persistent callback, by its id. */
  persistent(id: number, param: HostFunctionSpec): bigint;
  /** For a probe, which returns non-zero once the running call is to stop. */
  probe(): bigint;
}

/** The memory of a call in one environment. */
export interface Frame {
  readonly memory: LaneMemory;
  /** Native address of `memory.buffer`. */
  readonly base: bigint;
  /** Null if native code cannot call back. */
  readonly callbacks: CallbackSource | null;
  /** Native address of the live bytes. */
  readonly live: () => bigint;
}
