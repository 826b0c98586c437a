/**
 * Calls that are made by functions which native code waits for. When every
 * lane waits for such a function, and each of these waits for a call that has
 * no lane, directly or through others, none of them will ever go on: that is
 * found here.
 *
 *   native code ─waits for─► function ─waits for─► call ─┬─ queued: needs a lane
 *        ▲                                               └─ running: its native code may wait in turn
 *
 * Looked at a turn of the event loop later, and again whenever something has
 * changed: a function that makes a call and answers without awaiting it is no
 * deadlock.
 */
import { setImmediate, setTimeout } from '../builtins.js';
import { DeadlockError } from '../errors.js';
import { currentInvocation } from '../supervisor/host-functions/host-context.js';
import type { Invocation } from '../supervisor/host-functions/invocation.js';
import type { Call } from './call.js';

/** What this needs of its pool. */
export interface NestedContext {
  /** Whether every lane waits for the host: for a function of which `holds` is true, or for a reader of a call of which `stalls` is. */
  allWait(holds: (invocation: Invocation) => boolean, stalls: (call: object) => boolean): boolean;
  /** Ends a call that would never start. */
  abandon(call: Call, error: DeadlockError): void;
}

/** ms between looks while calls wait that were made by functions of the host. */
const AGAIN_MS = 50;

/** Who made a call: of all pools, since they may wait for each other. */
const origins = new WeakMap<object, Invocation>();

export class NestedCalls {
  readonly #context: NestedContext;
  /** This pool's that have not settled; oldest first. */
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

  /** Something has changed: calls wait that did not, or lanes wait that did not. */
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
      // Native code that comes to wait for a reader says nothing.
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
    // Others may be stuck as well.
    this.changed();
  }
}

/** Every function that waits for one of these calls, or for a call whose native code waits for such a function. */
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
