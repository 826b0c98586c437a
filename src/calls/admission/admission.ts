/**
 * Admission: accepts or refuses the calls of a pool, and counts how they end.
 *
 *   offered ──► refused (closed, aborted, no lane available, late, full)
 *      ├──► dispatched
 *      ├──► queued   at most `maxQueue`, by priority
 *      └──► waiting  for space in the queue, with `whenFull: 'wait'`; at most `maxWaiting`
 *
 * Guarantee: every accepted call is counted once when it is accepted and once
 * when it ends (`onSettled`, which `Call` calls exactly once). `pending-calls.ts`
 * has the accepted calls.
 */
import { Math, Promise, performance } from '../../builtins.js';
import { resolved } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import { type Counters } from '../../observe/counters.js';
import type { Events } from '../../observe/events.js';
import { publish, tracing } from '../../observe/trace.js';
import type { PoolSettings } from '../../options/pool-options.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import type { CallSource } from '../../supervisor/call-source.js';
import { inInvocation } from '../../supervisor/host-functions/host-context.js';
import { allWait } from '../../supervisor/host-functions/deadlock.js';
import type { Ending, Job, StopEnding } from '../../supervisor/job.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import { traceEnd, traceStart } from '../audit.js';
import type { Call, CallOwner } from '../call.js';
import { NestedCalls, type NestedWait } from '../nested.js';
import type { PoolSessions } from '../sessions/pool-sessions.js';
import { linkSignal, unlinkSignal } from '../signals.js';
import { Deadlines } from './deadlines.js';
import { Lateness } from './lateness.js';
import { PendingCalls } from './pending-calls.js';
import {
  abortedBefore,
  leasedText,
  pastDeadline,
  pastDeadlineBefore,
  queueFull,
  unreadChunks,
} from './refusals.js';

export class Admission implements CallOwner, CallSource {
  readonly counters: Counters;
  readonly #settings: PoolSettings;
  readonly #events: Events;
  /** Null: calls are accepted even if they cannot meet their deadlines. */
  readonly #lateness: Lateness | null;
  readonly #calls: PendingCalls;
  readonly #deadlines = new Deadlines<Call>();
  readonly #nested = new NestedCalls({
    allWait: (holds, stalls, among) => {
      const { lanes, callbacks } = this.#supervisor;
      return allWait(lanes, among ?? lanes.active, callbacks, holds, stalls);
    },
    abandon: (call, error) => this.abandon(call, error),
  });
  readonly #drains: (() => void)[] = [];
  #supervisor!: Supervisor;
  #closed: ((symbol: string) => OffthreadError) | null = null;

  constructor(settings: PoolSettings, counters: Counters, events: Events) {
    this.#settings = settings;
    this.counters = counters;
    this.#events = events;
    this.#lateness = settings.refuseLate ? new Lateness() : null;
    this.#calls = new PendingCalls(settings, counters, this.#lateness);
  }

  /** Sets the supervisor, which needs this object for its own construction. */
  connect(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
    this.#calls.connect(supervisor);
  }

  /** Number of accepted calls that have not started, without those of {@link waiting}. */
  get queued(): number {
    return this.#calls.queued;
  }

  /** Number of calls that wait for space in the queue. */
  get waiting(): number {
    return this.#calls.waiting;
  }

  get hasPending(): boolean {
    return this.counters.pending > 0;
  }

  /** Number of calls refused because they would have missed their deadlines. */
  get refusedLate(): number {
    return this.#lateness?.refused ?? 0;
  }

  get sessionsWait(): boolean {
    return this.#calls.sessions !== null && this.#calls.sessions.waits;
  }

  get closed(): boolean {
    return this.#closed !== null;
  }

  /** The pool has sessions from now on. */
  useSessions(sessions: PoolSessions): void {
    this.#calls.sessions = sessions;
  }

  /** Refuses every call with this error from now on, except those of open sessions. */
  close(error: (symbol: string) => OffthreadError): void {
    this.#closed = error;
  }

  /**
   * Accepts a call or refuses it; a refused call has settled on return.
   * @param deadlineAt ms on the host's clock, or Infinity.
   * @param inPlace runs the call on this thread, without lane and queue.
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

  /**
   * Accepts a plain call if its lane is known already, which is so for most of the calls that are made in one tick.
   * @returns false when {@link offer} is to do it.
   */
  offerMore(call: Call): boolean {
    if (this.#closed !== null || tracing() || inInvocation()) return false;
    // Before it is taken: the batch may be full then, and a call that its lane does not take is counted as queued.
    this.counters.submitted += 1;
    if (this.#supervisor.batch.add(call)) return true;
    this.counters.submitted -= 1;
    return false;
  }

  stop(call: Call, ending: StopEnding, error: OffthreadError): boolean {
    if (call.isSettled) return false;
    if (call.lane !== null) return this.#supervisor.stop(call, ending, error);
    this.#calls.leave(call);
    call.settle(ending, undefined, error);
    this.pump();
    return true;
  }

  onSettled(call: Call, ending: Ending): void {
    const { counters } = this;
    counters.end(ending);
    this.#record(call);
    this.#unregister(call);
    this.#calls.unread.settled(call);
    if (call.trace !== null) traceEnd(call, ending);
    if (counters.pending === 0) this.#onNonePending();
    // Last: a session that ends with this call gives its lane to others.
    call.limits.session?.settled(call);
  }

  onSucceeded(call: Call, startedAt: number, endedAt: number): void {
    const { counters } = this;
    counters.ended += 1;
    counters.waits.record(startedAt - call.createdAt);
    counters.runs.record(endedAt - startedAt);
    this.#nested.settled(call);
    if (counters.pending === 0) this.#onNonePending();
  }

  returned(jobs: readonly Job[], again = false): void {
    if (again) this.counters.retried += jobs.length;
    this.#calls.returned(jobs);
    this.#nested.changed();
  }

  pump(): void {
    if (this.counters.pending === 0 && !this.sessionsWait) return;
    this.#nested.changed();
    this.#calls.pump();
  }

  /** A session waits for a lane, or for its calls to end: this may be a deadlock. */
  beginWait(wait: NestedWait): void {
    this.#nested.begin(wait);
  }

  /** Such a wait is over. */
  endWait(wait: NestedWait): void {
    this.#nested.end(wait);
    // The process may end now.
    this.#supervisor.loop.notice();
  }

  due(now: number): number {
    for (let call = this.#deadlines.takeDue(now); call !== undefined; call = this.#deadlines.takeDue(now)) {
      this.stop(call, 'timed-out', pastDeadline(call, now, this.#leasedOf()));
    }
    const unread = this.#calls.unread.due(now, (call) => this.stop(call, 'timed-out', unreadChunks(call)));
    return Math.min(this.#deadlines.next, unread);
  }

  hostWaits(): void {
    this.#nested.changed();
  }

  /** Keeps a call whose native code has returned while its chunks are being read. */
  keepUnread(call: Call): void {
    this.#calls.unread.add(call);
    this.#supervisor.watch.by(performance.now() + call.timeout);
  }

  /** Fails a call that cannot proceed, because of a deadlock. */
  abandon(call: Call, error: OffthreadError): void {
    if (call.isSettled) return;
    this.#calls.leave(call);
    call.settle('failed', undefined, error);
  }

  /** All accepted calls that have not settled. */
  pending(): Call[] {
    return this.#calls.toArray();
  }

  /** Cancels all pending calls, queued ones first so that none of them starts. */
  cancelAll(error: (call: Call) => OffthreadError): void {
    for (const call of this.pending()) this.stop(call, 'cancelled', error(call));
  }

  /** Resolves when no call is pending. */
  drain(): Promise<void> {
    if (!this.hasPending) return resolved(undefined);
    return new Promise((resolve) => this.#drains.push(resolve));
  }

  #onNonePending(): void {
    // Calls also settle outside the loop: at a timeout, or after their last chunk. It lets the process end then.
    this.#supervisor.loop.notice();
    if (this.#drains.length > 0) for (const resolve of this.#drains.splice(0)) resolve();
    this.#events.emit('drained');
  }

  #refusal(call: Call, deadlineAt: number): OffthreadError | null {
    const { signal, session } = call.limits;
    if (session === null) {
      if (this.#closed !== null) return this.#closed(call.fn.name);
    } else {
      // A pool that is being closed waits for its sessions, which make calls until they are closed.
      const error = session.refusal(call.fn.name);
      if (error !== null) return error;
    }
    if (signal !== undefined && hasAborted(signal)) return abortedBefore(call, abortReason(signal));
    if (deadlineAt <= call.createdAt) return pastDeadlineBefore(call);
    if (this.#calls.sessions !== null) {
      const error = this.#calls.sessions.refusal(call);
      if (error !== null) return error;
    }
    const { lanes, supply } = this.#supervisor;
    return lanes.active.length > 0 ? null : supply.unavailable();
  }

  #late(call: Call, deadlineAt: number): OffthreadError | null {
    // The estimate is about lanes that take any call.
    if (this.#lateness === null || deadlineAt === Infinity || call.limits.session !== null) return null;
    return this.#lateness.refusal(call, deadlineAt, this.#supervisor.lanes.active);
  }

  /** How many of the lanes sessions have, for messages. */
  #leasedOf(): string {
    const { leases } = this.#supervisor;
    return leases.count === 0 ? '' : leasedText(leases.count, this.#settings.lanes);
  }

  #runInPlace(call: Call, run: () => void): void {
    this.counters.submitted += 1;
    try {
      run();
    } catch (cause) {
      this.#calls.fail(call, cause);
    }
  }

  #accept(call: Call, deadlineAt: number): void {
    this.counters.submitted += 1;
    this.#nested.made(call);
    const { signal, session } = call.limits;
    if (session !== null) session.accepted();
    if (signal !== undefined) linkSignal(signal, call);
    if (deadlineAt !== Infinity) {
      call.deadline = this.#deadlines.add(call, deadlineAt);
      this.#supervisor.watch.by(deadlineAt);
    }
    // Subscribers of the trace have run since the arguments were checked, and may have changed them.
    if (call.trace !== null && this.#calls.refuseStale(call)) return;
    // A further attempt needs the bytes that the call was made with.
    if (call.attempts > 1 && call.fn.plan.hasData && !this.#calls.keepBytes(call)) return;
    const place = this.#calls.add(call);
    if (place === 'dispatched') return;
    if (place === 'refused') {
      this.counters.submitted -= 1;
      this.#unregister(call);
      this.#refuse(call, queueFull(call, this.#settings, this.#leasedOf()));
      call.limits.session?.settled(call);
      return;
    }
    this.#nested.changed();
    if (place === 'queued' && this.#calls.isFull) this.#events.emit('full');
  }

  #refuse(call: Call, error: OffthreadError): void {
    this.counters.refused += 1;
    call.refuse(error);
    if (call.trace === null) return;
    traceEnd(call, call.ending ?? 'failed');
    publish.asyncEnd(call.trace);
  }

  /** Undoes the registrations of an accepted call. */
  #unregister(call: Call): void {
    this.#nested.settled(call);
    if (call.deadline !== null) this.#deadlines.remove(call.deadline);
    if (call.limits.signal !== undefined) unlinkSignal(call.limits.signal, call);
  }

  #record(call: Call): void {
    const { createdAt, startedAt } = call;
    const endedAt = call.endedAt ?? createdAt;
    this.counters.waits.record((startedAt ?? endedAt) - createdAt);
    if (startedAt !== null) this.counters.runs.record(endedAt - startedAt);
  }
}
