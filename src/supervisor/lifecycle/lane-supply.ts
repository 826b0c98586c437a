/**
 * Starts the lanes of a pool and replaces those that are gone.
 *
 * Guarantees:
 * - A lane that is gone is replaced at once by a spare, or by a new lane as soon
 *   as the restart policy (`restarts.ts`) allows. Lanes lost beyond
 *   `maxLostLanes` are not replaced until one of them ends or returns.
 * - Callers that wait for a lane are told when one is ready, and when none will be.
 */
import { availableParallelism } from 'node:os';
import { Math, clearTimeout, performance, queueMicrotask, setTimeout } from '../../builtins.js';
import { ignoreFailure } from '../../promises.js';
import type { EngineName } from '../../declare/spec.js';
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
  /** Called by the lanes. */
  readonly laneEvents: LaneEvents<JobLane>;
}

/** ms within which a lane has to start. */
export const BOOT_MS = 15_000;
/** ms from the end of a process to the start of its replacement while other lanes serve, so that their results, about 1 ms away, come first. */
const REPLACE_MS = 5;
/** Most processes that start at the same time: more would only compete for the cores. */
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
  /** Whether this code runs in a lane: then it starts no lanes. */
  readonly #nested: boolean = isWithinLane();
  #closed: (() => OffthreadError) | null = null;
  #created = 0;
  #refill: NodeJS.Timeout | undefined;
  /** When `#refill` is due, in ms on the host's clock. */
  #refillAt = Infinity;
  /** Delays the start of a replacement: starting a process blocks this thread for some ms. */
  #replacing: NodeJS.Timeout | undefined;
  /** Events to emit after the death that is being handled. */
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
   * Starts the lanes unless they have been started.
   * @throws EngineError when no lane can be made; then nothing has been started, and a later attempt may succeed.
   */
  start(): void {
    if (!this.#nested) this.#parts.kind.prepare();
    this.#started = true;
    this.fill();
  }

  /** Has lanes that are starting load an engine: they have time for it. */
  prepare(engine: EngineName): void {
    const { active, spares } = this.#parts.lanes;
    for (const lane of [...active, ...spares].filter(isStarting)) lane.announce({ kind: 'engine', engine });
  }

  /** Announces a library to every lane, present and future. */
  announce(library: ToLane): void {
    this.#libraries.push(library);
    const { active, spares } = this.#parts.lanes;
    for (const lane of [...active, ...spares]) lane.announce(library);
  }

  /**
   * Resolves when a lane takes calls.
   * @throws (rejects) the reason why no lane can start.
   */
  ready(): Promise<void> {
    const ready = this.#readiness.wait();
    this.want();
    this.#tellWaiting();
    return ready;
  }

  /** Whether a call, an `open` or a session waits for a lane; the process stays alive meanwhile. */
  get awaited(): boolean {
    return this.#parts.source.hasPending || this.#parts.source.sessionsWait || this.#readiness.any;
  }

  /** The lanes have changed: settles callers that wait for a lane, and dispatches queued calls. */
  changed(): void {
    this.#tellWaiting();
    this.#parts.source.pump();
  }

  /** Why no lane will ever take a queued call; null while one may. */
  unavailable(): OffthreadError | null {
    const { lanes } = this.#parts;
    if (!this.#started || lanes.active.length > 0 || this.#closed !== null) return null;
    const { lost, killsDueAt, wanted } = lanes;
    if (this.#nested) return nestedLanes();
    // A lane that was just given up may return; otherwise it is replaced.
    if (lost.some(({ abandonAt }) => abandonAt !== Infinity)) return null;
    // A process that was just killed ends and is replaced.
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

  /** A caller waits for a lane: keeps the process alive until the next start. */
  want(): void {
    this.#refill?.ref();
    this.#replacing?.ref();
  }

  /** When the next lanes are started, in ms on the host's clock; Infinity for never. */
  get startsAt(): number {
    return this.#replacing === undefined ? this.#refillAt : 0;
  }

  /** Starts lanes that are due at `now`, for a host that is about to block: its timers do not fire then. */
  startDue(now: number): void {
    if (this.startsAt <= now) this.fill();
  }

  /** Marks lanes as ready that have reported so. Works while the host blocks. */
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

  /**
   * A lane has died: updates the restart policy.
   * @returns a function that emits the resulting events, to be called after the lane's calls have been moved.
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

  /** Replaces a lane that is gone: by a spare now, by a new process once other lanes' results have been taken. */
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

  /** Activates a spare for a lane that was given up, whether or not that lane returns. */
  cover(): void {
    if (this.#started && this.#closed === null) this.#stepIn();
  }

  /** Activates spares, and starts lanes until there are as many as wanted. */
  fill(): void {
    clearTimeout(this.#replacing);
    this.#replacing = undefined;
    if (!this.#started || this.#closed !== null || this.#nested) return;
    this.#stepIn();
    const { lanes, loop, watch } = this.#parts;
    const { active, spares, lost, serving, wanted } = lanes;
    // Lost lanes that may still return are not replaced: there would be one too many.
    const expected = serving + lost.filter(({ abandonAt }) => abandonAt !== Infinity).length;
    // Spares start last: no call waits for them.
    const ready = serving >= wanted && !active.some(isStarting);
    const more = ready ? this.#settings.spares - Math.max(0, expected - wanted) : 0;
    const missing = Math.max(0, wanted - expected) + Math.max(0, more - spares.length);
    const starting = [...active, ...spares].filter(isStarting).length;
    const slots = this.#settings.isolation === 'process' ? Math.max(0, STARTS - starting) : missing;
    const may = this.restarts.mayStart(performance.now(), Math.min(missing, slots));
    let all = true;
    for (let started = 0; started < may && all; started += 1) all = this.#start();
    if (may > 0) {
      // The watch and the loop notice when the lanes become ready, or do not.
      watch.by(performance.now() + BOOT_MS);
      loop.notice();
    }
    this.#wakeAt(all ? this.restarts.dueAt : Math.min(this.restarts.dueAt, performance.now() + REPLACE_MS));
  }

  /** Starts no more lanes. @param error for callers that wait for one. */
  close(error: () => OffthreadError): void {
    this.#closed = error;
    clearTimeout(this.#refill);
    clearTimeout(this.#replacing);
    this.#tellWaiting();
  }

  restarting(delayMs: number): void {
    this.#tell(() => this.#parts.events.emit('lane-restarting', { delayMs }));
  }

  breakerOpened(deaths: number, withinMs: number, retryInMs: number): void {
    const { active, spares } = this.#parts.lanes;
    // Lanes that are still starting are ended, too.
    for (const lane of [...active, ...spares].filter(isStarting)) {
      if (this.#parts.lanes.remove(lane)) this.retirement.retire(lane);
    }
    this.#tell(() => this.#parts.events.emit('breaker-open', { deaths, withinMs, retryInMs }));
  }

  breakerTrial(): void {
    this.#parts.events.emit('breaker-trial', {});
  }

  breakerClosed(): void {
    this.#parts.events.emit('breaker-closed', {});
    this.fill();
  }

  /** Emits an event now, or after the death that is being handled. */
  #tell(tell: () => void): void {
    if (this.#held === null) tell();
    else this.#held.push(tell);
  }

  #tellWaiting(): void {
    const error = this.#closed?.() ?? this.unavailable();
    this.#readiness.tell(
      error,
      this.#parts.lanes.active.some(({ status }) => status === 'ready' || status === 'leased'),
    );
  }

  #onReady(lane: JobLane): void {
    this.#parts.events.emit('lane-ready', { lane: lane.name });
    this.changed();
  }

  /** @returns false when the lane could not be started, which counts as a death. */
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
      // During a trial the attempt counts as the trial's lane, or the trial would never fail.
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

  /** Moves spares to `active` in place of lanes that are gone, ready spares first. */
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
