/**
 * The supervisor of a pool: dispatches calls to lanes, takes their results,
 * stops them, and watches the lanes' health. It settles every dispatched call.
 * This file connects the parts and is the interface to the layer above.
 *
 * Guarantees:
 * - A dispatched job settles exactly once: by its lane's result, by being
 *   stopped, by being given up, or by its lane's death, whichever swap is first.
 * - Jobs that a lane has not started when it is lost or dies return to the
 *   queue in order and run in another lane.
 * - Nothing here depends on the event loop: `runUntil` does the same work while
 *   the host's thread blocks.
 */
import { performance } from '../builtins.js';
import { all, allSettled } from '../promises.js';
import type { EngineName } from '../declare/spec.js';
import type { OffthreadError } from '../errors.js';
import type { Counters } from '../observe/counters.js';
import type { Events } from '../observe/events.js';
import type { PoolSettings } from '../options/pool-options.js';
import type { Doorbell } from '../shared/memory/bell.js';
import { laneKind } from '../lanes/lane-kind.js';
import type { Slabs } from '../lanes/memory/slabs.js';
import type { ProbeOpen, ProbeOpened } from '../lanes/lane.js';
import type { FirstThread } from '../lanes/thread/first-thread.js';
import type { LaneReport, ToLane } from '../shared/messages/messages.js';
import type { ModuleAnswer, ModuleOrder } from '../shared/messages/module-messages.js';
import type { CallSource } from './call-source.js';
import { Assignment } from './dispatch/assignment.js';
import { blockUntil } from './dispatch/blocked-host.js';
import { HostLoop } from './dispatch/host-loop.js';
import { gather, rung, soonUs } from './dispatch/result-due.js';
import type { TickBatch } from './dispatch/tick-batch.js';
import { TickClock } from './dispatch/tick-clock.js';
import { CallbackRouter } from './host-functions/callback-router.js';
import type { Job, JobLane, StopEnding } from './job.js';
import { FfiRsThreads } from './quiescence/ffi-rs-threads.js';
import { LaneDeaths } from './lifecycle/lane-death.js';
import { LaneSet } from './lifecycle/lane-set.js';
import { LaneSupply } from './lifecycle/lane-supply.js';
import { Leases } from './lifecycle/leases.js';
import { LostLanes } from './lifecycle/lost-lanes.js';
import { probeModule } from './lifecycle/probe-module.js';
import { probeOpen } from './lifecycle/probe-open.js';
import { KeepAlive } from './exit/keep-alive.js';
import { ProcessHold } from './exit/process-hold.js';
import { ffiRsQuiescence } from './quiescence/quiescence.js';
import { Recycler } from './lifecycle/recycling.js';
import { Harvester } from './results/harvester.js';
import { ownerOf } from './row-owner.js';
import { DueWork, RECYCLE_MS } from './watchdog/due-work.js';
import { Health } from './watchdog/health.js';
import { Interrupter } from './watchdog/interrupter.js';
import { FIRST_LOOK_MS } from './watchdog/silence.js';
import { type StopParts, giveUp, stopJob } from './watchdog/stopping.js';
import { Watch } from './watchdog/watch.js';

export class Supervisor {
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  /** The lanes that are leased to sessions. */
  readonly leases: Leases;
  readonly callbacks: CallbackRouter;
  readonly loop: HostLoop;
  readonly watch: Watch;
  /** Calls of this tick that are not in their lane yet. */
  readonly batch: TickBatch;
  /** Gives the creation times of calls. */
  readonly clock: TickClock;
  /** Bytes available to the items of one batch. */
  readonly batchRoom: number;
  /** Whether lanes work on the caller's own SharedArrayBuffers. */
  readonly lendsShared: boolean;
  /** Memory for copies of bytes. */
  readonly slabs: Slabs;
  readonly #isolation: PoolSettings['isolation'];
  readonly #source: CallSource;
  readonly #bell: Doorbell;
  readonly #keepAlive: KeepAlive;
  readonly #interrupter: Interrupter;
  readonly #stopping: StopParts;
  readonly #lost: LostLanes;
  readonly #assignment: Assignment;
  readonly #recycler: Recycler;
  readonly #deaths: LaneDeaths;
  readonly #hold: ProcessHold;
  readonly #ffiRs: FfiRsThreads;
  /** Jobs that this thread blocks on; blocking calls can be nested. */
  readonly #blockedOn = new Set<Job>();

  constructor(
    settings: PoolSettings,
    source: CallSource,
    events: Events,
    counters: Counters,
    firstThread: FirstThread,
  ) {
    const { isolation, grace, hostTimeout, tuning } = settings;
    const kind = laneKind<Job>(settings, firstThread);
    const { bell, batchRoom, lendsShared, slabs } = kind;
    const interrupter = new Interrupter(settings);
    const lanes = new LaneSet(settings);

    // Each part takes the parts above it. The loop, the watch and the lanes also call parts below, which exist by then.
    const work = {
      harvest: () => harvester.harvest(),
      publish: () => assignment.publish(),
      busy: () => this.#anyOccupied(),
      soonUs: () => soonUs(lanes.active),
      gather: () => gather(lanes.active),
      rung: () => rung(lanes.active) || rung(lanes.lost),
      keepAlive: () => keepAlive.hold(supply.awaited),
    };
    const keepAlive = new KeepAlive();
    const loop = new HostLoop(bell, work, tuning.hostSpinUs);
    const watch = new Watch((now) => due.check(now));
    const laneEvents = {
      crashed: (...death: Parameters<LaneDeaths['crashed']>) => deaths.crashed(...death),
      endedAsAsked: (...lane: Parameters<LostLanes['ended']>) => lost.ended(...lane),
    };

    const clock = new TickClock(loop);
    const callbacks = new CallbackRouter({ hostTimeout, watch, loop, events, source });
    const supply = new LaneSupply(settings, { source, events, kind, lanes, loop, watch, laneEvents });
    const { retirement } = supply;
    const recycler = new Recycler(settings, { lanes, supply, retirement, events, counters });
    const leases = new Leases(settings, { lanes, callbacks, recycler, source });
    const lost = new LostLanes(settings, {
      source,
      events,
      counters,
      kind,
      lanes,
      leases,
      supply,
      loop,
      watch,
    });
    const harvester = new Harvester({ source, lanes, supply, lost, recycler, callbacks, watch });
    const deaths = new LaneDeaths(settings, {
      source,
      events,
      counters,
      bell,
      lanes,
      leases,
      supply,
      callbacks,
      harvester,
    });
    const processes = isolation === 'process';
    const assignment = new Assignment({
      lanes,
      loop,
      watch,
      clock,
      callbacks,
      source,
      supply,
      recycler,
      processes,
    });
    const stopping = { grace, interrupter, watch, lost };
    const health = new Health({ stopping, deaths, assignment, source });
    const due = new DueWork({ source, lanes, supply, lost, recycler, callbacks, harvester, health, loop });

    this.lanes = lanes;
    this.supply = supply;
    this.leases = leases;
    this.callbacks = callbacks;
    this.loop = loop;
    this.watch = watch;
    this.batch = assignment.batch;
    this.clock = clock;
    this.batchRoom = batchRoom;
    this.lendsShared = lendsShared;
    this.slabs = slabs;
    this.#isolation = isolation;
    this.#source = source;
    this.#bell = bell;
    this.#keepAlive = keepAlive;
    this.#interrupter = interrupter;
    this.#stopping = stopping;
    this.#lost = lost;
    this.#assignment = assignment;
    this.#recycler = recycler;
    this.#deaths = deaths;
    this.#ffiRs = new FfiRsThreads(lanes, interrupter, source);
    this.#hold = new ProcessHold(isolation, lanes, interrupter);
  }

  /** Starts the lanes unless they have been started. @param engine for lanes to load while they start. */
  startLanes(engine: EngineName | null = null): void {
    // Before the first lane starts: from then on a thread may be in native code.
    if (this.#isolation === 'thread') {
      this.#hold.enter();
      ffiRsQuiescence.join(this.#ffiRs);
    }
    this.supply.start();
    if (engine !== null) this.supply.prepare(engine);
  }

  /** Announces functions of a module to the lanes. */
  addModule(module: Extract<ToLane, { kind: 'module' }>): void {
    this.supply.announce(module);
    if (this.#recycler.active) this.watch.by(performance.now() + RECYCLE_MS);
  }

  /** Announces a library to the lanes and starts them if necessary. */
  addLibrary(library: Extract<ToLane, { kind: 'library' }>): void {
    if (this.#isolation === 'thread') this.#interrupter.prepare(library);
    this.supply.announce(library);
    this.startLanes();
    if (this.#recycler.active) this.watch.by(performance.now() + RECYCLE_MS);
  }

  /**
   * Opens a library in one process lane first, so that a broken library is
   * found before other lanes open it. For process lanes only: threads share the libraries of the host.
   * @throws (rejects) the error of the library, or the reason why no lane can start.
   */
  probeOpen(library: ProbeOpen): Promise<ProbeOpened> {
    const { lanes, supply, watch } = this;
    return probeOpen(library, { lanes, supply, watch, source: this.#source });
  }

  /**
   * Loads a module in one lane first.
   * @throws (rejects) LaneCrashedError if the module has ended its lane, or the reason why no lane can start.
   */
  probeModule(order: ModuleOrder): Promise<ModuleAnswer> {
    const { lanes, supply, watch } = this;
    return probeModule(order, { lanes, supply, watch, source: this.#source, deaths: this.#deaths });
  }

  /** Reports of the active lanes, without those that die before they answer. */
  async reports(): Promise<LaneReport[]> {
    if (this.#isolation === 'process') this.watch.by(performance.now() + FIRST_LOOK_MS);
    const reports = await allSettled(this.lanes.active.map((lane) => lane.report()));
    return reports.flatMap((report) => (report.status === 'fulfilled' ? [report.value] : []));
  }

  /** A call is about to be made: a lane that will get it wakes up meanwhile. */
  rouse(): void {
    this.#assignment.rouse();
  }

  /**
   * Dispatches a job to a lane.
   * @param ahead whether the job may be written behind a call that is expected to end soon.
   * @returns false when no lane can take the job now.
   */
  dispatch(job: Job, ahead = true): boolean {
    return !this.quieted(job) && this.#assignment.assign(job, ahead);
  }

  /** Gathers further plain calls for the lane of one that has just been dispatched, in {@link batch}. @param room most of them. */
  gatherMore(job: Job, room: number): void {
    this.#assignment.gatherMore(job, room);
  }

  /** Dispatches a job to the lane of its session. @returns false when the lane cannot take the job now. */
  dispatchTo(lane: JobLane, job: Job): boolean {
    return !this.quieted(job) && this.#assignment.assignTo(lane, job);
  }

  /**
   * Whether a job has to wait until ffi-rs has opened a library; each process
   * has its own engine, so this concerns thread lanes only. A job that this
   * thread blocks on does not wait: it delays the `open` by one call at most.
   */
  quieted(job: Job): boolean {
    if (job.fn.engine !== 'ffi-rs' || this.#isolation !== 'thread' || !ffiRsQuiescence.closed) return false;
    return !this.#blockedOn.has(job);
  }

  /** Withdraws the calls that were written ahead. @returns whether there were any. */
  takeBackAhead(): boolean {
    return this.#assignment.takeBackAhead();
  }

  /** Asks a dispatched job to stop. @returns whether this cause won. */
  stop(job: Job, ending: StopEnding, error: OffthreadError): boolean {
    return stopJob(this.#stopping, job, ending, error);
  }

  /** Gives up every job that was asked to stop, without waiting for its grace period. */
  giveUpAll(): void {
    for (const lane of this.lanes.active.slice()) {
      const { ring } = lane;
      // The lane may run a later row than the last one harvested.
      for (let sequence = ring.head; ring.holds(sequence); sequence = (sequence + 1) | 0) {
        const job = ownerOf(lane, sequence);
        if (job === null || job.isSettled) continue;
        giveUp(this.#stopping, job, false);
        // The job has just returned, and its result is no longer harvested.
        if (job.stopping !== null) job.settle(job.stopping.ending, undefined, job.stopping.error);
      }
    }
  }

  /** Callbacks that native code called after their call had ended. */
  get lateCallbacks(): number {
    return this.lanes.lateCallbacks + this.callbacks.late;
  }

  /**
   * Blocks this thread until a job has settled.
   * @param offer offers the job to the pool; a refused job has settled.
   * @throws DeadlockError when the job cannot settle while this thread blocks.
   */
  runUntil(job: Job, offer: () => void): void {
    this.#blockedOn.add(job);
    try {
      offer();
      if (job.isSettled) return;
      const { lanes, leases, supply, callbacks, loop, watch } = this;
      blockUntil(job, {
        bell: this.#bell,
        processes: this.#isolation === 'process',
        loop,
        lanes,
        leases,
        supply,
        lost: this.#lost,
        watch,
        callbacks,
        source: this.#source,
        assignment: this.#assignment,
      });
    } finally {
      this.#blockedOn.delete(job);
    }
  }

  /**
   * Ends every lane and thread. All jobs must have settled.
   * @param error for callers that wait for a ready lane.
   */
  async end(error: () => OffthreadError): Promise<void> {
    this.supply.close(error);
    this.watch.stop();
    await all([this.#lost.endAll(() => this.#leaveExit()), this.#interrupter.end()]);
    this.callbacks.end();
    this.#bell.ring();
    this.#keepAlive.end();
    this.#leaveExit();
  }

  /** Leaves the exit hold and the quiescence once no thread of this pool can be in native code. */
  #leaveExit(): void {
    if (this.#hold.leave()) ffiRsQuiescence.leave(this.#ffiRs);
  }

  #anyOccupied(): boolean {
    const { lanes } = this;
    for (const lane of lanes.active) if (lane.ring.occupied !== 0 || lane.status === 'starting') return true;
    // Last, since every tick asks; a persistent callback may be called at any time.
    return lanes.starting || lanes.lost.length > 0 || this.callbacks.expecting;
  }
}
