/**
 * Opening a library while calls run, for an engine whose tables have no lock
 * (ffi-rs): the table may only change while no call of that engine is in
 * flight anywhere in the process.
 *
 *   open ──► no new call of the engine starts ──► those in flight end ──► opened ──► calls go on
 *                                            └─ too long ──► EngineError, calls go on
 *
 * Guarantee: quiescence is one for the process, however many copies of offthread
 * it has loaded (two dependencies that each bring one, a test runner that loads
 * modules anew for each file): they share the table of ffi-rs, too.
 */
import workerThreads from 'node:worker_threads';
import { Promise, clearInterval, performance, setInterval } from '../../builtins.js';
import { EngineError } from '../../errors.js';

/** One pool's part in it. */
export interface QuietMember {
  /** Whether no thread of the pool can be inside the engine. */
  quiet(): boolean;
  /** What is in the way, for the error. */
  obstacle(): string;
  /** Calls may start again. */
  resume(): void;
}

interface Waiter {
  run(): void;
  /** Rejects with the error class of the copy of offthread that waits. */
  fail(obstacle: string): void;
  readonly until: number;
}

/** ms that a late open waits for the calls in flight. */
const QUIET_PATIENCE_MS = 10_000;
const LOOK_MS = 2;

export class Quiescence {
  readonly #members = new Set<QuietMember>();
  readonly #waiters: Waiter[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** While true no call of the engine may be dispatched. */
  get closed(): boolean {
    return this.#waiters.length > 0;
  }

  join(member: QuietMember): void {
    this.#members.add(member);
  }

  leave(member: QuietMember): void {
    this.#members.delete(member);
  }

  /**
   * Runs `work` as soon as nothing is in flight: now, if that is so now.
   * @param busy the error when that takes longer than `patienceMs`, from what is in the way.
   */
  whenQuiet<R>(
    work: () => R,
    patienceMs: number = QUIET_PATIENCE_MS,
    busy: (obstacle: string) => Error = engineBusy,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        try {
          resolve(work());
        } catch (error) {
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passes on what `work` threw
          reject(error);
        }
      };
      this.#waiters.push({
        run,
        fail: (obstacle) => reject(busy(obstacle)),
        until: performance.now() + patienceMs,
      });
      this.look();
    });
  }

  /** Looks whether it is quiet now. Called again and again while somebody waits. */
  look(): void {
    if (!this.closed) return;
    const obstacle = [...this.#members].find((member) => !member.quiet());
    if (obstacle === undefined) for (const waiter of this.#waiters.splice(0)) waiter.run();
    else this.#expire(obstacle);
    if (this.closed) {
      // Kept alive: somebody awaits an open.
      this.#timer ??= setInterval(() => this.look(), LOOK_MS);
      return;
    }
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const member of this.#members) member.resume();
  }

  #expire(obstacle: QuietMember): void {
    const now = performance.now();
    for (const waiter of this.#waiters.filter(({ until }) => until <= now)) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.fail(obstacle.obstacle());
    }
  }
}

function engineBusy(obstacle: string): EngineError {
  return new EngineError(
    `ffi-rs can open a library only while none of its calls is in flight in the process, but ${obstacle}. ` +
      "Open every library before the first long call, or open this one with { engine: 'koffi' }.",
    { code: 'OFFTHREAD_ENGINE_BUSY' },
  );
}

/**
 * The key under which copies of offthread find each other. Another number where
 * the members or the methods of {@link Quiescence} change: older copies then
 * have one of their own.
 */
const KEY = Symbol.for('offthread.quiescence.1');

/**
 * On the object of a built-in module: unlike `globalThis` that object is the
 * same in every context of this thread, and test runners load modules in
 * contexts of their own. Other threads of the host have others, and cannot
 * use ffi-rs (`Capabilities.anyThread`).
 */
function shared(): Quiescence {
  const place = workerThreads as { [KEY]?: Quiescence };
  if (place[KEY] === undefined) Object.defineProperty(place, KEY, { value: new Quiescence() });
  return place[KEY] as Quiescence;
}

/** The quiescence of ffi-rs in this process. */
export const ffiRsQuiescence: Quiescence = shared();

/**
 * Runs `work`, which changes the table of ffi-rs, as soon as none of its calls is in flight.
 * @throws (rejects) EngineError OFFTHREAD_ENGINE_BUSY after 10 s, or what `work` threw.
 */
export function whenFfiRsIsQuiet<R>(work: () => R): Promise<R> {
  return ffiRsQuiescence.whenQuiet(work, QUIET_PATIENCE_MS, engineBusy);
}
