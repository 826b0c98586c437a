/** What the lanes of a pool do at a moment. */

/** One lane, as returned by `pool.activity()`. */
export interface LaneActivity {
  /** Name of the lane, for example `offthread-2`. */
  readonly lane: string;
  /**
   * `starting`: not ready yet; `idle`: ready, without a call; `busy`: inside a call; `lost`: given up, and still stuck in
   * native code.
   */
  readonly state: 'starting' | 'idle' | 'busy' | 'lost';
  /** Process id of a process lane; undefined for a thread. */
  readonly pid: number | undefined;
  /** The call that runs; undefined where none does. */
  readonly call: RunningCall | undefined;
}

/** A call inside a lane. */
export interface RunningCall {
  /** Id of the call, as in `call.id`. Batches of items have ids of their own. */
  readonly id: number;
  /** Name of the native function, as declared. */
  readonly symbol: string;
  /** ms since native code was called; 0 for a call that is just starting. */
  readonly ranMs: number;
}
