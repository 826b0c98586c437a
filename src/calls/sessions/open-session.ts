/**
 * A session that has a lane.
 *
 *   open ──close──► closing ──► ended        its calls have ended, the lane is given back
 *     ├───abort───► closing                  its calls are cancelled first
 *     ├───stop────► closing                  the pool ends: its calls are ended with the pool's error
 *     ├───leaked──► closing                  nothing refers to it any more
 *     └─┬─────────────────► lost             the lane died, or did not come back after it was given up
 *   closing
 *
 * `close`, the signal, the pool and the garbage collector move it from open to closing; the end of its last call from
 * there to ended; `Leases` to lost. The first reason for which it takes no more calls is kept, except that a loss
 * replaces a close that is still waiting.
 *
 * Guarantees:
 * - Calls run in the order in which they were made, one at a time. They settle as all calls do; those that its lane has
 *   not started when it is lost fail with a SessionError.
 * - The lane is given back once, and only when no accepted call of the session is pending.
 * - A call that is made after the session was closed or lost never starts, in this lane or in another.
 */
import { Math, Promise, clearTimeout, setTimeout } from '../../builtins.js';
import { race } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import { LONGEST_MS } from '../../options/checks.js';
import type { JobLane } from '../../supervisor/job.js';
import type { LeaseHolder } from '../../supervisor/lifecycle/leases.js';
import { CallQueue } from '../admission/queue.js';
import type { Call, CallSession } from '../call.js';
import type { NestedWait } from '../nested.js';
import { ReturnedPointers } from './returned-pointers.js';
import {
  abortedSession,
  cancelledCall,
  closeDeadlock,
  closedSession,
  endedSession,
  unfinishedCall,
} from './session-errors.js';

/** What a session needs from its pool. */
export interface SessionOwner {
  /** The accepted calls of the pool that have not settled. */
  pending(): readonly Call[];
  /** Stops a call. */
  cancel(call: Call, error: OffthreadError): void;
  /** Fails a call that is in no lane. */
  fail(call: Call, error: OffthreadError): void;
  beginWait(wait: NestedWait): void;
  endWait(wait: NestedWait): void;
  /** A session has ended: its lane is free. Once for each session. */
  ended(session: OpenSession): void;
}

type Why = (symbol: string) => OffthreadError;

export class OpenSession implements CallSession, LeaseHolder {
  readonly lane: JobLane;
  readonly queue: CallQueue<Call> = new CallQueue<Call>('queued', null, false);
  readonly waiting: CallQueue<Call> = new CallQueue<Call>('waiting', null, false);
  /** Null for a thread lane: a pointer is valid in the whole process. */
  readonly pointers: ReturnedPointers | null;
  readonly #owner: SessionOwner;
  /** Accepted calls that have not settled. */
  #pending = 0;
  /** Why no call is accepted; null while the session is open. */
  #why: Why | null = null;
  #ended = false;
  /** Resolves when the session has ended. */
  readonly over: Promise<void>;
  #tellEnd: () => void = () => {};

  constructor(lane: JobLane, owner: SessionOwner) {
    this.lane = lane;
    this.pointers = lane.kind === 'process' ? new ReturnedPointers() : null;
    this.#owner = owner;
    this.over = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
  }

  /** Whether the session takes no more calls. */
  get closed(): boolean {
    return this.#why !== null;
  }

  get closing(): boolean {
    return this.#why !== null && !this.#ended;
  }

  refusal(symbol: string): OffthreadError | null {
    return this.#why === null ? null : this.#why(symbol);
  }

  accepted(): void {
    this.#pending += 1;
  }

  settled(call: Call): void {
    this.#pending -= 1;
    if (this.pointers !== null && call.ending === 'succeeded') this.pointers.note(call);
    this.#endIfIdle();
  }

  /**
   * Takes no more calls, and waits for those that are pending.
   * @param timeout ms until they are cancelled.
   */
  async close(timeout: number): Promise<void> {
    this.#refuse((symbol) => closedSession(symbol, this.lane.name));
    if (this.#ended) return;
    let timer: NodeJS.Timeout | undefined;
    if (timeout < Infinity) {
      timer = setTimeout(
        () => this.#cancelAll((call) => this.#unfinished(call)),
        Math.min(timeout, LONGEST_MS),
      );
    }
    let fail: (reason: OffthreadError) => void = () => {};
    const deadlock = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const wait: NestedWait = {
      lanes: () => [this.lane],
      fail: () => fail(closeDeadlock(this.lane.name)),
    };
    this.#owner.beginWait(wait);
    try {
      await race<void>([this.over, deadlock]);
    } finally {
      this.#owner.endWait(wait);
      clearTimeout(timer);
    }
  }

  /** The signal of the session has aborted. */
  abort(reason: unknown): void {
    this.#stop(
      (symbol) => abortedSession(symbol, this.lane.name, reason),
      (call) => cancelledCall(call.fn.name, call.id, reason),
    );
  }

  /** The pool ends the session: @param why the error of calls that are made after this. */
  stop(why: Why): void {
    this.#stop(why, (call) => {
      const error = why(call.fn.name);
      error.call = call.id;
      return error;
    });
  }

  /** Nothing refers to the session any more: its pending calls end as usual. */
  leaked(): void {
    this.#refuse((symbol) => closedSession(symbol, this.lane.name));
  }

  lost(cause: OffthreadError): void {
    if (this.#ended) return;
    this.#why = (symbol) => endedSession(symbol, this.lane.name, cause);
    for (const call of [...this.queue.toArray(), ...this.waiting.toArray()]) {
      const error = endedSession(call.fn.name, this.lane.name, cause);
      error.call = call.id;
      this.#owner.fail(call, error);
    }
    this.#over();
  }

  #unfinished({ fn, id }: Call): OffthreadError {
    return unfinishedCall(fn.name, this.lane.name, id);
  }

  #stop(why: Why, error: (call: Call) => OffthreadError): void {
    if (this.#ended) return;
    this.#why ??= why;
    this.#cancelAll(error);
    this.#endIfIdle();
  }

  #refuse(why: Why): void {
    this.#why ??= why;
    this.#endIfIdle();
  }

  /** Queued calls first, so that none of them starts. */
  #cancelAll(error: (call: Call) => OffthreadError): void {
    for (const call of this.#owner.pending()) {
      if (call.limits.session === this) this.#owner.cancel(call, error(call));
    }
  }

  #endIfIdle(): void {
    if (this.#why !== null && this.#pending === 0) this.#over();
  }

  #over(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#tellEnd();
    this.#owner.ended(this);
  }
}
