/**
 * Why and how a run ends before its input does.
 *
 *   running ──► finishing: items that run are finished, no more are started
 *      │            │   Ctrl-C, SIGTERM · too many failures (soon) · nobody reads the output
 *      └────────────┴──► stopping: everything is stopped at once
 *                           second Ctrl-C · too many failures (now)
 *
 * Guarantee: the first cause is kept; a second signal only changes how fast the run ends.
 */
import type { Pool } from 'offthread';
import { EXIT } from '../../console/exit-codes.js';

export type StopCause = 'interrupted' | 'failures' | 'closed';

/** ms after the second signal in which what is there is still written. */
const LAST_MS = 2_000;
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export class StopControl {
  readonly #pool: Pool;
  readonly #say: (text: string) => void;
  readonly #onSignal = (): void => this.#signalled();
  #cause: StopCause | null = null;
  #stopping = false;

  /** @param say tells what a signal does. */
  constructor(pool: Pool, say: (text: string) => void) {
    this.#pool = pool;
    this.#say = say;
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  get cause(): StopCause | null {
    return this.#cause;
  }

  /** Starts no more items. */
  finish(cause: StopCause): void {
    this.#cause ??= cause;
    void this.#pool.close({ timeout: Number.POSITIVE_INFINITY });
  }

  /** Stops the items that run. */
  stop(cause: StopCause): void {
    this.#cause ??= cause;
    this.#stopping = true;
    void this.#pool.destroy();
  }

  /** The run is over: signals have their usual effect again. */
  end(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #signalled(): void {
    if (this.#stopping) process.exit(EXIT.interrupted);
    if (this.#cause === null) {
      this.#say('finishing what runs; once more to stop at once');
      this.finish('interrupted');
      return;
    }
    this.stop('interrupted');
    setTimeout(() => process.exit(EXIT.interrupted), LAST_MS).unref();
  }
}
