/**
 * The thread of a pool's first lane. It may be started before the lane exists: it takes tens of ms to start, and this
 * thread loads the code of lanes in the meantime.
 *
 *   not started ──► started ──► taken: it belongs to the first lane
 *                      └──────► discarded: nothing was opened
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

  constructor(settings: PoolSettings) {
    this.#settings = settings;
  }

  /** Starts the thread, for a pool of threads; in a lane, no lanes are started. */
  start(): void {
    const { isolation, stackSizeMb } = this.#settings;
    if (isolation === 'thread' && !isWithinLane())
      this.#started ??= startLaneThread(this.#settings, stackSizeMb);
  }

  /** A thread for a lane: the one that was started, or a new one. */
  take(): Piscina {
    const thread = this.#started ?? startLaneThread(this.#settings, this.#settings.stackSizeMb);
    this.#started = undefined;
    return thread;
  }

  /** Ends the thread if no lane has taken it. */
  discard(): void {
    const thread = this.#started;
    this.#started = undefined;
    if (thread === undefined) return;
    thread.on('error', () => {});
    void withOriginals(() => thread.destroy());
  }
}
