/**
 * Detects deadlocks of nested calls: calls made by functions that native code
 * waits for. When every lane waits for such a function, and each function waits
 * for a call without a lane, directly or through others, none can proceed.
 *
 *   native code ─waits for─► function ─waits for─► call ─┬─ queued: needs a lane
 *        ▲                                               └─ running: its native code may wait in turn
 *
 * A call of a session needs the lane of its session. A function may also wait for a session: until a lane is free for
 * it, or until its calls have ended and it is closed.
 *
 * Checked one turn of the event loop later, and after every change: a function
 * that makes a call and returns without awaiting it is not a deadlock.
 */
import { setImmediate, setTimeout } from '../builtins.js';
import { DeadlockError } from '../errors.js';
import { currentInvocation } from '../supervisor/host-functions/host-context.js';
import type { Invocation } from '../supervisor/host-functions/invocation.js';
import type { JobLane } from '../supervisor/job.js';
import type { Call } from './call.js';

/** What nested calls need from their pool. */
export interface NestedContext {
  /**
   * Whether every lane waits for the host: for a function for which `holds` is true, or for a reader of a call for which
   * `stalls` is true.
   * @param among the lanes that count; null: all.
   */
  allWait(
    holds: (invocation: Invocation) => boolean,
    stalls: (call: object) => boolean,
    among: readonly JobLane[] | null,
  ): boolean;
  /** Fails a call that would never start. */
  abandon(call: Call, error: DeadlockError): void;
}

/** A wait of a session. */
export interface NestedWait {
  /** The lanes of which one has to come to an end; null: any. */
  lanes(): readonly JobLane[] | null;
  /** The wait would last for ever. */
  fail(): void;
}

/** ms between looks while nested calls wait. */
const AGAIN_MS = 50;

/** The function that made a call, or waits for a session; for those of all pools, which may wait for each other. */
const origins = new WeakMap<object, Invocation>();

export class NestedCalls {
  readonly #context: NestedContext;
  /** Nested calls of this pool that have not settled, oldest first. */
  readonly #calls = new Set<Call>();
  readonly #waits = new Set<NestedWait>();
  #looking = false;
  #again: NodeJS.Timeout | undefined;

  constructor(context: NestedContext) {
    this.#context = context;
  }

  /** A call has been made. */
  made(call: Call): void {
    const origin = currentInvocation();
    if (origin === undefined) return;
    origins.set(call, origin);
    this.#calls.add(call);
  }

  /** A call has settled. */
  settled(call: Call): void {
    if (this.#calls.size > 0) this.#calls.delete(call);
  }

  /** A session waits. */
  begin(wait: NestedWait): void {
    const origin = currentInvocation();
    if (origin === undefined) return;
    origins.set(wait, origin);
    this.#waits.add(wait);
    this.changed();
  }

  /** A session no longer waits. */
  end(wait: NestedWait): void {
    this.#waits.delete(wait);
  }

  /** Calls or lanes may have begun to wait: checks for a deadlock in the next turn. */
  changed(): void {
    if ((this.#calls.size === 0 && this.#waits.size === 0) || this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#look();
    });
  }

  #look(): void {
    const queued = [...this.#calls].filter(({ state }) => state === 'queued' || state === 'waiting');
    const all: readonly (Call | NestedWait)[] = [...queued, ...this.#waits];
    if (all.length === 0) return;
    const newest = this.#stuck(all).at(-1);
    if (newest === undefined) {
      // Checked again later: no event reports that native code has begun to wait for a reader.
      if (this.#again !== undefined) return;
      this.#again = setTimeout(() => {
        this.#again = undefined;
        this.changed();
      }, AGAIN_MS).unref();
      return;
    }
    if ('fn' in newest) this.#context.abandon(newest, neverStarts(newest));
    else newest.fail();
    // Other calls may be in a deadlock, too.
    this.changed();
  }

  /** Those whose lanes all wait for functions that wait for one of those themselves. */
  #stuck(all: readonly (Call | NestedWait)[]): readonly (Call | NestedWait)[] {
    let stuck = all;
    for (;;) {
      const held = heldBy(stuck);
      const holds = (invocation: Invocation | undefined): boolean =>
        invocation !== undefined && held.has(invocation);
      const allWait = (among: readonly JobLane[] | null): boolean =>
        this.#context.allWait(holds, (call) => holds(origins.get(call)), among);
      // Most need any lane: asked once.
      let any: boolean | undefined;
      const left = stuck.filter((one) => {
        const among = lanesOf(one);
        return among === null ? (any ??= allWait(null)) : allWait(among);
      });
      if (left.length === stuck.length) return stuck;
      stuck = left;
    }
  }
}

/** The error of a call that would never start. */
function neverStarts({ fn, id, boundTo }: Call): DeadlockError {
  const [lanes, advice] =
    boundTo === null
      ? [
          'every lane waits for such a function',
          'Use more lanes than there are functions that make calls, or make their calls on another pool.',
        ]
      : [
          'the lane of its session waits for such a function',
          'A session makes one call at a time: make the call outside of the session, or in another one.',
        ];
  return new DeadlockError(
    `${fn.name} would never start: it was called by a function that native code waits for, and ${lanes}. ${advice}`,
    { call: id, symbol: fn.name },
  );
}

/** The lanes that a call or session needs one of; null: any. */
function lanesOf(one: Call | NestedWait): readonly JobLane[] | null {
  if (!('fn' in one)) return one.lanes();
  return one.boundTo === null ? null : [one.boundTo];
}

/** All functions that wait for one of these, or for a call whose native code waits for such a function. */
function heldBy(queued: readonly (Call | NestedWait)[]): Set<Invocation> {
  const held = new Set<Invocation>();
  for (const call of queued) {
    let origin = origins.get(call);
    while (origin !== undefined && !held.has(origin)) {
      held.add(origin);
      origin = origin.job === null ? undefined : origins.get(origin.job);
    }
  }
  return held;
}
