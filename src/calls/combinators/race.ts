/**
 * The first of many.
 *
 *   running ──► won: one has succeeded, and every other has been asked to stop
 *      └──────► lost: all have failed
 *
 * Guarantees: one winner. When the race resolves, all losers have been asked,
 * and none that had not been started ever is. At most one timer, for the next
 * start, and none after the end.
 */
import { clearTimeout, setTimeout } from '../../builtins.js';
import { ArgumentError, CallCancelledError, RaceError } from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import { type RaceOptions, type RaceSettings, raceSettings } from '../../options/combinator-options.js';
import type { Task } from './bounds.js';
import { type Branch, type Start, type Started, stopAll } from './branch.js';
import { together } from './together.js';

/**
 * Starts all of a list, and resolves to the result of the first that succeeds. The others are cancelled: their signals
 * abort, and native calls among them are cancelled. All of them have been asked when the race resolves; it does not wait
 * until native code has come back.
 *
 * With `stagger` one is started after the other, as long as none has succeeded: the second request that goes out only
 * when the first is slow.
 *
 * @param starts functions, each called with a signal of its own; or promises and calls that run already, which are taken
 * over: they race from the beginning, and are cancelled when they lose.
 * @throws (rejects) RaceError when all have failed; ArgumentError, with nothing started, also for an empty list;
 * CallCancelledError, its `cause` the signal's reason; CallTimeoutError with code `OFFTHREAD_DEADLINE`.
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
  /** Index of the next to be started. */
  #next = 0;
  #failed = 0;
  /** Won, or the bounds were passed: what comes now is ignored. */
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
      // First, so that it has won whatever those do that are stopped.
      this.#resolve(outcome.value);
      this.stop(new CallCancelledError('Another start won the race.'));
      return;
    }
    this.#failed += 1;
    if (this.#failed === this.#branches.length) this.#reject(this.#lost());
    else if (index < this.#next) this.#startNext();
  }

  /** Starts the next one, or all that are left where there is no stagger. */
  #startNext(): void {
    clearTimeout(this.#timer);
    // A start may abort the signal itself.
    while (!this.#over && this.#next < this.#branches.length) {
      const branch = this.#branches[this.#next++] as Branch;
      // It was given, and has failed before its turn.
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
