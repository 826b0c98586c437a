/** A session as users see it. */
import type { CloseOptions } from '../../options/pool-options.js';

/** What `session.use` returns: a function as it is; a library or module without `close`, which ends it for all. */
export type InSession<T> = T extends (...args: never[]) => unknown
  ? T
  : Omit<T, 'close' | typeof Symbol.asyncDispose>;

/**
 * A lane that serves this session only, made by `pool.session()`. Its calls run in the order in which they were made, one
 * at a time, in the same thread or process: handles and state that a library keeps there are found again.
 *
 * A session ends when it is closed, when its signal aborts, and when its lane dies or is given up; calls that are made
 * after that reject with a SessionError. Close it: a session that is never closed keeps its lane until it is
 * garbage-collected.
 */
export interface Session extends AsyncDisposable {
  /** Name of the lane. */
  readonly lane: string;
  /** Whether the session takes no more calls: it was closed, or has lost its lane. */
  readonly closed: boolean;
  /**
   * The functions of a library or module for this session, with the same types: `db.prepare(…)` calls the function in the
   * lane of the session. One function is accepted, too, and keeps the options that it has from `with`.
   *
   * Options mean what they mean elsewhere, with two exceptions: `priority` has no effect, since calls run in order, and
   * `attempts` is 1, since the session ends with its lane. In process lanes, `read` and `text` read the memory of this lane.
   * @throws ArgumentError for anything else, and for functions of another pool.
   */
  use<T extends object>(target: T): InSession<T>;
  /**
   * Takes no more calls, waits for those that are pending, and gives the lane back. Calls that have not finished within
   * the timeout are cancelled with a SessionError, and given up after the pool's `grace`. Persistent callbacks that were
   * passed in the session are released: native code that still calls one gets its fallback. Idempotent.
   * @throws (rejects) ArgumentError for wrong options; DeadlockError when a function that native code of the session
   * waits for awaits it.
   */
  close(options?: CloseOptions): Promise<void>;
}
