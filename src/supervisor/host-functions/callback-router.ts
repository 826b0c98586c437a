/**
 * Routes records that native code writes while it runs, from all lanes: requests
 * to functions on the host, chunks to the streams of their calls.
 *
 * Guarantee: a chunk goes to the call during which native code wrote it; when
 * that call is over, the chunk is dropped. So an abandoned stream never blocks
 * the next call of its lane.
 */
import type { OffthreadError } from '../../errors.js';
import { HostCalls } from './host-calls.js';
import type { HostCallsParts } from './host-calls-parts.js';
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

  /** Number of requests for functions that no longer exist. */
  get late(): number {
    return this.#calls.late;
  }

  /** Whether native code may call back while no call runs. */
  get expecting(): boolean {
    return this.#persistents.any;
  }

  /** A call with callbacks has been written to a lane. */
  dispatched(job: Job, lane: JobLane): void {
    lane.hasCallbacks = true;
    if (job.fn.keepsCallbacks) lane.keepsCallbacks = true;
    if (this.#persistents.given(job, lane)) lane.keepsCallbacks = true;
    job.callbackState?.sink?.attach(lane);
  }

  /** Takes records from a lane. @returns how many. */
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

  /** Ends functions that are past their timeout. @returns when the next one is due. */
  due(now: number): number {
    return this.#calls.due(now);
  }

  /** The lane is gone. */
  forget(lane: JobLane): void {
    this.#calls.forget(lane);
  }

  /** The session of a lane has ended. */
  released(lane: JobLane): void {
    this.#persistents.released(lane);
  }

  /** The pool has ended: no function is called from here on. */
  end(): void {
    this.#persistents.end();
  }

  /** Makes a call fail with `error`, whatever its native code returns. */
  fail(job: Job, error: OffthreadError): void {
    this.#calls.fail(job, error);
  }

  /** Whether the native code of a call waits for a function on the host, or the call has a stream. */
  isCallingBack(job: Job): boolean {
    if (job.lane === null) return false;
    return (job.callbackState?.sink ?? null) !== null || this.waitingIn(job.lane)?.job === job;
  }

  /** The function on the host that native code in a lane waits for. */
  waitingIn(lane: JobLane): Invocation | null {
    return this.#calls.waitingIn(lane);
  }

  /** Fails a call that this thread blocks on if the call waits for a promise of this thread. */
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
