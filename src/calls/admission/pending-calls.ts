/**
 * The calls of a pool that have been accepted and have not settled: where they
 * wait, and how they get from there to lanes.
 *
 *   waiting ──► queued ──► in a lane ──► unread: native code is back, chunks are not all read
 *                 │ ▲
 *                 ▼ │
 *                held, while their engine must be quiet
 *
 * Guarantees:
 * - A call is in one place. It leaves its place in the same step in which it
 *   settles or moves on.
 * - Whatever frees room (a result, a cancellation, a lane) ends in `pump`, which
 *   may be entered again from a handler: every step leaves the queues whole.
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
import type { Call } from '../call.js';
import { UnreadCalls } from '../streams/unread.js';
import type { Lateness } from './lateness.js';
import { CallQueue } from './queue.js';
import { notPassedOn } from './refusals.js';

export class PendingCalls {
  readonly unread: UnreadCalls = new UnreadCalls();
  readonly #settings: PoolSettings;
  readonly #counters: Counters;
  readonly #lateness: Lateness | null;
  readonly #queue: CallQueue<Call>;
  /** Calls that wait for room in the queue. */
  readonly #waiting: CallQueue<Call>;
  /** Calls of an engine that is being quieted. */
  readonly #held: Call[] = [];
  #supervisor!: Supervisor;
  /** Whether calls of different priorities have been seen: then a call ahead may have to make way. */
  #prioritized = false;

  /** @param lateness null: calls are dispatched whether or not they can make their deadlines. */
  constructor(settings: PoolSettings, counters: Counters, lateness: Lateness | null) {
    this.#settings = settings;
    this.#counters = counters;
    this.#lateness = lateness;
    const tally = lateness?.backlog ?? null;
    this.#queue = new CallQueue<Call>('queued', tally);
    this.#waiting = new CallQueue<Call>('waiting', tally);
  }

  connect(supervisor: Supervisor): void {
    this.#supervisor = supervisor;
  }

  /** Calls that are accepted and have not started. */
  get queued(): number {
    const { pending } = this.#counters;
    return Math.max(0, pending - this.#supervisor.lanes.busy - this.#waiting.size - this.unread.size);
  }

  /** Calls that wait for room in the queue. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Takes a call in: to a lane, to the queue, or to those that wait for room there.
   * @returns where to; `refused` when there is no room for it, and it is nowhere.
   */
  add(call: Call): 'dispatched' | 'queued' | 'waiting' | 'refused' {
    this.#prioritized ||= call.priority !== 0;
    const idle = this.#queue.size === 0 && this.#waiting.size === 0;
    const enter = idle && (this.#hasRoom() || this.#supervisor.lanes.hasIdle);
    if (enter && this.#send(call, !this.#prioritized)) return 'dispatched';
    // This call is counted as queued already.
    if (this.#waiting.size === 0 && this.#hasRoom()) {
      this.#keep(call, this.#queue);
      if (this.#prioritized && this.#supervisor.takeBackAhead()) this.pump();
      return 'queued';
    }
    // A batch is never refused for want of room: whoever sends it sends few at a time.
    const waits = this.#settings.whenFull === 'wait' && this.#waiting.size < this.#settings.maxWaiting;
    if (!waits && call.items === null) return 'refused';
    this.#keep(call, this.#waiting);
    return 'waiting';
  }

  /** Whether the queue has no room for another call. */
  get isFull(): boolean {
    return !this.#hasRoom(1);
  }

  /** Jobs that come back from a lane run before those that never left. */
  returned(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) {
      if (!job.isSettled) this.#queue.unshift(job as Call);
    }
  }

  /** Dispatches what can start now. */
  pump(): void {
    if (!ffiRsQuiescence.closed) this.#release();
    // What was written ahead is older than what is queued: an idle lane gets it first.
    if (this.#supervisor.lanes.hasIdle) this.#supervisor.takeBackAhead();
    this.#dispatchQueued();
    this.#refill();
    const unavailable = this.#supervisor.supply.unavailable();
    if (unavailable !== null) this.#giveUp(unavailable);
  }

  /** Takes a call that has not been dispatched out of where it waits. */
  leave(call: Call): void {
    if (call.queue !== null) (call.queue as CallQueue<Call>).remove(call);
    else {
      const at = this.#held.indexOf(call);
      if (at >= 0) void this.#held.splice(at, 1);
    }
  }

  /** Every call, those that run last. */
  toArray(): Call[] {
    const running: Call[] = [];
    for (const lane of this.#supervisor.lanes.active) {
      const { ring } = lane;
      for (let at = ring.head; at !== ring.tail; at = (at + 1) | 0) {
        const job = ownerOf(lane, at);
        if (job !== null && !job.isSettled) running.push(job as Call);
      }
    }
    return [
      ...this.#waiting.toArray(),
      ...this.#queue.toArray(),
      ...this.#held,
      ...this.unread.toArray(),
      ...running,
    ];
  }

  /** Copies the bytes that the caller may change. @returns false when the call has failed for want of memory. */
  keepBytes(call: Call): boolean {
    try {
      call.args = snapshot(call.fn, call.args);
      return true;
    } catch (cause) {
      this.fail(call, cause);
      return false;
    }
  }

  /** Ends a call that could not be passed on. */
  fail(call: Call, cause: unknown): void {
    this.leave(call);
    call.settle('failed', undefined, notPassedOn(call, cause));
  }

  /** Arguments were checked when the call was made; its buffers may have been detached since. */
  refuseStale(call: Call): boolean {
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
    for (let call = this.#queue.peek(); call !== null; call = this.#queue.peek()) {
      if (this.#supervisor.quieted(call)) {
        this.#queue.remove(call);
        this.#held.push(call);
        continue;
      }
      if (this.refuseStale(call) || this.#dropLate(call)) continue;
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

  /**
   * Dispatches a call. One whose arguments cannot be passed on (no memory for
   * a copy of them, say) ends here, and disturbs no other.
   * @returns false when no lane takes it now.
   */
  #send(call: Call, ahead = true): boolean {
    try {
      return this.#supervisor.dispatch(call, ahead);
    } catch (cause) {
      this.fail(call, cause);
      return true;
    }
  }

  /** Lets a new call wait, with its bytes as they are now. */
  #keep(call: Call, queue: CallQueue<Call>): void {
    if (call.fn.plan.hasData && !this.keepBytes(call)) return;
    queue.push(call);
  }

  /** Calls that were held for a quiet engine go back to the front. */
  #release(): void {
    for (const call of this.#held.splice(0).toReversed()) this.#queue.unshift(call);
  }

  /** Room in the queue goes to those that wait for it. */
  #refill(): void {
    for (let call = this.#waiting.peek(); call !== null; call = this.#waiting.peek()) {
      if (this.refuseStale(call) || this.#dropLate(call)) continue;
      const idle = this.#queue.size === 0 && this.#supervisor.lanes.hasIdle;
      if (idle && this.#sendFrom(this.#waiting, call)) continue;
      if (!this.#hasRoom(1)) break;
      this.#waiting.remove(call);
      this.#queue.push(call);
    }
  }

  /**
   * Whether the queue has room for so many more. A lane that is starting takes
   * a call soon: one queued for it does not count against the bound.
   */
  #hasRoom(more = 0): boolean {
    const { maxQueue } = this.#settings;
    // What is pending bounds what is queued: the lanes are counted only near the limit.
    if (this.#counters.pending + more <= maxQueue) return true;
    return this.queued + more <= maxQueue + this.#supervisor.lanes.startingActive;
  }

  /** Its turn has come or is near, and what is left of its time is less than it takes: no lane is spent on it. */
  #dropLate(call: Call): boolean {
    const error = this.#lateness?.tooLate(call, performance.now()) ?? null;
    if (error === null) return false;
    this.leave(call);
    call.settle('timed-out', undefined, error);
    return true;
  }

  #giveUp(error: OffthreadError): void {
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
