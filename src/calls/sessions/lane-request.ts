/** A session that waits for a lane. It settles once: with a lane, or with the reason why it gets none. */
import { Math, Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { LONGEST_MS } from '../../options/checks.js';
import type { SessionSettings } from './session-options.js';
import type { JobLane } from '../../supervisor/job.js';
import type { NestedWait } from '../nested.js';
import { linkSignal, unlinkSignal } from '../signals.js';
import type { OpenSession } from './open-session.js';
import { cancelledWait, sessionDeadlock } from './session-errors.js';

/** What a request needs from the sessions of its pool. */
export interface RequestOwner {
  /** The lanes of which one must be given back, or become idle; null: any. */
  lanesFor(): readonly JobLane[] | null;
  /** The error of a request whose time is over. */
  late(ms: number): Error;
  /** The request no longer waits. @param refused whether it has got no lane. */
  left(request: LaneRequest, refused: boolean): void;
}

export class LaneRequest implements NestedWait {
  readonly priority: number;
  readonly createdAt: number = performance.now();
  readonly promise: Promise<OpenSession>;
  readonly #owner: RequestOwner;
  readonly signal: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  #resolve: (session: OpenSession) => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor({ priority, signal, timeout }: SessionSettings, owner: RequestOwner) {
    this.priority = priority;
    this.#owner = owner;
    this.signal = signal;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (signal !== undefined) linkSignal(signal, this);
    if (timeout < Infinity) {
      this.#timer = setTimeout(() => this.refuse(owner.late(timeout)), Math.min(timeout, LONGEST_MS));
    }
  }

  /** Whether its turn comes before that of another. */
  before(other: { readonly priority: number; readonly createdAt: number }): boolean {
    if (this.priority !== other.priority) return this.priority > other.priority;
    return this.createdAt <= other.createdAt;
  }

  lanes(): readonly JobLane[] | null {
    return this.#owner.lanesFor();
  }

  fail(): void {
    this.refuse(sessionDeadlock());
  }

  /** The signal has aborted. */
  abort(reason: unknown): void {
    this.refuse(cancelledWait(reason));
  }

  accept(session: OpenSession): void {
    this.#leave(false);
    this.#resolve(session);
  }

  refuse(error: Error): void {
    this.#leave(true);
    this.#reject(error);
  }

  #leave(refused: boolean): void {
    clearTimeout(this.#timer);
    if (this.signal !== undefined) unlinkSignal(this.signal, this);
    this.#owner.left(this, refused);
  }
}
