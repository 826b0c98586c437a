/**
 * What native code says while it runs, from all lanes: requests go to the
 * functions on the host, chunks to the streams of their calls.
 *
 * Guarantee: a chunk goes to the call that native code was in when it handed
 * it out, or, when that call is over, nowhere. So a reader that went away
 * never holds up the next call of that lane.
 */
import { isPersistent } from '../declare/persistent.js';
import type { OffthreadError } from '../errors.js';
import { persistentId } from '../lanes/persistents.js';
import { generationOf } from '../shared/states.js';
import { HostCalls } from './host-calls.js';
import type { Invocation } from './invocation.js';
import type { Job, JobLane } from './job.js';

/** What this needs of the supervisor. */
export interface TalkContext {
  /** ms; Infinity is unlimited. */
  readonly hostTimeout: number;
  /** A look is wanted by this time. */
  by(time: number): void;
  /** A function that belongs to no call, or to one that has settled, has failed. */
  stray(error: OffthreadError): void;
  /** Native code waits for a promise: what it waits for may never come. */
  waits(): void;
  /** Tells every lane that a persistent callback has been closed. */
  closed(id: number): void;
}

export class Talk {
  readonly #context: TalkContext;
  readonly #calls: HostCalls;
  /** Persistent callbacks that lanes of this pool have been given. */
  readonly #persistent = new Set<number>();

  constructor(context: TalkContext) {
    this.#context = context;
    this.#calls = new HostCalls(context);
  }

  /** Whether native code may call back although no call runs. */
  get expecting(): boolean {
    return this.#persistent.size > 0;
  }

  /** A call is in a lane. */
  dispatched(job: Job, lane: JobLane): void {
    lane.hasCallbacks = true;
    if (job.fn.keepsCallbacks) lane.keepsCallbacks = true;
    const { given, spec } = job.fn.compiled;
    job.args.forEach((value, index) => {
      const param = spec.params[given.positions[index] as number];
      if (param?.kind === 'callback' && isPersistent(value)) {
        lane.keepsCallbacks = true;
        this.#keep(persistentId(value, param), value);
      }
    });
    job.talk?.sink?.attach(lane);
  }

  /** Takes what a lane has said. @returns how much that was. */
  hear(lane: JobLane): number {
    const { channel } = lane;
    let found = channel.hasCalls ? this.#calls.serve(lane) : 0;
    for (let head = channel.nextChunk(); head !== null; head = channel.nextChunk()) {
      const sink = sinkOf(lane, head.call);
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
    if (job.lane === null) return;
    if (job.talk?.sink?.awaitsHandler === true) this.#calls.fail(job, deadlock('its onChunk'));
    const waiting = this.#calls.waitingIn(job.lane);
    if (waiting?.job === job) this.#calls.end(waiting, deadlock('a function that native code called'));
  }

  /** A persistent callback has been closed. */
  forgetPersistent(id: number): void {
    this.#persistent.delete(id);
    this.#context.closed(id);
  }

  #keep(id: number, callback: { whenClosed(hook: () => void): void }): void {
    if (this.#persistent.has(id)) return;
    this.#persistent.add(id);
    // A callback may outlive many pools.
    const self = new WeakRef(this);
    callback.whenClosed(() => self.deref()?.forgetPersistent(id));
  }
}

/** The stream of the call that a chunk came from; null when that call is over. */
function sinkOf(
  lane: JobLane,
  call: { readonly sequence: number; readonly generation: number } | null,
): NonNullable<Job['talk']>['sink'] {
  if (call === null || !lane.ring.holds(call.sequence)) return null;
  const job = lane.ring.ticket(call.sequence);
  const own = job.lane === lane && generationOf(job.id) === call.generation && !job.isSettled;
  return own ? (job.talk?.sink ?? null) : null;
}
