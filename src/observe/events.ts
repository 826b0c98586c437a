/**
 * Typed events of a pool. A listener that throws disturbs nobody: the others
 * are told, the pool goes on, and the `error` listeners get a ListenerError.
 */
import { EventEmitter } from 'node:events';
import { ArgumentError, ListenerError, type OffthreadError } from '../errors.js';
import { show } from '../options.js';

/** Events and what their listeners are given. */
export interface PoolEvents {
  /** A lane takes calls. */
  'lane-ready': [{ readonly lane: string }];
  /** A lane ended unexpectedly; its calls were rejected, or run elsewhere. */
  'lane-crashed': [{ readonly lane: string; readonly error: unknown }];
  /** A lane is stuck in native code and was given up. */
  'lane-lost': [{ readonly lane: string; readonly error: unknown }];
  /** A lost lane's native call has returned. */
  'lane-recovered': [{ readonly lane: string }];
  /** The queue has no room left. */
  full: [];
  /** Nothing is pending any more. */
  drained: [];
  /** A listener threw; or an `onChunk` that only reports; or a function that native code called outside of any call. */
  error: [OffthreadError];
}

/** A listener of one event. */
export type Listener<E extends keyof PoolEvents> = (...args: PoolEvents[E]) => void;

const NAMES: ReadonlySet<string> = new Set<keyof PoolEvents>([
  'lane-ready',
  'lane-crashed',
  'lane-lost',
  'lane-recovered',
  'full',
  'drained',
  'error',
]);

/** @throws ArgumentError naming the event. */
function check(event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || !NAMES.has(event)) {
    throw new ArgumentError(`A pool has no event ${show(event)}. There are: ${[...NAMES].join(', ')}.`);
  }
  if (typeof listener !== 'function') {
    throw new ArgumentError(`The listener of '${event}' is ${show(listener)}; it has to be a function.`);
  }
}

export class Events {
  // Any number of listeners: Node would print a warning from eleven on.
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  /** Times that a listener threw. */
  errors = 0;

  on<E extends keyof PoolEvents>(event: E, listener: Listener<E>): void {
    check(event, listener);
    this.#emitter.on(event, listener as () => void);
  }

  once<E extends keyof PoolEvents>(event: E, listener: Listener<E>): void {
    check(event, listener);
    this.#emitter.once(event, listener as () => void);
  }

  off<E extends keyof PoolEvents>(event: E, listener: Listener<E>): void {
    check(event, listener);
    this.#emitter.off(event, listener as () => void);
  }

  /** Whether telling would reach anybody. */
  has(event: keyof PoolEvents): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  emit<E extends keyof PoolEvents>(event: E, ...args: PoolEvents[E]): void {
    for (const listener of this.#emitter.rawListeners(event)) {
      try {
        const result: unknown = Reflect.apply(listener, undefined, args);
        if (result instanceof Promise) result.catch((cause: unknown) => this.#failed(event, cause));
      } catch (cause) {
        this.#failed(event, cause);
      }
    }
  }

  #failed(event: keyof PoolEvents, cause: unknown): void {
    this.errors += 1;
    // An error listener that throws has no one left to tell.
    if (event === 'error') return;
    this.emit(
      'error',
      new ListenerError(`A listener of the pool's '${event}' event threw; the pool goes on.`, { cause }),
    );
  }
}
