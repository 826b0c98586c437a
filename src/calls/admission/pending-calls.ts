/**
 * The accepted calls of a pool that have not settled: where they wait, and how
 * they are dispatched to lanes.
 *
 *   waiting ──► queued ──► in a lane ──► unread: native code has returned, chunks are left
 *                 │ ▲
 *                 ▼ │
 *                held, while their engine has to be quiet
 *
 * The calls of a session wait in queues of its own, for its lane. A session that waits for a lane has a place among the
 * queued calls of all others: those behind it wait until it has taken the next idle lane.
 *
 * Guarantees:
 * - A call is in one place, and leaves it in the same step in which it settles
 *   or moves on.
 * - Every event that frees space (a result, a cancellation, a lane) ends in
 *   `pump`, which is re-entrant: every step leaves the queues consistent.
 */
import { Math, performance } from '../../builtins.js';
import { checkArguments } from '../../declare/values/validate.js';
import type { OffthreadError } from '../../errors.js';
import { snapshot } from '../../lanes/rows/copied-arguments.js';
import type { Counters } from '../../observe/counters.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Job } from '../../supervisor/job.js';
import { ffiRsQuiescence } from '../../supervisor/quiescence/quiescence.js';
import { ownerOf } from '../../supervisor/row-owner.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import type { Call, CallSession } from '../call.js';
import type { PoolSessions } from '../sessions/pool-sessions.js';
import { UnreadCalls } from '../streams/unread-calls.js';
import type { Lateness } from './lateness.js';
import { CallQueue } from './queue.js';
import { notPassedOn } from './refusals.js';

export class PendingCalls {
  readonly unread: UnreadCalls = new UnreadCalls();
  readonly #settings: PoolSettings;
  readonly #counters: Counters;
  readonly #lateness: Lateness | null;
  readonly #queue: CallQueue<Call>;
  /** Calls that wait for space in the queue. */
  readonly #waiting: CallQueue<Call>;
  /** Calls of an engine that has to be quiet. */
  readonly #held: Call[] = [];
  /** Null until the pool has had its first session. */
  sessions: PoolSessions | null = null;
  #supervisor!: Supervisor;
  /** Whether a call had a priority: calls written ahead may have to be withdrawn from then on. */
  #prioritized = false;

  /** @param lateness null: calls are dispatched even if they cannot meet their deadlines. */
  constructor(settings: PoolSettings, counters: Counters, lateness: Lateness | null) {
    this.#settings = settings;
    this.#counters = counters;
    this.#lateness = lateness;
    const tally = lateness?.queued ?? null;
    this.#queue = new CallQueue<Call>('queued', tally);
    this.#waiting = new CallQueue<Call>('waiting', tally);
  }

  connect(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
  }

  /** Number of accepted calls that have not started, without those of {@link waiting}. */
  get queued(): number {
    const { pending } = this.#counters;
    return Math.max(0, pending - this.#supervisor.lanes.busy - this.waiting - this.unread.size);
  }

  /** Number of calls that wait for space in the queue. */
  get waiting(): number {
    let { size } = this.#waiting;
    if (this.sessions !== null) for (const { waiting } of this.sessions.open) size += waiting.size;
    return size;
  }

  /**
   * Adds a call: to a lane, to the queue, or to the calls that wait for space there.
   * @returns the place; `refused` when there is no space, and the call was not added.
   */
  add(call: Call): 'dispatched' | 'queued' | 'waiting' | 'refused' {
    this.#supervisor.batch.write();
    const { session } = call.limits;
    if (session !== null) return this.#addTo(session, call);
    this.#prioritized ||= call.priority !== 0;
    const { sessions } = this;
    const sessionWaits = sessions !== null && sessions.awaitsIdle;
    const idle = this.#queue.size === 0 && this.#waiting.size === 0 && !sessionWaits;
    const enter = idle && (this.#hasRoom() || this.#supervisor.lanes.hasIdle);
    if (enter && this.#send(call, !this.#prioritized)) {
      const room = this.#settings.maxQueue - this.#counters.pending;
      if (call.plain && !this.#prioritized) this.#supervisor.gatherMore(call, room);
      return 'dispatched';
    }
    // `#hasRoom` without argument: this call is already counted as queued.
    if (this.#waiting.size === 0 && this.#hasRoom()) {
      this.#keep(call, this.#queue);
      if ((this.#prioritized && this.#supervisor.takeBackAhead()) || sessionWaits) this.pump();
      return 'queued';
    }
    return this.#addWaiting(call, this.#waiting);
  }

  /** The same for a call of a session: its lane is the only one that may take it. */
  #addTo(session: CallSession, call: Call): 'dispatched' | 'queued' | 'waiting' | 'refused' {
    const { lane, queue, waiting } = session;
    const first = queue.size === 0 && waiting.size === 0;
    const enter = first && (this.#hasRoom() || lane.ring.occupied === 0);
    if (enter && this.#send(call)) return 'dispatched';
    if (waiting.size === 0 && this.#hasRoom()) {
      this.#keep(call, queue);
      return 'queued';
    }
    return this.#addWaiting(call, waiting);
  }

  /** Lets a call wait for space, if the pool allows. A batch is never refused for lack of space: its run sends few at a time. */
  #addWaiting(call: Call, queue: CallQueue<Call>): 'waiting' | 'refused' {
    const waits = this.#settings.whenFull === 'wait' && this.waiting < this.#settings.maxWaiting;
    if (!waits && call.items === null) return 'refused';
    this.#keep(call, queue);
    return 'waiting';
  }

  /** Whether the queue has no space for another call. */
  get isFull(): boolean {
    return !this.#hasRoom(1);
  }

  /** Puts jobs that have left their lane in front of those that were never dispatched. */
  returned(jobs: readonly Job[]): void {
    this.#supervisor.batch.write();
    for (const job of jobs.toReversed() as Call[]) {
      if (job.isSettled) continue;
      const { session } = job.limits;
      (session === null ? this.#queue : session.queue).unshift(job);
    }
  }

  /** Dispatches all calls that can start now. */
  pump(): void {
    this.#supervisor.batch.write();
    if (!ffiRsQuiescence.closed) this.#release();
    // Calls written ahead are older than queued ones: an idle lane gets them first.
    if (this.#supervisor.lanes.hasIdle) this.#supervisor.takeBackAhead();
    this.#dispatchQueued();
    this.#refill(this.#queue, this.#waiting);
    if (this.sessions !== null) this.#pumpSessions(this.sessions);
    const unavailable = this.#supervisor.supply.unavailable();
    if (unavailable !== null) this.#giveUp(unavailable);
  }

  /** Removes a call that has not been dispatched from its place. */
  leave(call: Call): void {
    if (call.queue !== null) (call.queue as CallQueue<Call>).remove(call);
    else {
      const at = this.#held.indexOf(call);
      if (at >= 0) void this.#held.splice(at, 1);
    }
  }

  /** All calls; those in lanes come last. */
  toArray(): Call[] {
    this.#supervisor.batch.write();
    const running: Call[] = [];
    for (const lane of this.#supervisor.lanes.active) {
      const { ring } = lane;
      for (let at = ring.head; at !== ring.tail; at = (at + 1) | 0) {
        const job = ownerOf(lane, at);
        if (job !== null && !job.isSettled) running.push(job as Call);
      }
    }
    const ofSessions = [...(this.sessions?.open ?? [])];
    return [
      ...ofSessions.flatMap(({ waiting, queue }) => [...waiting.toArray(), ...queue.toArray()]),
      ...this.#waiting.toArray(),
      ...this.#queue.toArray(),
      ...this.#held,
      ...this.unread.toArray(),
      ...running,
    ];
  }

  /** Copies the bytes that the caller may change. @returns false when the call has failed for lack of memory. */
  keepBytes(call: Call): boolean {
    try {
      call.args = snapshot(call.fn, call.args, this.#supervisor.slabs, this.#supervisor.lendsShared);
      return true;
    } catch (cause) {
      this.fail(call, cause);
      return false;
    }
  }

  /** Fails a call that could not be passed to a lane. */
  fail(call: Call, cause: unknown): void {
    this.leave(call);
    call.settle('failed', undefined, notPassedOn(call, cause));
  }

  /** Fails a call whose arguments are no longer valid: its buffers may have been detached since they were checked. @returns whether it did. */
  refuseStale(call: Call): boolean {
    // Values of any kind: what cannot be sent is found when the call is written.
    if (call.fn.module !== null) return false;
    const { hasData, hasCallbacks } = call.fn.plan;
    if (!hasData && !hasCallbacks) return false;
    const error = checkArguments(call.fn.compiled, call.args);
    if (error === null) return false;
    error.call = call.id;
    this.leave(call);
    call.settle('failed', undefined, error);
    return true;
  }

  #dispatchQueued(): void {
    for (;;) {
      // A session that gets a lane in front of the oldest call changes no queue.
      const call = this.#queue.peek();
      if (this.sessions !== null && !this.sessions.passes(call)) return;
      if (call === null) return;
      if (this.#supervisor.quieted(call)) {
        this.#queue.remove(call);
        this.#held.push(call);
        continue;
      }
      if (this.refuseStale(call) || this.#dropLate(call)) continue;
      if (!this.#sendFrom(this.#queue, call)) return;
    }
  }

  /** Dispatches the calls of sessions that their lanes can take now. */
  #pumpSessions({ open }: PoolSessions): void {
    // A copy: a session may end when a call settles.
    for (const { queue, waiting } of [...open]) {
      for (let call = queue.peek(); call !== null; call = queue.peek()) {
        if (this.refuseStale(call) || this.#dropLate(call)) continue;
        if (!this.#sendFrom(queue, call)) break;
      }
      this.#refill(queue, waiting);
    }
  }

  /**
   * Dispatches a call from a queue. The call leaves the queue first: a lane that
   * is found dead returns the call to the queue, where it must not be twice.
   * @returns false when no lane can take the call now, which is then in its old place.
   */
  #sendFrom(queue: CallQueue<Call>, call: Call): boolean {
    queue.remove(call);
    if (this.#send(call)) return true;
    if (call.isSettled || call.queue !== null) return true;
    queue.unshift(call);
    return false;
  }

  /**
   * Dispatches a call. A call whose arguments cannot be passed on (for example
   * for lack of memory) fails here, without effect on other calls.
   * @returns false when no lane can take the call now.
   */
  #send(call: Call, ahead = true): boolean {
    const { session } = call.limits;
    try {
      return session === null
        ? this.#supervisor.dispatch(call, ahead)
        : this.#supervisor.dispatchTo(session.lane, call);
    } catch (cause) {
      this.fail(call, cause);
      return true;
    }
  }

  /** Adds a new call to a queue, with a copy of its bytes. */
  #keep(call: Call, queue: CallQueue<Call>): void {
    if (call.fn.plan.hasData && !this.keepBytes(call)) return;
    queue.push(call);
  }

  /** Puts the calls that were held for a quiet engine back at the front of the queue. */
  #release(): void {
    for (const call of this.#held.splice(0).toReversed()) this.#queue.unshift(call);
  }

  /** Moves waiting calls to free space in the queue, or to idle lanes. */
  #refill(queue: CallQueue<Call>, waiting: CallQueue<Call>): void {
    for (let call = waiting.peek(); call !== null; call = waiting.peek()) {
      if (this.refuseStale(call) || this.#dropLate(call)) continue;
      const { boundTo } = call;
      const idle = boundTo === null ? this.#supervisor.lanes.hasIdle : boundTo.ring.occupied === 0;
      if (queue.size === 0 && idle && this.#sendFrom(waiting, call)) continue;
      if (!this.#hasRoom(1)) break;
      waiting.remove(call);
      queue.push(call);
    }
  }

  /**
   * Whether the queue has space for `more` calls. A lane that is starting takes
   * a call soon, so the bound grows by one for each.
   */
  #hasRoom(more = 0): boolean {
    const { maxQueue } = this.#settings;
    // No more calls are queued than pending, so the lanes are counted only near the limit.
    if (this.#counters.pending + more <= maxQueue) return true;
    return this.queued + more <= maxQueue + this.#supervisor.lanes.startingActive;
  }

  /** Ends a call whose turn has come, or is near, with less time left than it takes to run. @returns whether it did. */
  #dropLate(call: Call): boolean {
    const error = this.#lateness?.tooLate(call, performance.now()) ?? null;
    if (error === null) return false;
    this.leave(call);
    call.settle('timed-out', undefined, error);
    return true;
  }

  /** Fails all queued and waiting calls, and sessions that wait, since no lane will take them. */
  #giveUp(error: OffthreadError): void {
    this.sessions?.refuseWaiting(error);
    for (const call of [...this.#queue.toArray(), ...this.#waiting.toArray()]) {
      if (call.isSettled) continue;
      this.leave(call);
      const own = this.#supervisor.supply.unavailable() ?? error;
      own.call = call.id;
      own.symbol = call.fn.name;
      call.settle('failed', undefined, own);
    }
  }
}
