/**
 * Runs a list of starts and takes the first success.
 *
 *   running ──► won: one has succeeded, and all others have been asked to stop
 *      └──────► lost: all have failed
 *
 * Guarantees: there is one winner. When the race resolves, all losers have been asked to stop, and no further start is
 * made. There is at most one timer, for the next start, and none after the end.
 */
import { clearTimeout, setTimeout } from '../../builtins.js';
import { ArgumentError, CallCancelledError, RaceError } from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import { type RaceOptions, type RaceSettings, raceSettings } from '../../options/combinator-options.js';
import type { Task } from './bounds.js';
import { type Branch, type Start, type Started, stopAll } from './branch.js';
import { together } from './together.js';

/**
 * Starts everything in a list, and resolves to the first result. The others are cancelled: their signals abort, and
 * native calls among them are cancelled. When the race resolves, all of them have been asked to stop; it does not wait
 * until native code has returned.
 *
 * With `stagger`, one is started after the other until one succeeds: for example, a second request that is sent only if
 * the first is slow.
 *
 * @param starts functions, each called with a signal of its own; or promises and calls that already run, which are
 * taken over: they race from the beginning, and are cancelled when they lose.
 * @throws (rejects) RaceError if all have failed; ArgumentError, with nothing started, also for an empty list;
 * CallCancelledError with the signal's reason as `cause`; CallTimeoutError with code `OFFTHREAD_DEADLINE`.
 */
export function race<const T extends readonly (Start<unknown> | PromiseLike<unknown>)[]>(
  starts: T,
  options?: RaceOptions,
): Promise<Started<T[number]>>;
export function race(starts: unknown, options?: RaceOptions): Promise<unknown> {
  return together<RaceSettings, unknown>(
    'race',
    starts,
    () => raceSettings(options),
    (branches, settings) => {
      if (branches.length === 0) {
        throw new ArgumentError('race received an empty list. Pass at least one start.');
      }
      return (resolve, reject) => new First(branches, settings, resolve, reject);
    },
  );
}

class First implements Task {
  readonly #branches: readonly Branch[];
  readonly #stagger: number;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (reason: unknown) => void;
  /** Index of the next entry to start. */
  #next = 0;
  #failed = 0;
  /** The race is won, the signal has aborted, or the deadline has passed: later outcomes are ignored. */
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    branches: readonly Branch[],
    { stagger }: RaceSettings,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#branches = branches;
    this.#stagger = stagger;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  begin(): void {
    for (const [index, branch] of this.#branches.entries()) {
      branch.onSettled = (outcome) => this.#settled(index, outcome);
    }
    this.#startNext();
  }

  /** The race has ended; no further start is made. */
  stop(reason: unknown): void {
    this.#over = true;
    clearTimeout(this.#timer);
    stopAll(this.#branches, reason);
  }

  #settled(index: number, outcome: PromiseSettledResult<unknown>): void {
    if (this.#over) return;
    if (outcome.status === 'fulfilled') {
      // Before the others are stopped, so that nothing they do can change the winner.
      this.#resolve(outcome.value);
      this.stop(new CallCancelledError('Another start won the race.'));
      return;
    }
    this.#failed += 1;
    if (this.#failed === this.#branches.length) this.#reject(this.#lost());
    else if (index < this.#next) this.#startNext();
  }

  /** Starts the next entry, or all remaining ones without `stagger`. */
  #startNext(): void {
    clearTimeout(this.#timer);
    // A start may abort the signal itself.
    while (!this.#over && this.#next < this.#branches.length) {
      const branch = this.#branches[this.#next++] as Branch;
      // A promise that was passed has failed before its turn.
      if (branch.outcome !== undefined) continue;
      branch.begin();
      if (this.#stagger > 0) break;
    }
    if (!this.#over && this.#next < this.#branches.length && this.#stagger < Infinity) {
      this.#timer = setTimeout(() => this.#startNext(), this.#stagger);
    }
  }

  #lost(): RaceError {
    const errors = this.#branches.map(({ outcome }) => (outcome as PromiseRejectedResult).reason as unknown);
    const why = thrownText(errors[0]).replace(/\.$/, '');
    const message =
      errors.length === 1
        ? `The only start of the race failed: ${why}.`
        : `All ${errors.length} starts of the race failed, the first with: ${why}. All failures are in \`errors\`.`;
    return new RaceError(message, { errors });
  }
}
