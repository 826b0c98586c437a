/**
 * Starts the lanes of a pool, and replaces those that are gone.
 *
 * Guarantees:
 * - A lane that is gone is replaced at once by a spare, else as soon as the
 *   restart policy says (`restarts.ts`), while no more than `maxLostLanes` are
 *   lost; beyond that the pool shrinks, and grows again when one is lost no more.
 * - Those who wait for a lane are told when one is ready, and when none will be.
 */
import { availableParallelism } from 'node:os';
import { Math, clearTimeout, performance, queueMicrotask, setTimeout } from '../../builtins.js';
import { ignoreFailure } from '../../promises.js';
import type { LaneCrashedError, OffthreadError } from '../../errors.js';
import type { Events } from '../../observe/events.js';
import type { PoolSettings } from '../../options/pool-options.js';
import { withOriginals } from '../../lanes/thread/originals.js';
import type { LaneKind } from '../../lanes/lane-kind.js';
import type { LaneEvents } from '../../lanes/lane.js';
import { isWithinLane } from '../../shared/lane-mark.js';
import type { ToLane } from '../../shared/messages/messages.js';
import type { CallSource } from '../call-source.js';
import type { HostLoop } from '../dispatch/host-loop.js';
import type { Job, JobLane } from '../job.js';
import type { Watch } from '../watchdog/watch.js';
import { type LaneSet, isStarting } from './lane-set.js';
import { Readiness } from './readiness.js';
import { type BreakerState, type RestartNews, Restarts } from './restarts.js';
import { Retirement } from './retirement.js';
import { cannotStart, crashLoop, everyLaneLost, nestedLanes } from './unavailable.js';

interface LaneSupplyParts {
  readonly source: CallSource;
  readonly events: Events;
  readonly kind: LaneKind<Job>;
  readonly lanes: LaneSet;
  readonly loop: HostLoop;
  readonly watch: Watch;
  /** What lanes report of themselves. */
  readonly laneEvents: LaneEvents<JobLane>;
}

/** ms that a lane may take to start. */
export const BOOT_MS = 15_000;
/** ms after a death, or a kill, until a process is started for it, where others serve: a first answer of theirs takes about one. */
const REPLACE_MS = 5;
/** Processes that start at once: more only get in each other's way. */
const STARTS = Math.max(2, availableParallelism());

export class LaneSupply implements RestartNews {
  readonly retirement: Retirement;
  readonly restarts: Restarts<object>;
  readonly #settings: PoolSettings;
  readonly #parts: LaneSupplyParts;
  readonly #readiness = new Readiness();
  readonly #libraries: ToLane[] = [];
  #lastDeath: unknown;
  #started = false;
  /** In a lane no lane is started. */
  readonly #nested: boolean = isWithinLane();
  #closed: (() => OffthreadError) | null = null;
  #created = 0;
  #refill: NodeJS.Timeout | undefined;
  /** When that is due, on the host's clock. */
  #refillAt = Infinity;
  /** Replacements are started a moment after a death: starting a process blocks for ms. */
  #replacing: NodeJS.Timeout | undefined;
  /** What is told after the death that is being handled. */
  #held: (() => void)[] | null = null;

  constructor(settings: PoolSettings, parts: LaneSupplyParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.restarts = new Restarts(settings, this);
    this.retirement = new Retirement(parts.lanes, this.restarts);
  }

  get breaker(): BreakerState {
    return this.restarts.state;
  }

  /**
   * Starts the lanes, if that has not been done.
   * @throws EngineError where none can be made; nothing has been started then, and it may go well later.
   */
  start(): void {
    if (!this.#nested) this.#parts.kind.prepare();
    this.#started = true;
    this.fill();
  }

  /** Tells every lane, now and later, of a library. */
  announce(library: ToLane): void {
    this.#libraries.push(library);
    const { active, spares } = this.#parts.lanes;
    for (const lane of [...active, ...spares]) lane.announce(library);
  }

  /**
   * Resolves when some lane takes calls.
   * @throws (rejects) what keeps every lane from starting.
   */
  ready(): Promise<void> {
    const ready = this.#readiness.wait();
    this.want();
    this.#tellWaiting();
    return ready;
  }

  /** Whether a call, or an `open`, waits for what lanes do: then the process must stay alive. */
  get awaited(): boolean {
    return this.#parts.source.hasPending || this.#readiness.any;
  }

  /** Something has changed about the lanes: those who wait for one are told, and calls are offered to them. */
  changed(): void {
    this.#tellWaiting();
    this.#parts.source.pump();
  }

  /** Why no lane will take a call however long it waits; null while one may. */
  unavailable(): OffthreadError | null {
    const { active, lost, killsDueAt, wanted } = this.#parts.lanes;
    if (!this.#started || active.length > 0 || this.#closed !== null) return null;
    if (this.#nested) return nestedLanes();
    // Given up just now: it may come back, and is replaced if it does not.
    if (lost.some(({ abandonAt }) => abandonAt !== Infinity)) return null;
    // Killed just now: it ends, and is replaced.
    if (killsDueAt !== Infinity && performance.now() < killsDueAt) return null;
    if (this.restarts.state === 'open') {
      const now = performance.now();
      const retryInMs = this.restarts.dueAt - now;
      const { failedStarts } = this.restarts;
      return failedStarts > 1
        ? cannotStart(failedStarts, retryInMs, this.#lastDeath)
        : crashLoop(this.#settings, this.restarts.deaths(now), retryInMs, this.#lastDeath);
    }
    return wanted > 0 ? null : everyLaneLost(this.#settings, lost.length);
  }

  /** Somebody waits for a lane: the process lives until one has been started. */
  want(): void {
    this.#refill?.ref();
    this.#replacing?.ref();
  }

  /** When lanes are to be started, on the host's clock; Infinity where none are. */
  get startsAt(): number {
    return this.#replacing === undefined ? this.#refillAt : 0;
  }

  /** Starts what is to be started by now, for a host that is about to block: its timers will not. */
  startDue(now: number): void {
    if (this.startsAt <= now) this.fill();
  }

  /** Marks lanes ready that have said so. Works while the host blocks. */
  welcome(): void {
    const { active, spares } = this.#parts.lanes;
    let any = false;
    for (const lane of [...active, ...spares]) {
      if (lane.status !== 'starting' || !lane.announcedReady) continue;
      any = true;
      lane.status = 'ready';
      this.restarts.ready(performance.now(), lane);
      if (active.includes(lane)) this.#onReady(lane);
    }
    if (any) this.fill();
  }

  /** A lane has answered calls. */
  worked(lane: JobLane): void {
    this.restarts.worked(lane);
  }

  /**
   * A lane has died. What that means for restarts is decided now, and told by the
   * function that is returned: after the lane's calls have been handed over.
   */
  died(lane: JobLane, error: LaneCrashedError): () => void {
    this.#lastDeath = error;
    const news: (() => void)[] = [];
    this.#held = news;
    const now = performance.now();
    if (lane.announcedReady) this.restarts.died(now, lane, lane.createdAt);
    else this.restarts.failed(now, lane, lane.createdAt);
    this.#held = null;
    return () => {
      for (const tell of news) tell();
    };
  }

  /** A lane is gone: a spare steps in now, another is started for it once those who wait have their answers. */
  replace(): void {
    if (this.#settings.isolation === 'thread') return this.fill();
    if (!this.#started || this.#closed !== null) return;
    this.#stepIn();
    if (this.restarts.dueAt !== Infinity) this.#wakeAt(this.restarts.dueAt);
    if (this.#replacing !== undefined || this.restarts.mayStart(performance.now(), 1) === 0) return;
    const delayMs = this.#parts.lanes.active.length === 0 ? 0 : REPLACE_MS;
    this.#replacing = setTimeout(() => this.fill(), delayMs);
    if (!this.awaited) this.#replacing.unref();
  }

  /** Has a spare step in for a lane that was given up, without waiting for what becomes of it. */
  cover(): void {
    if (this.#started && this.#closed === null) this.#stepIn();
  }

  /** Has spares step in, and starts lanes until there are as many as there should be. */
  fill(): void {
    clearTimeout(this.#replacing);
    this.#replacing = undefined;
    if (!this.#started || this.#closed !== null || this.#nested) return;
    this.#stepIn();
    const { lanes, loop, watch } = this.#parts;
    const { active, spares, lost, serving, wanted } = lanes;
    // Those that may come back yet are not replaced: they would be one too many then.
    const expected = serving + lost.filter(({ abandonAt }) => abandonAt !== Infinity).length;
    // Spares come last: nobody waits for them.
    const ready = serving >= wanted && !active.some(isStarting);
    const more = ready ? this.#settings.spares - Math.max(0, expected - wanted) : 0;
    const missing = Math.max(0, wanted - expected) + Math.max(0, more - spares.length);
    const starting = [...active, ...spares].filter(isStarting).length;
    const slots = this.#settings.isolation === 'process' ? Math.max(0, STARTS - starting) : missing;
    const may = this.restarts.mayStart(performance.now(), Math.min(missing, slots));
    let all = true;
    for (let started = 0; started < may && all; started += 1) all = this.#start();
    if (may > 0) {
      // Somebody must look whether they become ready.
      watch.by(performance.now() + BOOT_MS);
      loop.notice();
    }
    this.#wakeAt(all ? this.restarts.dueAt : Math.min(this.restarts.dueAt, performance.now() + REPLACE_MS));
  }

  /** No lane is started any more. @param error for those who wait for one. */
  close(error: () => OffthreadError): void {
    this.#closed = error;
    clearTimeout(this.#refill);
    clearTimeout(this.#replacing);
    this.#tellWaiting();
  }

  restarting(delayMs: number): void {
    this.#tell(() => this.#parts.events.emit('lane-restarting', { delayMs }));
  }

  opened(deaths: number, withinMs: number, retryInMs: number): void {
    const { active, spares } = this.#parts.lanes;
    // Those that are about to start are ended, too.
    for (const lane of [...active, ...spares].filter(isStarting)) {
      if (this.#parts.lanes.remove(lane)) this.retirement.retire(lane);
    }
    this.#tell(() => this.#parts.events.emit('breaker-open', { deaths, withinMs, retryInMs }));
  }

  trial(): void {
    this.#parts.events.emit('breaker-trial', {});
  }

  closed(): void {
    this.#parts.events.emit('breaker-closed', {});
    this.fill();
  }

  /** Tells now, or after the death that it follows from. */
  #tell(tell: () => void): void {
    if (this.#held === null) tell();
    else this.#held.push(tell);
  }

  #tellWaiting(): void {
    const error = this.#closed?.() ?? this.unavailable();
    this.#readiness.tell(
      error,
      this.#parts.lanes.active.some(({ status }) => status === 'ready'),
    );
  }

  #onReady(lane: JobLane): void {
    this.#parts.events.emit('lane-ready', { lane: lane.name });
    this.changed();
  }

  /** @returns false when it could not be started: that counts as a death. */
  #start(): boolean {
    const { lanes } = this.#parts;
    try {
      const lane = this.#create();
      this.restarts.started(performance.now(), lane);
      (lanes.serving < lanes.wanted ? lanes.active : lanes.spares).push(lane);
      return true;
    } catch (error) {
      this.#lastDeath = error;
      const [now, attempt] = [performance.now(), {}];
      // In a trial this was its lane: no other would ever fail it.
      this.restarts.started(now, attempt);
      this.restarts.failed(now, attempt, now);
      queueMicrotask(() => this.changed());
      return false;
    }
  }

  #create(): JobLane {
    const { kind, laneEvents } = this.#parts;
    this.#created += 1;
    const name = `${this.#settings.name}-${this.#created}`;
    const lane = withOriginals(() => kind.create(name, laneEvents));
    for (const library of this.#libraries) lane.announce(library);
    ignoreFailure(lane.setUp());
    return lane;
  }

  /** Spares take the places of lanes that are gone, ready ones first. */
  #stepIn(): void {
    const { lanes } = this.#parts;
    const { active, spares } = lanes;
    for (;;) {
      const spare = spares.find(({ status }) => status === 'ready') ?? spares[0];
      if (spare === undefined || lanes.serving >= lanes.wanted) return;
      spares.splice(spares.indexOf(spare), 1);
      active.push(spare);
      if (spare.status === 'ready') this.#onReady(spare);
    }
  }

  #wakeAt(due: number): void {
    clearTimeout(this.#refill);
    this.#refill = undefined;
    this.#refillAt = due;
    if (due === Infinity) return;
    this.#refill = setTimeout(() => this.fill(), Math.max(1, Math.ceil(due - performance.now())));
    if (!this.awaited) this.#refill.unref();
  }
}
