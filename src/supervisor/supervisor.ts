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
import { Math, performance, queueMicrotask } from '../builtins.js';
import { all, allSettled } from '../promises.js';
import type { OffthreadError } from '../errors.js';
import type { PoolEvents } from '../observe/events.js';
import type { PoolSettings } from '../options/pool-options.js';
import type { Doorbell } from '../shared/memory/bell.js';
import { laneKind } from '../lanes/lane-kind.js';
import type { ProbeOpen } from '../lanes/lane.js';
import type { LaneReport, ToLane } from '../shared/messages/messages.js';
import { Assignment } from './dispatch/assignment.js';
import { Crashes } from './lifecycle/crashed-calls.js';
import { blockUntil } from './dispatch/blocked-host.js';
import { allWait } from './host-functions/deadlock.js';
import { Endings } from './results/call-endings.js';
import { unwatchExit, watchExit } from './lifecycle/process-exit.js';
import { FfiRsThreads } from './lifecycle/ffi-rs-threads.js';
import { Harvester } from './results/harvester.js';
import { BOOT_MS, Health } from './watchdog/health.js';
import { HostLoop } from './dispatch/host-loop.js';
import { Interrupter } from './watchdog/interrupter.js';
import type { Invocation } from './host-functions/invocation.js';
import type { Job, JobLane, StopEnding } from './job.js';
import { LaneSet } from './lifecycle/lane-set.js';
import { gather, rung, soonUs } from './dispatch/result-due.js';
import { ffiRsQuiescence } from './lifecycle/quiescence.js';
import type { BreakerState } from './lifecycle/restarts.js';
import { Readiness } from './lifecycle/readiness.js';
import { FIRST_LOOK_MS } from './watchdog/silence.js';
import { type StopContext, giveUp, stopJob } from './watchdog/stopping.js';
import { CallbackRouter } from './host-functions/callback-router.js';
import { probeOpen } from './lifecycle/probe-open.js';
import { TickClock } from './dispatch/tick-clock.js';
import { Watch } from './watchdog/watch.js';

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
  unowned(error: OffthreadError): void;
  /** Native code waits for a promise of the host. */
  hostWaits(): void;
  /** Something has happened to the lanes. */
  tell<E extends LaneNews>(event: E, ...details: PoolEvents[E]): void;
}

/** The events that are about lanes. */
export type LaneNews = Exclude<keyof PoolEvents, 'full' | 'drained' | 'error'>;

/** ms between looks whether an idle lane is due for recycling. */
const RECYCLE_MS = 250;
export class Supervisor {
  readonly #events: SupervisorEvents;
  readonly #bell: Doorbell;
  readonly #kind: PoolSettings['isolation'];
  /** Bytes that the items of one batch may take. */
  readonly batchRoom: number;
  /** Whether lanes work on the caller's own SharedArrayBuffers. */
  readonly lendsShared: boolean;
  readonly #lanes: LaneSet;
  readonly #loop: HostLoop;
  /** For when calls are made. */
  readonly clock: TickClock;
  readonly #watch: Watch;
  readonly #interrupter: Interrupter;
  readonly #stopping: StopContext;
  readonly #health: Health;
  readonly #callbacks: CallbackRouter;
  readonly #readiness: Readiness;
  readonly #crashes: Crashes;
  readonly #endings: Endings;
  readonly #assignment: Assignment;
  readonly #recycles: boolean;
  readonly #ffiRs: FfiRsThreads;
  /** Jobs that this thread blocks on, one inside the other. */
  readonly #blockedOn = new Set<Job>();

  constructor(settings: PoolSettings, events: SupervisorEvents) {
    this.#events = events;
    this.#kind = settings.isolation;
    this.#crashes = new Crashes(settings, () => this.#lanes.breaker !== 'open');
    this.#recycles = settings.recycleAfter !== Infinity || settings.recycleAboveMb !== Infinity;
    this.#interrupter = new Interrupter(settings);
    const kind = laneKind<Job>(settings);
    this.#bell = kind.bell;
    this.batchRoom = kind.batchRoom;
    this.lendsShared = kind.lendsShared;
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
      crashed: (lane, death) => this.#endings.crashed(lane, death),
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
        harvest: () => this.#endings.harvest(),
        publish: () => this.#assignment.publish(),
        busy: () => this.#anyOccupied(),
        soonUs: () => soonUs(this.#lanes.active),
        gather: () => gather(this.#lanes.active),
        rung: () => rung(this.#lanes.active) || rung(this.#lanes.lost),
        awaited: () => events.pending() || this.#readiness.any,
      },
      settings.tuning.hostSpinUs,
    );
    this.clock = new TickClock(this.#loop);
    this.#watch = new Watch((now) => this.#check(now));
    this.#stopping = {
      grace: settings.grace,
      interrupter: this.#interrupter,
      by: (time) => this.#watch.by(time),
      lose: (lane, job, waited) => this.#endings.lose(lane, job, waited),
    };
    this.#health = new Health(this.#stopping, {
      crashed: (lane, death) => this.#lanes.crashed(lane, death),
      giveBack: (lane) => {
        this.#endings.giveBack(lane);
        events.room();
      },
    });
    this.#callbacks = new CallbackRouter({
      hostTimeout: settings.hostTimeout,
      by: (time) => this.#watch.by(time),
      unowned: (error) => events.unowned(error),
      waits: () => events.hostWaits(),
      answered: () => this.#loop.notice(),
    });
    const harvester = new Harvester({
      hear: (lane) => this.#callbacks.hear(lane),
      announcing: () => events.announcing(),
      started: (job) => events.started(job),
      by: (time) => this.#watch.by(time),
    });
    this.#endings = new Endings(
      { lanes: this.#lanes, harvester, callbacks: this.#callbacks, crashes: this.#crashes },
      {
        room: () => events.room(),
        returned: (jobs, again) => events.returned(jobs, again),
        by: (time) => this.#watch.by(time),
        notice: () => this.#loop.notice(),
        ring: () => this.#bell.ring(),
        lost: (lane, error) => events.tell('lane-lost', { lane: lane.name, error }),
        crashed: (lane, error) => events.tell('lane-crashed', { lane: lane.name, error }),
        afterCrash: () => this.#afterChange(),
      },
    );
    this.#assignment = new Assignment({
      lanes: this.#lanes,
      loop: this.#loop,
      watch: this.#watch,
      clock: this.clock,
      callbacks: this.#callbacks,
      endings: this.#endings,
      processes: this.#kind === 'process',
      recycles: this.#recycles,
      announcing: () => events.announcing(),
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
  unavailable(): OffthreadError | null {
    return this.#lanes.unavailable();
  }

  /** Starts the lanes, if need be, and tells them of a library. */
  addLibrary(library: Extract<ToLane, { kind: 'library' }>): void {
    // From the first lane on there is something to watch.
    if (this.#kind === 'thread') {
      watchExit(this);
      ffiRsQuiescence.join(this.#ffiRs);
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
  async probeOpen(library: ProbeOpen): Promise<void> {
    if (this.#kind === 'thread') return;
    this.#lanes.start();
    await probeOpen(library, this.#lanes, this.#readiness, {
      asked: () => this.#watch.by(performance.now() + FIRST_LOOK_MS),
      free: () => this.#events.room(),
    });
  }

  /** What the lanes say of themselves; those that die meanwhile say nothing. */
  async reports(): Promise<LaneReport[]> {
    if (this.#kind === 'process') this.#watch.by(performance.now() + FIRST_LOOK_MS);
    const reports = await allSettled(this.#lanes.active.map((lane) => lane.report()));
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
    return !this.quieted(job) && this.#assignment.assign(job, ahead);
  }

  /**
   * Whether a job has to wait until a library has been opened: processes have
   * their engines to themselves. One that this thread blocks on goes first: it
   * is one call, and whoever opens the library waits for others anyway.
   */
  quieted(job: Job): boolean {
    if (job.fn.engine !== 'ffi-rs' || this.#kind !== 'thread' || !ffiRsQuiescence.closed) return false;
    return !this.#blockedOn.has(job);
  }

  /** Takes back the calls that were written ahead. @returns whether there were any. */
  takeBackAhead(): boolean {
    return this.#assignment.takeBackAhead();
  }

  /** Asks a dispatched job to end; says whether this cause won. */
  stop(job: Job, ending: StopEnding, error: OffthreadError): boolean {
    return stopJob(this.#stopping, job, ending, error);
  }

  /** Gives up every job that was asked to stop, without waiting for its grace. */
  giveUpAll(): void {
    for (const lane of this.#lanes.active.slice()) {
      const { ring } = lane;
      // The lane may be on a later one than the host has seen.
      for (let sequence = ring.head; ring.holds(sequence); sequence = (sequence + 1) | 0) {
        const job = ring.ticket(sequence);
        if (job.lane !== lane || job.sequence !== sequence || job.isSettled) continue;
        giveUp(this.#stopping, job, false);
        // It has returned just now: nobody takes its result from the lane any more.
        if (job.stopping !== null) job.settle(job.stopping.ending, undefined, job.stopping.error);
      }
    }
  }

  /** Callbacks that native code called when it was too late. */
  get lateCallbacks(): number {
    return this.#lanes.lateCallbacks + this.#callbacks.late;
  }

  /** Whether native code of a call waits for a function on the host, or talks to a stream. */
  isCallingBack(job: Job): boolean {
    if (job.lane === null) return false;
    return (job.callbackState?.sink ?? null) !== null || this.#callbacks.waitingIn(job.lane)?.job === job;
  }

  /** A call will fail with this, whatever its native code returns. */
  fail(job: Job, error: OffthreadError): void {
    this.#callbacks.fail(job, error);
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
    return allWait(this.#lanes, this.#callbacks, holds, stalls);
  }

  /** Asks for a look at what is due (see `SupervisorEvents.due`) by a time. */
  by(time: number): void {
    this.#watch.by(time);
  }

  /**
   * Blocks this thread until a job has settled.
   * @param offer has it accepted, or refused: then it has settled.
   * @throws DeadlockError when nothing that this thread waits for can happen while it blocks.
   */
  runUntil(job: Job, offer: () => void): void {
    this.#blockedOn.add(job);
    try {
      offer();
      if (job.isSettled) return;
      blockUntil(job, {
        bell: this.#bell,
        loop: this.#loop,
        lanes: this.#lanes,
        watch: this.#watch,
        callbacks: this.#callbacks,
        room: () => this.#events.room(),
        publish: () => this.#assignment.publish(),
      });
    } finally {
      this.#blockedOn.delete(job);
    }
  }

  /**
   * Ends every lane and thread. Jobs must have been settled before.
   * @param error for those that wait for a lane to be ready.
   */
  async end(error: () => OffthreadError): Promise<void> {
    this.#readiness.end(error);
    this.#watch.stop();
    await all([this.#lanes.end(), this.#interrupter.end()]);
    this.#callbacks.end();
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

  hearsThreads(): boolean {
    if (this.#kind === 'process') return false;
    const { active, lost, ending } = this.#lanes;
    // Also before the first such call: it may come in the midst of the end.
    return [...active, ...lost, ...ending].some(
      ({ keepsCallbacks, channel }) => keepsCallbacks || channel.threaded,
    );
  }

  /** Once no thread of this pool can be in native code any more. */
  #leaveExit(): void {
    if (this.holdsProcess() || this.hearsThreads()) return;
    unwatchExit(this);
    ffiRsQuiescence.leave(this.#ffiRs);
  }

  #anyOccupied(): boolean {
    for (const lane of this.#lanes.active)
      if (lane.ring.occupied !== 0 || lane.status === 'starting') return true;
    if (this.#lanes.starting) return true;
    // A persistent callback may be called at any time.
    return this.#lanes.lost.length > 0 || this.#callbacks.expecting;
  }

  #afterChange(): void {
    this.#readiness.tell();
    this.#events.room();
  }

  /** Does what is due. @returns when to look next. */
  #check(now: number): number {
    if (this.#endings.harvest() > 0) this.#loop.notice();
    let next = Math.min(this.#events.due(now), this.#callbacks.due(now));
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
    const { killsDueAt } = this.#lanes;
    if (killsDueAt > now) return Math.min(next, killsDueAt);
    // Nobody waits for those any longer.
    this.#afterChange();
    return next;
  }
}
