/**
 * Calls that are made by functions which native code waits for. When every
 * lane waits for such a function, and each of these waits for a call that has
 * no lane, none of them will ever go on: that is found here.
 *
 * Looked at a turn of the event loop later, and again whenever something has
 * changed: a function that makes a call and answers without awaiting it is no
 * deadlock.
 */
import { DeadlockError } from '../errors.js';
import { currentInvocation } from '../supervisor/host-context.js';
import type { Invocation } from '../supervisor/invocation.js';
import type { Call } from './call.js';

/** What this needs of its pool. */
export interface NestedContext {
  /** Whether every lane waits for the host, each for a function of which `holds` is true. */
  allWait(holds: (invocation: Invocation) => boolean): boolean;
  /** Ends a call that would never start. */
  abandon(call: Call, error: DeadlockError): void;
}

export class NestedCalls {
  readonly #context: NestedContext;
  /** Those that have not settled, and who made them; oldest first. */
  readonly #origins = new Map<Call, Invocation>();
  #looking = false;

  constructor(context: NestedContext) {
    this.#context = context;
  }

  /** A call has been made. */
  made(call: Call): void {
    const origin = currentInvocation();
    if (origin !== undefined) this.#origins.set(call, origin);
  }

  /** A call has settled. */
  settled(call: Call): void {
    if (this.#origins.size > 0) this.#origins.delete(call);
  }

  /** Something has changed: calls wait that did not, or lanes wait that did not. */
  changed(): void {
    if (this.#origins.size === 0 || this.#looking) return;
    this.#looking = true;
    setImmediate(() => {
      this.#looking = false;
      this.#look();
    });
  }

  #look(): void {
    const waiting = [...this.#origins].filter(
      ([call]) => call.state === 'queued' || call.state === 'waiting',
    );
    const newest = waiting.at(-1)?.[0];
    if (newest === undefined) return;
    const origins = new Set(waiting.map(([, origin]) => origin));
    if (!this.#context.allWait((invocation) => origins.has(invocation))) return;
    const { fn, id } = newest;
    this.#context.abandon(
      newest,
      new DeadlockError(
        `${fn.name} was called by a function that native code waits for, and would never start: every lane waits for such a function. ` +
          'Use more lanes than functions that make calls, or another pool for the calls they make.',
        { call: id, symbol: fn.name },
      ),
    );
    // Others may be stuck as well.
    this.changed();
  }
}
