/**
 * Typed events of a pool. A listener that throws has no effect on the others:
 * they are called, the pool continues, and the `error` listeners get a
 * ListenerError.
 */
import { EventEmitter } from 'node:events';
import { Promise } from '../builtins.js';
import { whenSettled } from '../promises.js';
import { ArgumentError, type LaneCrashedError, ListenerError, type OffthreadError } from '../errors.js';
import { show } from '../options/checks.js';

/** The events of a pool, and the arguments of their listeners. */
export interface PoolEvents {
  /** A lane takes calls. */
  'lane-ready': [
    {
      /** Name of the lane. */
      readonly lane: string;
    },
  ];
  /** A lane ended unexpectedly; its calls were rejected, or run elsewhere. */
  'lane-crashed': [
    {
      /** Name of the lane. */
      readonly lane: string;
      /** How it ended. */
      readonly error: LaneCrashedError;
    },
  ];
  /** A lane is stuck in native code and was given up; a process is killed. */
  'lane-lost': [
    {
      /** Name of the lane. */
      readonly lane: string;
      /** Why the lane was given up: the error of its call. */
      readonly error: unknown;
    },
  ];
  /** A lost lane's native call has returned. */
  'lane-recovered': [
    {
      /** Name of the lane. */
      readonly lane: string;
    },
  ];
  /** A lane that died will be replaced after `delayMs` ms. */
  'lane-restarting': [
    {
      /** ms until the new lane is started. */
      readonly delayMs: number;
    },
  ];
  /** A lane has served long enough, or grown too large, and another has taken its place. */
  'lane-recycled': [
    {
      /** Name of the lane that was replaced. */
      readonly lane: string;
      /** Which of the pool's limits it has reached: `recycleAfter` or `recycleAboveMb`. */
      readonly reason: 'calls' | 'memory';
    },
  ];
  /** `deaths` lanes died within `withinMs` ms, or failed to start in a row: no lane is started for `retryInMs` ms. */
  'breaker-open': [
    {
      /** Lanes that have died. */
      readonly deaths: number;
      /** ms within which they died. */
      readonly withinMs: number;
      /** ms until one is started again, on trial. */
      readonly retryInMs: number;
    },
  ];
  /** One lane is started on trial. */
  'breaker-trial': [Readonly<Record<string, never>>];
  /** The trial succeeded: lanes are replaced again. */
  'breaker-closed': [Readonly<Record<string, never>>];
  /** The queue has no room left. */
  full: [];
  /** Nothing is pending any more. */
  drained: [];
  /**
   * A listener threw; or an `onChunk` that only reports; or a function that native code called outside of any call; or a
   * session was never closed.
   */
  error: [OffthreadError];
}

/** A listener of one event. */
export type Listener<E extends keyof PoolEvents> = (...args: PoolEvents[E]) => void;

const NAMES: ReadonlySet<string> = new Set<keyof PoolEvents>([
  'lane-ready',
  'lane-crashed',
  'lane-lost',
  'lane-recovered',
  'lane-restarting',
  'lane-recycled',
  'breaker-open',
  'breaker-trial',
  'breaker-closed',
  'full',
  'drained',
  'error',
]);

/** @throws ArgumentError naming the event. */
function check(event: unknown, listener: unknown): void {
  if (typeof event !== 'string' || !NAMES.has(event)) {
    throw new ArgumentError(`Unknown pool event ${show(event)}. Known events: ${[...NAMES].join(', ')}.`);
  }
  if (typeof listener !== 'function') {
    throw new ArgumentError(`The listener of '${event}' is ${show(listener)}; it must be a function.`);
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

  /** Whether the event has listeners. */
  has(event: keyof PoolEvents): boolean {
    return this.#emitter.listenerCount(event) > 0;
  }

  emit<E extends keyof PoolEvents>(event: E, ...args: PoolEvents[E]): void {
    if (!this.has(event)) return;
    for (const listener of this.#emitter.rawListeners(event)) {
      try {
        const result: unknown = Reflect.apply(listener, undefined, args);
        if (result instanceof Promise) {
          void whenSettled(result, null, (cause: unknown) => this.#failed(event, cause));
        }
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
      new ListenerError(`A listener of the pool's '${event}' event threw; the pool continues.`, { cause }),
    );
  }
}
