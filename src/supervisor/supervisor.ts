/**
 * The supervisor: dispatches calls to lanes, takes their results, stops them,
 * and watches the lanes' health. It owns every settlement of a dispatched call.
 *
 * Guarantees:
 * - A dispatched job settles exactly once: by its lane's result, by being
 *   stopped, by being given up, or by its lane's death, whichever swap is first.
 * - Jobs that a lane had not started when it was lost or died go back to the
 *   queue, in their order, and run elsewhere.
 * - Nothing here depends on the event loop: `runUntil` does the same work while
 *   the host's thread blocks.
 */
import { performance } from 'node:perf_hooks';
import type { OffthreadError } from '../errors.js';
import type { PoolEvents } from '../observe/events.js';
import type { PoolSettings } from '../options/pool-options.js';
import type { Doorbell } from '../shared/bell.js';
import type { Death } from '../lanes/death.js';
import { laneKind } from '../lanes/lane-kind.js';
import type { TryOut } from '../lanes/lane.js';
import type { LaneReport, ToLane } from '../shared/messages.js';
import { chooseLane, chooseLaneAhead, overdueMs } from './choose-lane.js';
import { Crashes, crashError } from './crash.js';
import { allWait, blockedDeadlock, requireHope } from './deadlock.js';
import { unwatchExit, watchExit } from './exit.js';
import { FfiRsThreads } from './ffi-rs-threads.js';
import { Harvester } from './harvester.js';
import { BOOT_MS, Health, STUCK_AFTER_MS } from './health.js';
import { HostLoop } from './host-loop.js';
import { Interrupter } from './interrupter.js';
import type { Invocation } from './invocation.js';
import type { Job, JobLane, StopEnding } from './job.js';
import { LaneSet } from './lane-set.js';
import { gather, rung, soonUs } from './pace.js';
import { ffiRsGate } from './quiet.js';
import type { BreakerState } from './restarts.js';
import { Readiness } from './readiness.js';
import { FIRST_LOOK_MS } from './silence.js';
import { type StopContext, giveUp, stopJob } from './stopping.js';
import { Talk } from './talk.js';
import { blocking } from './turn.js';
import { Watch } from './watch.js';

/** What the supervisor tells the rooms above. */
export interface SupervisorEvents {
  /** A lane may take calls: offer the queued ones. */
  room(): void;
  /** Jobs that are to run elsewhere, oldest first: put them in front of the queue. */
  returned(jobs: readonly Job[], again?: boolean): void;
  /** Something else that is due by time; returns when to look next. */
  due(now: number): number;
  /** A job has started. Told only while `announcing()` is true. */
  started(job: Job): void;
  announcing(): boolean;
  /** Whether any call has not settled: then the process has to live. */
  pending(): boolean;
  /** A function on the host has failed, and there is no call left to fail with it. */
  stray(error: OffthreadError): void;
  /** Native code waits for a promise of the host. */
  hostWaits(): void;
  /** Something has happened to the lanes. */
  tell<E extends LaneNews>(event: E, ...details: PoolEvents[E]): void;
}

/** The events that are about lanes. */
export type LaneNews = Exclude<keyof PoolEvents, 'full' | 'drained' | 'error'>;

const NO_LANES: readonly JobLane[] = [];
/** Calls that are published together at most: an idle lane should not wait for a long tick to end. */
const CRATE = 32;
/** ms between looks whether an idle lane is due for recycling. */
const RECYCLE_MS = 250;
/** ms between looks whether the threads are there that a blocked host waits for: one that is terminated says nothing. */
const VANISHED_AFTER_MS = 100;
/** ms that a lane given up is left to come back before its thread is abandoned: a short call needs no new thread. */
const ABANDON_AFTER_MS = 5;

export class Supervisor {
  readonly #events: SupervisorEvents;
  readonly #bell: Doorbell;
  readonly #kind: PoolSettings['isolation'];
  /** How its lanes are reached while native code runs. */
  readonly control: PoolSettings['control'];
  readonly #lanes: LaneSet;
  readonly #loop: HostLoop;
  readonly #watch: Watch;
  readonly #interrupter: Interrupter = new Interrupter();
  readonly #stopping: StopContext;
  readonly #health: Health;
  readonly #harvester: Harvester;
  readonly #talk: Talk;
  readonly #readiness: Readiness;
  readonly #crashes: Crashes;
  readonly #recycles: boolean;
  readonly #ffiRs: FfiRsThreads;
  #harvesting = false;

  constructor(settings: PoolSettings, events: SupervisorEvents) {
    this.#events = events;
    this.#kind = settings.isolation;
    this.#crashes = new Crashes(settings, () => this.#lanes.breaker !== 'open');
    this.#recycles = settings.recycleAfter !== Infinity || settings.recycleAboveMb !== Infinity;
    const kind = laneKind<Job>(settings);
    this.#bell = kind.bell;
    this.control = kind.control;
    this.#lanes = new LaneSet(settings, kind, {
      starting: () => {
        this.#watch.by(performance.now() + BOOT_MS);
        this.#loop.notice();
      },
      ready: (lane) => {
        events.tell('lane-ready', { lane: lane.name });
        this.#readiness.tell();
        events.room();
      },
      crashed: (lane, death) => this.#onCrash(lane, death),
      recovered: (lane) => {
        events.tell('lane-recovered', { lane: lane.name });
        events.room();
      },
      recycled: (lane, reason) => events.tell('lane-recycled', { lane: lane.name, reason }),
      ended: () => this.#leaveExit(),
      pending: () => events.pending() || this.#readiness.any,
      notStarted: () => queueMicrotask(() => this.#afterChange()),
      restarting: (delayMs) => events.tell('lane-restarting', { delayMs }),
      opened: (deaths, withinMs, retryInMs) => events.tell('breaker-open', { deaths, withinMs, retryInMs }),
      trial: () => events.tell('breaker-trial', {}),
      closed: () => events.tell('breaker-closed', {}),
    });
    this.#readiness = new Readiness(this.#lanes);
    this.#ffiRs = new FfiRsThreads(this.#lanes, this.#interrupter, () => events.room());
    this.#loop = new HostLoop(
      this.#bell,
      {
        harvest: () => this.#harvest(),
        publish: () => this.#publish(),
        busy: () => this.#anyOccupied(),
        soonUs: () => soonUs(this.#lanes.active),
        gather: () => gather(this.#lanes.active),
        rung: () => rung(this.#lanes.active) || rung(this.#lanes.lost),
        awaited: () => events.pending() || this.#readiness.any,
      },
      settings.tuning.hostSpinUs,
    );
    this.#watch = new Watch((now) => this.#check(now));
    this.#stopping = {
      grace: settings.grace,
      interrupter: this.#interrupter,
      by: (time) => this.#watch.by(time),
      lose: (lane, job, waited) => this.#lose(lane, job, waited),
    };
    this.#health = new Health(this.#stopping, {
      crashed: (lane, death) => this.#lanes.crashed(lane, death),
      giveBack: (lane) => {
        this.#giveBack(lane);
        events.room();
      },
    });
    this.#talk = new Talk({
      hostTimeout: settings.hostTimeout,
      by: (time) => this.#watch.by(time),
      stray: (error) => events.stray(error),
      waits: () => events.hostWaits(),
      answered: () => this.#loop.notice(),
    });
    this.#harvester = new Harvester({
      hear: (lane) => this.#talk.hear(lane),
      announcing: () => events.announcing(),
      started: (job) => events.started(job),
      by: (time) => this.#watch.by(time),
    });
  }

  get lanes(): readonly JobLane[] {
    return this.#lanes.active;
  }

  /** Lanes that are ready to step in for one that dies. */
  get spareLanes(): number {
    return this.#lanes.spares;
  }

  /** Process lanes that were killed for a call which did not stop. */
  get killedLanes(): number {
    return this.#lanes.killed;
  }

  get breaker(): BreakerState {
    return this.#lanes.breaker;
  }

  get lostLanes(): readonly JobLane[] {
    return this.#lanes.lost;
  }

  /** Lanes whose next call to end has not settled: the calls that run, or are about to. */
  get busyLanes(): number {
    let busy = 0;
    for (const { ring } of this.#lanes.active) {
      if (ring.occupied !== 0 && !ring.ticket(ring.head).isSettled) busy += 1;
    }
    return busy;
  }

  get startingLanes(): number {
    let starting = 0;
    for (const lane of this.#lanes.active) if (lane.status === 'starting') starting += 1;
    return starting;
  }

  /** Whether some lane has nothing to do. */
  get hasIdleLane(): boolean {
    for (const lane of this.#lanes.active)
      if (lane.status === 'ready' && lane.ring.occupied === 0) return true;
    return false;
  }

  /** Why no lane will ever take a call; null while there is hope. */
  hopeless(): OffthreadError | null {
    return this.#lanes.hopeless();
  }

  /** Why a job is not to be run: it is known to crash lanes. */
  refusal(job: Job): OffthreadError | null {
    return this.#crashes.refusal(job);
  }

  /** Starts the lanes, if need be, and tells them of a library. */
  addLibrary(library: Extract<ToLane, { kind: 'library' }>): void {
    // From the first lane on there is something to watch.
    if (this.#kind === 'thread') {
      watchExit(this);
      ffiRsGate.join(this.#ffiRs);
      this.#interrupter.prepare(library);
    }
    this.#lanes.announce(library);
    this.#lanes.start();
    if (this.#recycles) this.#watch.by(performance.now() + RECYCLE_MS);
  }

  /**
   * Opens a library in one lane, where libraries are opened in lanes: what is
   * wrong with it is found before the others hear of it.
   * @throws (rejects) what is wrong with it, or what keeps every lane from starting.
   */
  async tryOut(library: TryOut): Promise<void> {
    if (this.#kind === 'thread') return;
    this.#lanes.start();
    await this.#readiness.wait();
    const lane = this.#lanes.active.find(({ status, ring }) => status === 'ready' && ring.occupied === 0);
    const any = lane ?? this.#lanes.active.find(({ status }) => status === 'ready');
    if (any === undefined) throw this.#lanes.hopeless() ?? new Error('unreachable: a lane was ready');
    this.#watch.by(performance.now() + FIRST_LOOK_MS);
    await any.tryOut(library);
  }

  /** What the lanes say of themselves; those that die meanwhile say nothing. */
  async reports(): Promise<LaneReport[]> {
    if (this.#kind === 'process') this.#watch.by(performance.now() + FIRST_LOOK_MS);
    const reports = await Promise.allSettled(this.#lanes.active.map((lane) => lane.report()));
    return reports.flatMap((report) => (report.status === 'fulfilled' ? [report.value] : []));
  }

  /** Resolves when some lane takes calls. @throws (rejects) what keeps every lane from starting. */
  ready(): Promise<void> {
    return this.#readiness.wait();
  }

  /**
   * Gives a job to a lane.
   * @param ahead whether it may be written behind a call that is expected to end soon.
   * @returns false when no lane takes it now.
   */
  dispatch(job: Job, ahead = true): boolean {
    if (this.quieted(job)) return false;
    const free = chooseLane(this.#lanes.active, job.fn);
    const mayGoAhead = ahead && !job.fn.hasCallbacks;
    const lane = free ?? (mayGoAhead ? chooseLaneAhead(this.#lanes.active, performance.now()) : null);
    if (lane === null) {
      this.#lanes.want();
      // It waits, and the process has to live for it; threads see to that by their leases.
      if (this.#kind === 'process') this.#loop.notice();
      return false;
    }
    const { ring } = lane;
    const first = ring.occupied === 0;
    const sequence = ring.write(job, this.#events.announcing());
    if (sequence === undefined) return false;
    job.lane = lane;
    job.sequence = sequence;
    const now = job.createdAt;
    lane.lastUsed = now;
    if (job.fn.hasCallbacks) this.#talk.dispatched(job, lane);
    if (this.#recycles) this.#lanes.recycle(lane);
    if (free !== null) lane.exclusive = !job.fn.short;
    // The rest goes as a crate, at the end of this tick.
    if (first || free === null || ring.unpublished >= CRATE) lane.wake();
    if (!first) this.#watch.by(free === null ? this.#overdueAt(lane) : now + STUCK_AFTER_MS);
    else if (job.timeout !== Infinity) this.#watch.by(now + job.timeout);
    if (this.#kind === 'process') this.#watch.by(now + FIRST_LOOK_MS);
    this.#loop.notice();
    return true;
  }

  /** Whether a job has to wait until a library has been opened: processes have their engines to themselves. */
  quieted({ fn }: Job): boolean {
    return fn.engine === 'ffi-rs' && this.#kind === 'thread' && ffiRsGate.closed;
  }

  /** Takes back the calls that were written ahead. @returns whether there were any. */
  takeBackAhead(): boolean {
    let any = false;
    for (const lane of this.#lanes.active) {
      if (lane.exclusive && lane.ring.occupied > 1 && this.#giveBack(lane)) any = true;
    }
    return any;
  }

  #overdueAt({ ring }: JobLane): number {
    return ring.startedAt(ring.head) + overdueMs(ring.ticket(ring.head).fn);
  }

  /** Asks a dispatched job to end; says whether this cause won. */
  stop(job: Job, ending: StopEnding, error: OffthreadError): boolean {
    return stopJob(this.#stopping, job, ending, error);
  }

  /** Gives up every job that was asked to stop, without waiting for its grace. */
  giveUpAll(): void {
    for (const lane of this.#lanes.active.slice()) {
      const { ring } = lane;
      if (ring.occupied === 0) continue;
      const job = ring.ticket(ring.head);
      if (job.lane !== lane) continue;
      giveUp(this.#stopping, job, false);
      // It has returned just now: nobody takes its result from the lane any more.
      if (job.stopping !== null) job.settle(job.stopping.ending, undefined, job.stopping.error);
    }
  }

  /** Callbacks that native code called when it was too late. */
  get lateCallbacks(): number {
    return this.#lanes.lateCallbacks + this.#talk.late;
  }

  /** Whether native code of a call waits for a function on the host, or talks to a stream. */
  talks(job: Job): boolean {
    if (job.lane === null) return false;
    return (job.talk?.sink ?? null) !== null || this.#talk.waitingIn(job.lane)?.job === job;
  }

  /** A call will fail with this, whatever its native code returns. */
  fail(job: Job, error: OffthreadError): void {
    this.#talk.fail(job, error);
  }

  /** Somebody waits for a chunk: it is to be noticed. */
  notice(): void {
    this.#loop.notice();
  }

  /**
   * Whether every lane waits for the host: for a function of which `holds` is
   * true, or for a reader of a call of which `stalls` is. Then none takes a call.
   */
  allWait(holds: (invocation: Invocation) => boolean, stalls: (job: Job) => boolean): boolean {
    return allWait(this.#lanes, this.#talk, holds, stalls);
  }

  /** Asks for a look at what is due (see `SupervisorEvents.due`) by a time. */
  by(time: number): void {
    this.#watch.by(time);
  }

  /**
   * Blocks this thread until a job has settled: waits on the doorbell and does
   * the supervisor's work by itself.
   * @throws DeadlockError when nothing that this thread waits for can happen while it blocks.
   */
  runUntil(job: Job): void {
    blocking(1);
    try {
      let lookedAt = performance.now();
      while (!job.isSettled) {
        const count = this.#loop.armToBlock();
        this.#loop.look();
        ffiRsGate.look();
        this.#events.room();
        this.#publish();
        // This thread has nothing else to do: every result wakes it.
        for (const lane of this.#lanes.active) lane.ring.gather(1);
        if (job.isSettled) break;
        this.#talk.breakBlocked(job, (what) => blockedDeadlock(job, what));
        this.#lanes.startNow();
        const now = performance.now();
        if (this.#watch.due <= now || this.#lanes.active.some((lane) => lane.announcedGone)) {
          this.#watch.look();
          continue;
        }
        if (now - lookedAt > VANISHED_AFTER_MS) {
          lookedAt = now;
          for (const lane of this.#lanes.active.filter(({ vanished }) => vanished))
            this.#lanes.crashed(lane, lane.death());
          continue;
        }
        // What there was no time for does not ring again.
        if (this.#lanes.active.some(({ hasCallbacks, channel }) => hasCallbacks && channel.hasCalls))
          continue;
        requireHope(job, this.#lanes, this.#talk);
        this.#bell.sleep(count, Math.min(this.#watch.due - now, 50));
      }
    } finally {
      blocking(-1);
      this.#loop.stopBlocking();
    }
  }

  /**
   * Ends every lane and thread. Jobs must have been settled before.
   * @param error for those that wait for a lane to be ready.
   */
  async end(error: () => OffthreadError): Promise<void> {
    this.#readiness.end(error);
    this.#watch.stop();
    await Promise.all([this.#lanes.end(), this.#interrupter.end()]);
    this.#talk.end();
    this.#bell.ring();
    this.#leaveExit();
  }

  holdsProcess(): boolean {
    if (this.#kind === 'process') return false;
    const { active, lost, ending } = this.#lanes;
    // A thread that is still loading an engine must not be ended either: that aborts the process.
    const inside = (lane: JobLane): boolean => lane.status === 'starting' || lane.ring.remaining !== 0;
    return active.some(inside) || ending.some(inside) || lost.length > 0 || this.#interrupter.busy;
  }

  #publish(): void {
    for (const lane of this.#lanes.active) if (lane.ring.unpublished !== 0) lane.wake();
  }

  /** Once no thread of this pool can be in native code any more. */
  #leaveExit(): void {
    if (this.holdsProcess()) return;
    unwatchExit(this);
    ffiRsGate.leave(this.#ffiRs);
  }

  #anyOccupied(): boolean {
    for (const lane of this.#lanes.active)
      if (lane.ring.occupied !== 0 || lane.status === 'starting') return true;
    if (this.#lanes.starting) return true;
    // A persistent callback may be called at any time.
    return this.#lanes.lost.length > 0 || this.#talk.expecting;
  }

  /** Takes everything finished from the lanes. Safe to enter again from a handler. */
  #harvest(): number {
    let found = 0;
    if (this.#lanes.starting) this.#lanes.welcome();
    const { active, lost } = this.#lanes;
    for (let index = 0; index < active.length; index += 1) {
      const lane = active[index] as JobLane;
      if (lane.ring.occupied !== 0 || lane.hasCallbacks) found += this.#take(lane);
    }
    // Listeners may run in here, and move lanes between the lists.
    for (const lane of lost.length === 0 ? NO_LANES : lost.slice()) {
      if (lane.status !== 'lost') continue;
      found += this.#take(lane);
      if (lane.ring.occupied === 0 && lane.abandonAt !== Infinity) this.#lanes.reinstate(lane);
    }
    if (found > 0 && !this.#harvesting) {
      this.#harvesting = true;
      try {
        this.#events.room();
      } finally {
        this.#harvesting = false;
      }
    }
    return found;
  }

  #take(lane: JobLane): number {
    try {
      const { head } = lane.ring;
      const found = this.#harvester.take(lane);
      if (lane.ring.head !== head) this.#lanes.worked(lane);
      if (lane.status === 'retiring') this.#lanes.sweep();
      return found;
    } catch (cause) {
      if (this.#kind === 'thread') throw cause;
      // Its native code has overwritten what it shares with the host: none of it is to be trusted.
      lane.corrupted(cause);
      return 0;
    }
  }

  #lose(lane: JobLane, job: Job, waited: boolean): void {
    this.#lanes.lose(lane);
    this.#giveBack(lane);
    this.#events.tell('lane-lost', { lane: lane.name, error: job.stopping?.error });
    // A process that was asked to stop has had its time.
    const patience = lane.kind === 'process' && waited ? 0 : ABANDON_AFTER_MS;
    lane.abandonAt = performance.now() + patience;
    if (patience === 0) this.#lanes.abandon(lane);
    else this.#watch.by(lane.abandonAt);
    this.#lanes.cover();
    this.#loop.notice();
  }

  /** @returns whether there was anything to give back. */
  #giveBack(lane: JobLane): boolean {
    const jobs = lane.ring.withdraw();
    for (const job of jobs) {
      job.talk?.sink?.detach();
      job.lane = null;
    }
    if (jobs.length > 0) this.#events.returned(jobs);
    return jobs.length > 0;
  }

  #onCrash(lane: JobLane, death: Death): void {
    lane.ring.concede();
    this.#take(lane);
    this.#talk.forget(lane);
    this.#giveBack(lane);
    const again = this.#crashes.settle(lane, death);
    if (again.length > 0) this.#events.returned(again, true);
    this.#events.tell('lane-crashed', { lane: lane.name, error: crashError(lane, death) });
    // The dead lane may have taken the bell in hand, and not rung it: then no other lane would.
    this.#bell.ring();
    // After the lane has been replaced.
    queueMicrotask(() => this.#afterChange());
  }

  #afterChange(): void {
    this.#readiness.tell();
    this.#events.room();
  }

  /** Does what is due. @returns when to look next. */
  #check(now: number): number {
    this.#bell.catchUp();
    if (this.#harvest() > 0) this.#loop.notice();
    let next = Math.min(this.#events.due(now), this.#talk.due(now));
    if (this.#recycles) {
      // A lane may grow in its last call, and be idle from then on.
      for (const lane of this.#lanes.active.slice()) this.#lanes.recycle(lane);
      next = Math.min(next, now + RECYCLE_MS);
    }
    for (const lane of [...this.#lanes.active, ...this.#lanes.startingSpares]) {
      next = Math.min(next, this.#health.check(lane, now));
    }
    for (const lane of this.#lanes.lost.slice()) {
      if (lane.abandonAt <= now) {
        this.#lanes.abandon(lane);
        // It may have been the last: then nothing else tells those that wait.
        this.#events.room();
        this.#readiness.tell();
      } else next = Math.min(next, lane.abandonAt);
    }
    return next;
  }
}
