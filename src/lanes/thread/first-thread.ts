/**
 * The thread of a pool's first lane. It may be started before the lane exists: it takes tens of ms to start, and this
 * thread loads the code of lanes in the meantime.
 *
 *   not started ──► started ──► taken: it belongs to the first lane
 *        │             └──────► discarded: nothing was opened
 *        └────────► failed ───► the first lane fails with its error, as if it had started the thread itself
 *
 * Guarantee: a thread that was started is taken or discarded before this thread returns to its event loop, so no event
 * of it is missed.
 */
import type { Piscina } from 'piscina';
import type { PoolSettings } from '../../options/pool-options.js';
import { isWithinLane } from '../../shared/lane-mark.js';
import { withOriginals } from './originals.js';
import { startLaneThread } from './thread-start.js';

export class FirstThread {
  readonly #settings: PoolSettings;
  #started: Piscina | undefined;
  /** Why the thread could not be started: whoever takes it deals with that as with any lane that does not start. */
  #failure: { readonly error: unknown } | undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Starts the thread, for a pool of threads; in a lane, no lanes are started. */
  start(): void {
    const { isolation, stackSizeMb } = this.#settings;
    if (isolation !== 'thread' || isWithinLane() || this.#started !== undefined) return;
    try {
      this.#started = startLaneThread(this.#settings, stackSizeMb);
    } catch (error) {
      this.#failure = { error };
    }
  }

  /**
   * A thread for a lane: the one that was started, or a new one.
   * @throws the error of starting it.
   */
  take(): Piscina {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    const thread = this.#started ?? startLaneThread(this.#settings, this.#settings.stackSizeMb);
    this.#started = undefined;
    return thread;
  }

  /** Ends the thread if no lane has taken it. */
  discard(): void {
    const thread = this.#started;
    this.#started = undefined;
    this.#failure = undefined;
    if (thread === undefined) return;
    thread.on('error', () => {});
    void withOriginals(() => thread.destroy());
  }
}
