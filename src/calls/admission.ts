/**
 * Admission: the door of a pool. Takes calls in, keeps those that have to
 * wait, and hands the supervisor only what can start now.
 *
 *   offered ──► refused (closed, aborted, no hope, full)
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
import { performance } from 'node:perf_hooks';
import { checkArguments } from '../declare/validate.js';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  QueueFullError,
  type OffthreadError,
} from '../errors.js';
import { type Counters } from '../observe/counters.js';
import { publish, tracing, type CallTrace } from '../observe/trace.js';
import { snapshot } from '../lanes/snapshot.js';
import type { PoolSettings } from '../options.js';
import type { Ending, Job, StopEnding } from '../supervisor/job.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import { ffiRsGate } from '../supervisor/quiet.js';
import type { Call, CallOwner } from './call.js';
import { Deadlines } from './deadlines.js';
import { CallQueue } from './queue.js';
import { linkSignal, unlinkSignal } from './signals.js';

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
  readonly #queue = new CallQueue<Call>();
  readonly #waiting = new CallQueue<Call>('waiting');
  /** Calls of an engine that is being quieted. */
  readonly #held: Call[] = [];
  readonly #deadlines = new Deadlines<Call>();
  #supervisor!: Supervisor;
  /** Whether calls of different priorities have been seen: then a call ahead may have to make way. */
  #prioritized = false;
  #closed: ((symbol: string) => OffthreadError) | null = null;

  constructor(settings: PoolSettings, counters: Counters, events: AdmissionEvents) {
    this.#settings = settings;
    this.counters = counters;
    this.#events = events;
  }

  /** The supervisor and the door need each other. */
  connect(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
  }

  /** Calls that are accepted and have not started. */
  get queued(): number {
    return Math.max(0, this.counters.pending - this.running - this.#waiting.size);
  }

  get running(): number {
    return this.#supervisor.busyLanes;
  }

  /** Calls that wait for room in the queue. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** From now on every call is refused with that error. */
  close(error: (symbol: string) => OffthreadError): void {
    this.#closed = error;
  }

  /**
   * Takes a call in, or refuses it: then it has settled when this returns.
   * @param deadlineAt ms on the host's clock, or Infinity.
   */
  offer(call: Call, deadlineAt: number, refusal: OffthreadError | null): void {
    if (tracing()) this.#trace(call);
    const error = refusal ?? this.#refusal(call, deadlineAt);
    if (error === null) this.#accept(call, deadlineAt);
    else this.#refuse(call, error);
    if (call.trace !== null) publish.end(call.trace);
  }

  /** The same for a call that this thread runs itself: no lane, no queue. */
  offerInPlace(call: Call, deadlineAt: number, refusal: OffthreadError | null, run: () => void): void {
    if (tracing()) this.#trace(call);
    const error = refusal ?? this.#refusal(call, deadlineAt);
    if (error === null) {
      this.counters.submitted += 1;
      try {
        run();
      } catch (cause) {
        this.#fail(call, cause);
      }
    } else this.#refuse(call, error);
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
    if (call.trace !== null) this.#traceEnd(call, ending);
    if (counters.pending === 0) this.#events.drained();
  }

  /** Jobs that come back from a lane run before those that never left. */
  returned(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) {
      if (!job.isSettled) this.#queue.unshift(job as Call);
    }
  }

  /** Dispatches what can start now. May be entered again from a handler: every step leaves the queues whole. */
  pump(): void {
    if (!ffiRsGate.closed) this.#release();
    // What was written ahead is older than what is queued: an idle lane gets it first.
    if (this.#supervisor.hasIdleLane) this.#supervisor.takeBackAhead();
    this.#dispatchQueued();
    this.#refill();
    const hopeless = this.#supervisor.hopeless();
    if (hopeless !== null) this.#giveUp(hopeless);
  }

  #dispatchQueued(): void {
    for (let call = this.#queue.peek(); call !== null; call = this.#queue.peek()) {
      if (call.fn.engine === 'ffi-rs' && ffiRsGate.closed) {
        this.#queue.remove(call);
        this.#held.push(call);
        continue;
      }
      if (this.#refuseStale(call)) continue;
      if (!this.#send(call)) break;
      if (call.queue !== null) this.#queue.remove(call);
    }
  }

  /** Ends what is past its deadline. @returns when the next one is. */
  due(now: number): number {
    for (let call = this.#deadlines.takeDue(now); call !== undefined; call = this.#deadlines.takeDue(now)) {
      const ms = Math.round((call.deadline?.at ?? now) - call.createdAt);
      const where = call.lane === null ? 'waiting for a lane' : 'running';
      const error = new CallTimeoutError(
        `${call.fn.name} passed its deadline of ${ms} ms while ${where}. ` +
          (call.lane === null
            ? 'The lanes are busy: allow more time, more lanes, or fewer calls at once.'
            : 'Allow more time, or look at what it waits for.'),
        { call: call.id, symbol: call.fn.name },
      );
      this.stop(call, 'timed-out', error);
    }
    return this.#deadlines.next;
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
    return [...this.#waiting.toArray(), ...this.#queue.toArray(), ...this.#held, ...running];
  }

  /** Cancels everything that is pending, the queued first so that none of them starts. */
  cancelAll(error: (call: Call) => OffthreadError): void {
    for (const call of this.pending()) this.stop(call, 'cancelled', error(call));
  }

  #refusal(call: Call, deadlineAt: number): OffthreadError | null {
    if (this.#closed !== null) return this.#closed(call.fn.name);
    if (call.limits.signal?.aborted === true) {
      return new CallCancelledError(
        `${call.fn.name} was not started: its signal had aborted before the call.`,
        {
          call: call.id,
          symbol: call.fn.name,
          cause: call.limits.signal.reason,
        },
      );
    }
    if (deadlineAt <= call.createdAt) {
      return new CallTimeoutError(
        `${call.fn.name} was not started: its deadline had passed before the call.`,
        {
          call: call.id,
          symbol: call.fn.name,
        },
      );
    }
    return this.#supervisor.hopeless();
  }

  #accept(call: Call, deadlineAt: number): void {
    this.counters.submitted += 1;
    if (call.limits.signal !== undefined) linkSignal(call.limits.signal, call);
    if (deadlineAt !== Infinity) {
      call.deadline = this.#deadlines.add(call, deadlineAt);
      this.#supervisor.by(deadlineAt);
    }
    // Subscribers have run since the arguments were checked.
    if (call.trace !== null && this.#refuseStale(call)) return;
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
    if (this.#settings.whenFull === 'wait' && this.#waiting.size < this.#settings.maxWaiting) {
      this.#keep(call, this.#waiting);
      return;
    }
    this.counters.submitted -= 1;
    this.#drop(call);
    this.#refuse(call, this.#full(call));
  }

  /** Lets a new call wait, with its bytes as they are now. */
  #keep(call: Call, queue: CallQueue<Call>): void {
    try {
      if (call.fn.plan.hasData) call.args = snapshot(call.fn, call.args);
      queue.push(call);
    } catch (cause) {
      this.#fail(call, cause);
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
    const why = cause instanceof Error ? cause.message : 'they could not be copied';
    this.#leave(call);
    call.settle(
      'failed',
      undefined,
      new ArgumentError(
        `${call.fn.name} could not be called, its arguments could not be passed on: ${why}. Nothing reached native code.`,
        {
          call: call.id,
          symbol: call.fn.name,
          cause,
        },
      ),
    );
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

  #full(call: Call): QueueFullError {
    const { maxQueue, maxWaiting, whenFull } = this.#settings;
    const more = whenFull === 'wait' ? ` and ${maxWaiting} more wait for room` : '';
    return new QueueFullError(
      `The queue is full: ${maxQueue} calls wait for ${this.#settings.lanes} lanes${more}. ` +
        "Submit more slowly, raise maxQueue, or set whenFull to 'wait'.",
      { call: call.id, symbol: call.fn.name },
    );
  }

  #refuse(call: Call, error: OffthreadError): void {
    this.counters.refused += 1;
    call.refuse(error);
    if (call.trace === null) return;
    this.#traceEnd(call, call.ending ?? 'failed');
    publish.asyncEnd(call.trace);
  }

  /** Undoes what accepting a call registered. */
  #drop(call: Call): void {
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
      if (this.#refuseStale(call)) continue;
      const direct = this.#queue.size === 0 && this.#supervisor.hasIdleLane && this.#send(call);
      if (!direct && !this.#hasRoom(1)) break;
      if (call.queue !== null) this.#waiting.remove(call);
      if (!direct) this.#queue.push(call);
    }
  }

  /** Arguments were checked when the call was made; its buffers may have been detached since. */
  #refuseStale(call: Call): boolean {
    if (!call.fn.plan.hasData) return false;
    const error = checkArguments(call.fn.compiled, call.args);
    if (error === null) return false;
    error.call = call.id;
    this.#leave(call);
    call.settle('failed', undefined, error);
    return true;
  }

  #giveUp(error: OffthreadError): void {
    for (const call of [...this.#queue.toArray(), ...this.#waiting.toArray()]) {
      if (call.isSettled) continue;
      this.#leave(call);
      const own = this.#supervisor.hopeless() ?? error;
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

  #trace(call: Call): void {
    const { spec, library } = call.fn.compiled;
    const trace: CallTrace = {
      id: call.id,
      pool: this.#settings.name,
      library,
      symbol: spec.name,
      engine: call.fn.engine,
      createdAt: performance.timeOrigin + call.createdAt,
    };
    call.trace = trace;
    publish.start(trace);
  }

  #traceEnd(call: Call, ending: Ending): void {
    const trace = call.trace as CallTrace;
    const { queuedMs, ranMs } = call.timing;
    trace.status = ending;
    trace.queuedMs = queuedMs;
    trace.ranMs = ranMs ?? 0;
    if (call.lane !== null) trace.lane = call.lane.name;
    if (ending === 'succeeded') trace.result = call.value;
    else {
      const error = call.error as OffthreadError;
      trace.error = error;
      trace.kind = error.kind;
      trace.violation =
        call.lane?.status === 'lost' ||
        ending === 'timed-out' ||
        error.kind === 'crash' ||
        error.kind === 'lost' ||
        error.kind === 'crash-loop';
      publish.error(trace);
    }
    publish.asyncStart(trace);
  }
}
