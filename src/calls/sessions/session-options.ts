/** Options of `pool.session`. */
import { abortSignal, duration, integer, known, unlimited } from '../../options/checks.js';

/** Options of `pool.session`. */
export interface SessionOptions {
  /**
   * ms to wait for a lane; after that, `pool.session` rejects with a SessionError. Default 30,000; 0 is unlimited. It does
   * not limit how long the session may last.
   */
  readonly timeout?: number;
  /** Aborting it cancels the wait for a lane; later, it cancels the calls of the session and ends it. */
  readonly signal?: AbortSignal;
  /**
   * A session gets a lane before sessions and queued calls of lower priority, and after those of the same priority that
   * came earlier: an integer from -128 to 127. Default 0.
   */
  readonly priority?: number;
}

/** Options of `pool.session`, checked. */
export interface SessionSettings {
  /** ms; Infinity is unlimited. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  readonly priority: number;
}

const SESSION_OPTIONS = ['timeout', 'signal', 'priority'] as const satisfies (keyof SessionOptions)[];

/** @throws ArgumentError naming the option. */
export function sessionSettings(options: unknown): SessionSettings {
  const given = known('session option', options, SESSION_OPTIONS);
  return Object.freeze({
    timeout: unlimited(duration('timeout', given['timeout'], 30_000)),
    signal: abortSignal(given['signal']),
    priority: integer('priority', given['priority'], -128, 127, 0),
  });
}
