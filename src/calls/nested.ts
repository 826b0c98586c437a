/**
 * Detects deadlocks of nested calls: calls made by functions that native code
 * waits for. When every lane waits for such a function, and each function waits
 * for a call without a lane, directly or through others, none can proceed.
 *
 *   native code ─waits for─► function ─waits for─► call ─┬─ queued: needs a lane
 *        ▲                                               └─ running: its native code may wait in turn
 *
 * Checked one turn of the event loop later, and after every change: a function
 * that makes a call and returns without awaiting it is not a deadlock.
 */
import { setImmediate, setTimeout } from '../builtins.js';
import { DeadlockError } from '../errors.js';
import { currentInvocation } from '../supervisor/host-functions/host-context.js';
import type { Invocation } from '../supervisor/host-functions/invocation.js';
import type { Call } from './call.js';

/** What nested calls need from their pool. */
export interface NestedContext {
  /** Whether every lane waits for the host: for a function for which `holds` is true, or for a reader of a call for which `stalls` is true. */
  allWait(holds: (invocation: Invocation) => boolean, stalls: (call: object) => boolean): boolean;
  /** Fails a call that would never start. */
  abandon(call: Call, error: DeadlockError): void;
}

/** ms between looks while nested calls wait. */
const AGAIN_MS = 50;

/** The function that made a call; for the calls of all pools, which may wait for each other. */
const origins = new WeakMap<object, Invocation>();

export class NestedCalls {
  readonly #context: NestedContext;
  /** Nested calls of this pool that have not settled, oldest first. */
  readonly #calls = new Set<Call>();
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

  /** Calls or lanes may have begun to wait: checks for a deadlock in the next turn. */
  changed(): void {
    if (this.#calls.size === 0 || this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#look();
    });
  }

  #look(): void {
    const queued = [...this.#calls].filter(({ state }) => state === 'queued' || state === 'waiting');
    const newest = queued.at(-1);
    if (newest === undefined) return;
    const held = heldBy(queued);
    const holds = (invocation: Invocation | undefined): boolean =>
      invocation !== undefined && held.has(invocation);
    if (!this.#context.allWait(holds, (call) => holds(origins.get(call)))) {
      // Checked again later: no event reports that native code has begun to wait for a reader.
      if (this.#again !== undefined) return;
      this.#again = setTimeout(() => {
        this.#again = undefined;
        this.changed();
      }, AGAIN_MS).unref();
      return;
    }
    const { fn, id } = newest;
    this.#context.abandon(
      newest,
      new DeadlockError(
        `${fn.name} would never start: it was called by a function that native code waits for, and every lane waits for such a function. ` +
          'Use more lanes than there are functions that make calls, or make their calls on another pool.',
        { call: id, symbol: fn.name },
      ),
    );
    // Other calls may be in a deadlock, too.
    this.changed();
  }
}

/** All functions that wait for one of these calls, or for a call whose native code waits for such a function. */
function heldBy(queued: readonly Call[]): Set<Invocation> {
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
