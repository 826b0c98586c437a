/**
 * Admission: the door of a pool. Takes calls in, keeps those that have to
 * wait, and hands the supervisor only what can start now.
 *
 *   offered ──► refused (closed, aborted, no hope, late, full)
 *      ├──► dispatched
 *      ├──► queued   at most `maxQueue`, by priority
 *      └──► waiting  for room in the queue, with `whenFull: 'wait'`; at most `maxWaiting`
 *
 * Guarantees:
 * - A call is in one place: one of the two queues, a lane's ring, or settled.
 *   It leaves its place in the same step in which it settles or moves on.
 * - Every offered call is counted once when it is accepted and once when it
 *   ends (`onSettled`), which `Call.settle` calls exactly once.
 * - Whatever frees room (a result, a cancellation, a lane) ends in `pump`.
 */
import { Math, performance } from '../../builtins.js';
import { checkArguments } from '../../declare/values/validate.js';
import type { OffthreadError } from '../../errors.js';
import { type Counters } from '../../observe/counters.js';
import { publish, tracing } from '../../observe/trace.js';
import { snapshot } from '../../lanes/rows/copied-arguments.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Ending, Job, StopEnding } from '../../supervisor/job.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import { ffiRsQuiescence } from '../../supervisor/lifecycle/quiescence.js';
import { traceEnd, traceStart } from '../audit.js';
import type { Call, CallOwner } from '../call.js';
import { Deadlines } from './deadlines.js';
import { Lateness } from './lateness.js';
import { NestedCalls } from '../nested.js';
import { CallQueue } from './queue.js';
import {
  abortedBefore,
  notPassedOn,
  pastDeadline,
  pastDeadlineBefore,
  queueFull,
  unreadChunks,
} from './refusals.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import { linkSignal, unlinkSignal } from '../signals.js';
import { UnreadCalls } from '../streams/unread.js';

/** What admission tells its pool. */
export interface AdmissionEvents {
  full(): void;
  /** Nothing is pending any more. */
  drained(): void;
}

export class Admission implements CallOwner {
  readonly counters: Counters;
  readonly #settings: PoolSettings;
  readonly #events: AdmissionEvents;
  /** Null: calls are taken in whether or not they can make their deadlines. */
  readonly #lateness: Lateness | null;
  readonly #queue: CallQueue<Call>;
  readonly #waiting: CallQueue<Call>;
  /** Calls of an engine that is being quieted. */
  readonly #held: Call[] = [];
  readonly #unread = new UnreadCalls();
  readonly #deadlines = new Deadlines<Call>();
  readonly #nested = new NestedCalls({
    allWait: (holds, stalls) => this.#supervisor.allWait(holds, stalls),
    abandon: (call, error) => this.abandon(call, error),
  });
  #supervisor!: Supervisor;
  /** Whether calls of different priorities have been seen: then a call ahead may have to make way. */
  #prioritized = false;
  #closed: ((symbol: string) => OffthreadError) | null = null;

  constructor(settings: PoolSettings, counters: Counters, events: AdmissionEvents) {
    this.#settings = settings;
    this.counters = counters;
    this.#events = events;
    this.#lateness = settings.refuseLate ? new Lateness() : null;
    const tally = this.#lateness?.backlog ?? null;
    this.#queue = new CallQueue<Call>('queued', tally);
    this.#waiting = new CallQueue<Call>('waiting', tally);
  }

  /** The supervisor and the door need each other. */
  connect(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
  }

  /** Calls that are accepted and have not started. */
  get queued(): number {
    return Math.max(0, this.counters.pending - this.running - this.#waiting.size - this.#unread.size);
  }

  get running(): number {
    return this.#supervisor.busyLanes;
  }

  /** Calls that wait for room in the queue. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Calls that were refused since they would have missed their deadlines. */
  get refusedLate(): number {
    return this.#lateness?.refused ?? 0;
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  /** From now on every call is refused with that error. */
  close(error: (symbol: string) => OffthreadError): void {
    this.#closed = error;
  }

  /**
   * Takes a call in, or refuses it: then it has settled when this returns.
   * @param deadlineAt ms on the host's clock, or Infinity.
   * @param inPlace runs the call on this very thread: no lane, no queue.
   */
  offer(call: Call, deadlineAt: number, refusal: OffthreadError | null, inPlace?: () => void): void {
    if (tracing()) traceStart(call, this.#settings.name);
    const error =
      refusal ??
      this.#refusal(call, deadlineAt) ??
      (inPlace === undefined ? this.#late(call, deadlineAt) : null);
    if (error !== null) this.#refuse(call, error);
    else if (inPlace === undefined) this.#accept(call, deadlineAt);
    else this.#runInPlace(call, inPlace);
    if (call.trace !== null) publish.end(call.trace);
  }

  stop(call: Call, ending: StopEnding, error: OffthreadError): boolean {
    if (call.isSettled) return false;
    if (call.lane !== null) return this.#supervisor.stop(call, ending, error);
    this.#leave(call);
    call.settle(ending, undefined, error);
    this.pump();
    return true;
  }

  onSettled(call: Call, ending: Ending): void {
    const { counters } = this;
    if (ending === 'succeeded') counters.succeeded += 1;
    else if (ending === 'failed') counters.failed += 1;
    else if (ending === 'cancelled') counters.cancelled += 1;
    else counters.timedOut += 1;
    this.#record(call);
    if (call.deadline !== null) this.#deadlines.remove(call.deadline);
    if (call.limits.signal !== undefined) unlinkSignal(call.limits.signal, call);
    this.#unread.settled(call);
    this.#nested.settled(call);
    if (call.trace !== null) traceEnd(call, ending);
    if (counters.pending === 0) this.#events.drained();
  }

  /** Jobs that come back from a lane run before those that never left. */
  returned(jobs: readonly Job[], again = false): void {
    if (again) this.counters.retried += jobs.length;
    for (const job of jobs.toReversed()) {
      if (!job.isSettled) this.#queue.unshift(job as Call);
    }
    this.#nested.changed();
  }

  /** Dispatches what can start now. May be entered again from a handler: every step leaves the queues whole. */
  pump(): void {
    this.#nested.changed();
    if (!ffiRsQuiescence.closed) this.#release();
    // What was written ahead is older than what is queued: an idle lane gets it first.
    if (this.#supervisor.hasIdleLane) this.#supervisor.takeBackAhead();
    this.#dispatchQueued();
    this.#refill();
    const unavailable = this.#supervisor.unavailable();
    if (unavailable !== null) this.#giveUp(unavailable);
  }

  #dispatchQueued(): void {
    for (let call = this.#queue.peek(); call !== null; call = this.#queue.peek()) {
      if (this.#supervisor.quieted(call)) {
        this.#queue.remove(call);
        this.#held.push(call);
        continue;
      }
      if (this.#refuseStale(call) || this.#dropLate(call)) continue;
      if (!this.#sendFrom(this.#queue, call)) break;
    }
  }

  /**
   * Dispatches a call that waits. It is out of its queue first: a lane that is
   * found dead on the way gives the call back, and it must not be in there twice.
   * @returns false when no lane takes it now: then it is where it was.
   */
  #sendFrom(queue: CallQueue<Call>, call: Call): boolean {
    queue.remove(call);
    if (this.#send(call)) return true;
    if (call.isSettled || call.queue !== null) return true;
    queue.unshift(call);
    return false;
  }

  /** Ends what is past its deadline. @returns when the next one is. */
  due(now: number): number {
    for (let call = this.#deadlines.takeDue(now); call !== undefined; call = this.#deadlines.takeDue(now)) {
      this.stop(call, 'timed-out', pastDeadline(call, now));
    }
    const unread = this.#unread.due(now, (call) => this.stop(call, 'timed-out', unreadChunks(call)));
    return Math.min(this.#deadlines.next, unread);
  }

  /** Keeps a call whose native code has returned, for as long as its chunks are being read. */
  keepUnread(call: Call): void {
    this.#unread.add(call);
    this.#supervisor.by(performance.now() + call.timeout);
  }

  /** Native code waits for a promise of the host. */
  hostWaits(): void {
    this.#nested.changed();
  }

  /** A call cannot go on, and nobody but this thread could help it. */
  abandon(call: Call, error: OffthreadError): void {
    if (call.isSettled) return;
    this.#leave(call);
    call.settle('failed', undefined, error);
  }

  /** Everything accepted that has not settled. */
  pending(): Call[] {
    const running: Call[] = [];
    for (const lane of this.#supervisor.lanes) {
      const { ring } = lane;
      for (let at = ring.head; at !== ring.tail; at = (at + 1) | 0) {
        const job = ring.ticket(at);
        if (job.lane === lane && job.sequence === at && !job.isSettled) running.push(job as Call);
      }
    }
    return [
      ...this.#waiting.toArray(),
      ...this.#queue.toArray(),
      ...this.#held,
      ...this.#unread.toArray(),
      ...running,
    ];
  }

  /** Cancels everything that is pending, the queued first so that none of them starts. */
  cancelAll(error: (call: Call) => OffthreadError): void {
    for (const call of this.pending()) this.stop(call, 'cancelled', error(call));
  }

  #refusal(call: Call, deadlineAt: number): OffthreadError | null {
    if (this.#closed !== null) return this.#closed(call.fn.name);
    const { signal } = call.limits;
    if (signal !== undefined && hasAborted(signal)) return abortedBefore(call, abortReason(signal));
    if (deadlineAt <= call.createdAt) return pastDeadlineBefore(call);
    return this.#supervisor.unavailable();
  }

  #late(call: Call, deadlineAt: number): OffthreadError | null {
    if (this.#lateness === null || deadlineAt === Infinity) return null;
    return this.#lateness.refusal(call, deadlineAt, this.#supervisor.lanes);
  }

  #runInPlace(call: Call, run: () => void): void {
    this.counters.submitted += 1;
    try {
      run();
    } catch (cause) {
      this.#fail(call, cause);
    }
  }

  #accept(call: Call, deadlineAt: number): void {
    this.counters.submitted += 1;
    this.#nested.made(call);
    if (call.limits.signal !== undefined) linkSignal(call.limits.signal, call);
    if (deadlineAt !== Infinity) {
      call.deadline = this.#deadlines.add(call, deadlineAt);
      this.#supervisor.by(deadlineAt);
    }
    // Subscribers have run since the arguments were checked.
    if (call.trace !== null && this.#refuseStale(call)) return;
    // Run again it is to have the bytes that it was made with.
    if (call.attempts > 1 && call.fn.plan.hasData && !this.#keepBytes(call)) return;
    this.#prioritized ||= call.priority !== 0;
    const idle = this.#queue.size === 0 && this.#waiting.size === 0;
    const enter = idle && (this.#hasRoom() || this.#supervisor.hasIdleLane);
    if (enter && this.#send(call, !this.#prioritized)) return;
    // This call is counted as queued already.
    if (this.#waiting.size === 0 && this.#hasRoom()) {
      this.#keep(call, this.#queue);
      if (this.#prioritized && this.#supervisor.takeBackAhead()) this.pump();
      if (!this.#hasRoom(1)) this.#events.full();
      return;
    }
    // A batch is never refused for want of room: whoever sends it sends few at a time.
    const waits = this.#settings.whenFull === 'wait' && this.#waiting.size < this.#settings.maxWaiting;
    if (waits || call.items !== null) {
      this.#keep(call, this.#waiting);
      return;
    }
    this.counters.submitted -= 1;
    this.#drop(call);
    this.#refuse(call, queueFull(call, this.#settings));
  }

  /** Lets a new call wait, with its bytes as they are now. */
  #keep(call: Call, queue: CallQueue<Call>): void {
    if (call.fn.plan.hasData && !this.#keepBytes(call)) return;
    queue.push(call);
    this.#nested.changed();
  }

  /** Copies the bytes that the caller may change. @returns false when the call has failed for want of memory. */
  #keepBytes(call: Call): boolean {
    try {
      call.args = snapshot(call.fn, call.args);
      return true;
    } catch (cause) {
      this.#fail(call, cause);
      return false;
    }
  }

  /**
   * Dispatches a call. One whose arguments cannot be passed on (no memory for
   * a copy of them, say) ends here, and disturbs no other.
   * @returns false when no lane takes it now.
   */
  #send(call: Call, ahead = true): boolean {
    try {
      return this.#supervisor.dispatch(call, ahead);
    } catch (cause) {
      this.#fail(call, cause);
      return true;
    }
  }

  #fail(call: Call, cause: unknown): void {
    this.#leave(call);
    call.settle('failed', undefined, notPassedOn(call, cause));
  }

  /**
   * Whether the queue has room for so many more. A lane that is starting takes
   * a call soon: one queued for it does not count against the bound.
   */
  #hasRoom(more = 0): boolean {
    const { maxQueue } = this.#settings;
    // What is pending bounds what is queued: the lanes are counted only near the limit.
    if (this.counters.pending + more <= maxQueue) return true;
    return this.queued + more <= maxQueue + this.#supervisor.startingLanes;
  }

  #refuse(call: Call, error: OffthreadError): void {
    this.counters.refused += 1;
    call.refuse(error);
    if (call.trace === null) return;
    traceEnd(call, call.ending ?? 'failed');
    publish.asyncEnd(call.trace);
  }

  /** Undoes what accepting a call registered. */
  #drop(call: Call): void {
    this.#nested.settled(call);
    if (call.deadline !== null) this.#deadlines.remove(call.deadline);
    if (call.limits.signal !== undefined) unlinkSignal(call.limits.signal, call);
  }

  /** Takes a call that has not been dispatched out of where it waits. */
  #leave(call: Call): void {
    if (call.queue !== null) (call.queue as CallQueue<Call>).remove(call);
    else {
      const at = this.#held.indexOf(call);
      if (at >= 0) void this.#held.splice(at, 1);
    }
  }

  /** Calls that were held for a quiet engine go back to the front. */
  #release(): void {
    for (const call of this.#held.splice(0).toReversed()) this.#queue.unshift(call);
  }

  /** Room in the queue goes to those that wait for it. */
  #refill(): void {
    for (let call = this.#waiting.peek(); call !== null; call = this.#waiting.peek()) {
      if (this.#refuseStale(call) || this.#dropLate(call)) continue;
      const idle = this.#queue.size === 0 && this.#supervisor.hasIdleLane;
      if (idle && this.#sendFrom(this.#waiting, call)) continue;
      if (!this.#hasRoom(1)) break;
      this.#waiting.remove(call);
      this.#queue.push(call);
    }
  }

  /** Arguments were checked when the call was made; its buffers may have been detached since. */
  #refuseStale(call: Call): boolean {
    const { hasData, hasCallbacks } = call.fn.plan;
    if (!hasData && !hasCallbacks) return false;
    const error = checkArguments(call.fn.compiled, call.args);
    if (error === null) return false;
    error.call = call.id;
    this.#leave(call);
    call.settle('failed', undefined, error);
    return true;
  }

  /** Its turn has come or is near, and what is left of its time is less than it takes: no lane is spent on it. */
  #dropLate(call: Call): boolean {
    const error = this.#lateness?.tooLate(call, performance.now()) ?? null;
    if (error === null) return false;
    this.#leave(call);
    call.settle('timed-out', undefined, error);
    return true;
  }

  #giveUp(error: OffthreadError): void {
    for (const call of [...this.#queue.toArray(), ...this.#waiting.toArray()]) {
      if (call.isSettled) continue;
      this.#leave(call);
      const own = this.#supervisor.unavailable() ?? error;
      own.call = call.id;
      own.symbol = call.fn.name;
      call.settle('failed', undefined, own);
    }
  }

  #record(call: Call): void {
    const { createdAt, startedAt } = call;
    const endedAt = call.endedAt ?? createdAt;
    this.counters.waits.record((startedAt ?? endedAt) - createdAt);
    if (startedAt !== null) this.counters.runs.record(endedAt - startedAt);
  }
}
