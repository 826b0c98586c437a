/**
 * Opens libraries while calls run, for an engine whose table has no lock
 * (ffi-rs): the table may change only while no call of that engine is in flight
 * anywhere in the process.
 *
 *   open ──► no new call of the engine starts ──► calls in flight end ──► opened ──► calls go on
 *                                            └─ timeout ──► EngineError, calls go on
 *
 * Guarantee: there is one quiescence per process, even with several copies of
 * offthread (two dependencies with a copy each, a test runner that reloads
 * modules for each file), since the copies share the table of ffi-rs, too.
 */
import workerThreads from 'node:worker_threads';
import { Promise, clearInterval, performance, setInterval } from '../../builtins.js';
import { EngineError } from '../../errors.js';

/** A pool's part in the quiescence. */
export interface QuietMember {
  /** Whether no thread of the pool can be inside the engine. */
  quiet(): boolean;
  /** What keeps the engine busy, for the error. */
  obstacle(): string;
  /** Calls may start again. */
  resume(): void;
}

interface Waiter {
  run(): void;
  /** Rejects with the error class of the waiting copy of offthread. */
  fail(obstacle: string): void;
  readonly until: number;
}

/** ms that an `open` waits for calls in flight. */
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
   * Runs `work` as soon as no call is in flight, possibly now.
   * @param busy makes the error for a wait longer than `patienceMs`, from what keeps the engine busy.
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

  /** Runs the waiting work if the engine is quiet now. Called repeatedly while work waits. */
  look(): void {
    if (!this.closed) return;
    const obstacle = [...this.#members].find((member) => !member.quiet());
    if (obstacle === undefined) for (const waiter of this.#waiters.splice(0)) waiter.run();
    else this.#expire(obstacle);
    if (this.closed) {
      // The timer keeps the process alive: a caller awaits an `open`.
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
 * The key by which copies of offthread find each other. Its number changes with
 * the members and methods of {@link Quiescence}: older copies then have one of
 * their own.
 */
const KEY = Symbol.for('offthread.quiescence.1');

/**
 * The quiescence, stored on the object of a built-in module: unlike `globalThis`,
 * that object is the same in every context of this thread, and test runners load
 * modules in separate contexts. Other threads of the host have other objects, but
 * cannot use ffi-rs (`Capabilities.anyThread`).
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
