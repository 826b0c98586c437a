/**
 * What native code says while it runs, from all lanes: requests go to the
 * functions on the host, chunks to the streams of their calls.
 *
 * Guarantee: a chunk goes to the call that native code was in when it handed
 * it out, or, when that call is over, nowhere. So a reader that went away
 * never holds up the next call of that lane.
 */
import type { OffthreadError } from '../../errors.js';
import { HostCalls, type HostCallsParts } from './host-calls.js';
import type { Invocation } from './invocation.js';
import type { Job, JobLane } from '../job.js';
import { callerOf } from '../row-owner.js';
import { Persistents } from './persistent-functions.js';

export class CallbackRouter {
  readonly #calls: HostCalls;
  readonly #persistents = new Persistents();

  constructor(parts: Omit<HostCallsParts, 'persistents'>) {
    this.#calls = new HostCalls({ ...parts, persistents: this.#persistents });
  }

  /** Requests for what is not there any more. */
  get late(): number {
    return this.#calls.late;
  }

  /** Whether native code may call back although no call runs. */
  get expecting(): boolean {
    return this.#persistents.any;
  }

  /** A call is in a lane. */
  dispatched(job: Job, lane: JobLane): void {
    lane.hasCallbacks = true;
    if (job.fn.keepsCallbacks) lane.keepsCallbacks = true;
    if (this.#persistents.given(job, lane)) lane.keepsCallbacks = true;
    job.callbackState?.sink?.attach(lane);
  }

  /** Takes what a lane has said. @returns how much that was. */
  hear(lane: JobLane): number {
    const { channel } = lane;
    let found = channel.hasCalls ? this.#calls.serve(lane) : 0;
    for (let head = channel.nextChunk(); head !== null; head = channel.nextChunk()) {
      const sink = callerOf(lane, head)?.callbackState?.sink ?? null;
      if (sink !== null) return found + sink.offer(lane);
      channel.dropChunk(head);
      found += 1;
    }
    return found;
  }

  /** Ends waiting whose time is over. @returns when the next one's is. */
  due(now: number): number {
    return this.#calls.due(now);
  }

  /** The lane is gone. */
  forget(lane: JobLane): void {
    this.#calls.forget(lane);
  }

  /** The pool has ended: nothing is called any more. */
  end(): void {
    this.#persistents.end();
  }

  /** A call will fail with this, whatever its native code returns. */
  fail(job: Job, error: OffthreadError): void {
    this.#calls.fail(job, error);
  }

  /** Whether native code of a call waits for a function on the host, or hands chunks to a stream. */
  isCallingBack(job: Job): boolean {
    if (job.lane === null) return false;
    return (job.callbackState?.sink ?? null) !== null || this.waitingIn(job.lane)?.job === job;
  }

  /** The function of the host that native code in a lane waits for. */
  waitingIn(lane: JobLane): Invocation | null {
    return this.#calls.waitingIn(lane);
  }

  /** This thread blocks until a call has ended: that must not need a promise of this thread. */
  breakBlocked(job: Job, deadlock: (what: string) => OffthreadError): void {
    const sink = job.callbackState?.sink ?? null;
    if (sink?.awaitsHandler === true) {
      const error = deadlock('its onChunk');
      this.#calls.fail(job, error);
      sink.abandon(error);
    }
    if (job.lane === null) return;
    const waiting = this.#calls.waitingIn(job.lane);
    if (waiting?.job === job) this.#calls.end(waiting, deadlock('a function that native code called'));
  }
}
