/**
 * What native code says while it runs, from all lanes: requests go to the
 * functions on the host, chunks to the streams of their calls.
 *
 * Guarantee: a chunk goes to the call that native code was in when it handed
 * it out, or, when that call is over, nowhere. So a reader that went away
 * never holds up the next call of that lane.
 */
import type { OffthreadError } from '../../errors.js';
import type { RecordHead } from '../../lanes/channel/lane-channel.js';
import { generationOf } from '../../shared/memory/states.js';
import { HostCalls } from './host-calls.js';
import type { Invocation } from './invocation.js';
import type { ChunkSink, Job, JobLane } from '../job.js';
import { Persistents } from './persistent-functions.js';

/** What this needs of the supervisor. */
export interface CallbackRouterContext {
  /** ms; Infinity is unlimited. */
  readonly hostTimeout: number;
  /** A look is wanted by this time. */
  by(time: number): void;
  /** A function that belongs to no call, or to one that has settled, has failed. */
  unowned(error: OffthreadError): void;
  /** Native code waits for a promise: what it waits for may never come. */
  waits(): void;
  /** Native code goes on: it may soon say more. */
  answered(): void;
}

export class CallbackRouter {
  readonly #calls: HostCalls;
  readonly #persistents = new Persistents();

  constructor(context: CallbackRouterContext) {
    this.#calls = new HostCalls({ ...context, persistent: (id) => this.#persistents.get(id) });
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
      const sink = sinkOf(lane, head);
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

/** The stream of the call that a chunk came from; null when that call is over. */
function sinkOf(lane: JobLane, { noCall, sequence, generation }: RecordHead): ChunkSink | null {
  if (noCall || !lane.ring.holds(sequence)) return null;
  const job = lane.ring.ticket(sequence);
  const own = job.lane === lane && generationOf(job.id) === generation && !job.isSettled;
  return own ? (job.callbackState?.sink ?? null) : null;
}
