/**
 * The lanes of a pool: started, replaced when they die or are given up,
 * recycled, ended.
 *
 *   spares   ready beyond what was asked for: one steps in when a lane goes
 *   active   lanes that calls may go to, that are starting, or that finish
 *            what they have (`retiring`)
 *   lost     given up: a thread is stuck in native code, a process is being
 *            killed; counted until it really ends
 *   ending   on their way out
 *
 * Guarantees:
 * - A lane is in one of the lists, or ended. Counts are lengths of lists.
 * - A lane that is gone is replaced at once by a spare, else as soon as the
 *   restart policy says (`restarts.ts`), while no more than `maxLostLanes` are
 *   lost; beyond that the pool shrinks, and grows again when one is lost no more.
 * - A lane that is due for recycling takes no more calls, finishes those that it
 *   has, and ends; its place is another's from the moment that it is due.
 */
import { availableParallelism } from 'node:os';
import { Math, Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { all, ignoreFailure, race, whenSettled } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Death } from '../../lanes/death.js';
import { withOriginals } from '../../lanes/thread/originals.js';
import type { LaneKind } from '../../lanes/lane-kind.js';
import { isWithinLane } from '../../shared/lane-mark.js';
import type { ToLane } from '../../shared/messages/messages.js';
import { crashError } from './crashed-calls.js';
import { cannotStart, crashLoop, everyLaneLost, nestedLanes } from './unavailable.js';
import type { LaneChannel } from '../../lanes/channel/lane-channel.js';
import type { Job, JobLane } from '../job.js';
import { type RecycleReason, recycleReason } from './recycling.js';
import { type BreakerState, type RestartNews, Restarts } from './restarts.js';

/** What the set tells its supervisor. */
export interface LaneSetEvents extends RestartNews {
  /** A lane could not be started: those who wait for one may have no hope left. */
  notStarted(): void;
  /** Lanes have been started: somebody has to look whether they become ready. */
  starting(): void;
  ready(lane: JobLane): void;
  /** The lane died: its calls are still in its ring. */
  crashed(lane: JobLane, death: Death): void;
  recovered(lane: JobLane): void;
  recycled(lane: JobLane, reason: RecycleReason): void;
  /** A lane that was left behind by `end` has ended after all. */
  ended(): void;
  /** Whether any call waits: then the process has to live until a lane has been started for it. */
  pending(): boolean;
}

/** ms that a lane has to come to rest before it is ended all the same: a thread that is loading an engine must not be ended, a process may be. */
const REST_MS = { thread: 5_000, process: 500 } as const;
/** ms after a death, or a kill, until a process is started for it, where others serve: a first answer of theirs takes about one. */
const REPLACE_MS = 5;
/** ms that the end of a pool waits for native code that was let go in a callback. */
const RETURN_MS = 100;
/** ms that the system has to end a process that was killed: one that waits for a disk, or a share, may take for ever. */
const KILLED_MS = 5_000;
/** ms between thorough looks of a host that blocks: a thread that is terminated says nothing, and another process may hold a lane's socket. */
const THOROUGH_MS = 100;
/** Processes that start at once: more only get in each other's way. */
const STARTS = Math.max(2, availableParallelism());

export class LaneSet {
  readonly active: JobLane[] = [];
  readonly lost: JobLane[] = [];
  /** On their way out: a thread may still be loading an engine. */
  readonly ending: JobLane[] = [];
  /** Process lanes that were killed for a call which did not stop. */
  killed = 0;
  readonly #spares: JobLane[] = [];
  readonly #lists = [this.active, this.#spares, this.lost, this.ending] as const;
  readonly #settings: PoolSettings;
  readonly #kind: LaneKind<Job>;
  readonly #events: LaneSetEvents;
  readonly #restarts: Restarts<object>;
  readonly #libraries: ToLane[] = [];
  readonly #ends = new Set<Promise<void>>();
  /** Late callbacks of lanes that have ended. */
  #late = 0;
  /** Of lanes whose threads stay, see {@link keepForever}. */
  readonly #kept: LaneChannel[] = [];
  #lastDeath: unknown;
  /** When a lane was last killed for a call, on the host's clock. */
  #lastKill = -Infinity;
  #started = false;
  /** In a lane no lane is started. */
  readonly #nested: boolean = isWithinLane();
  #closed = false;
  #created = 0;
  #lookedAt = -Infinity;
  #refill: NodeJS.Timeout | undefined;
  /** When that is due, on the host's clock. */
  #refillAt = Infinity;
  /** Replacements are started a moment after a death: starting a process blocks for ms. */
  #replacing: NodeJS.Timeout | undefined;
  /** What is told after the death that is being told. */
  #held: (() => void)[] | null = null;

  constructor(settings: PoolSettings, kind: LaneKind<Job>, events: LaneSetEvents) {
    this.#settings = settings;
    this.#kind = kind;
    this.#events = events;
    this.#restarts = new Restarts(settings, {
      restarting: (delayMs) => this.#news(() => events.restarting(delayMs)),
      opened: (deaths, withinMs, retryInMs) => {
        this.#endStarting();
        this.#news(() => events.opened(deaths, withinMs, retryInMs));
      },
      trial: () => events.trial(),
      closed: () => {
        events.closed();
        this.#fill();
      },
    });
  }

  /** Lanes that are ready to step in. */
  get spares(): number {
    return this.#spares.filter(({ status }) => status === 'ready').length;
  }

  get breaker(): BreakerState {
    return this.#restarts.state;
  }

  /**
   * Starts the lanes, if that has not been done.
   * @throws EngineError where none can be made; nothing has been started then, and it may go well later.
   */
  start(): void {
    if (!this.#nested) this.#kind.prepare();
    this.#started = true;
    this.#fill();
  }

  /** Tells every lane, now and later, of a library. */
  announce(library: ToLane): void {
    this.#libraries.push(library);
    for (const lane of [...this.active, ...this.#spares]) lane.announce(library);
  }

  /** Callbacks that native code called when it was too late. */
  get lateCallbacks(): number {
    let late = this.#late;
    for (const channel of this.#kept) late += channel.late;
    for (const { channel } of [...this.active, ...this.lost, ...this.ending]) late += channel.late;
    return late;
  }

  /** Why no lane will take a call however long it waits; null while there is hope. */
  unavailable(): OffthreadError | null {
    if (!this.#started || this.active.length > 0 || this.#closed) return null;
    if (this.#nested) return nestedLanes();
    // Given up just now: it may come back, and is replaced if it does not.
    if (this.lost.some(({ abandonAt }) => abandonAt !== Infinity)) return null;
    // Killed just now: it ends, and is replaced.
    const { killsDueAt } = this;
    if (killsDueAt !== Infinity && performance.now() < killsDueAt) return null;
    if (this.#restarts.state === 'open') {
      const now = performance.now();
      const retryInMs = this.#restarts.dueAt - now;
      const { failedStarts } = this.#restarts;
      return failedStarts > 1
        ? cannotStart(failedStarts, retryInMs, this.#lastDeath)
        : crashLoop(this.#settings, this.#restarts.deaths(now), retryInMs, this.#lastDeath);
    }
    if (this.#wanted() > 0) return null;
    return everyLaneLost(this.#settings, this.lost.length);
  }

  /** When every lane that was killed should have ended, on the host's clock; Infinity where none has been. */
  get killsDueAt(): number {
    return this.#settings.isolation === 'process' && this.lost.length > 0
      ? this.#lastKill + KILLED_MS
      : Infinity;
  }

  /**
   * Looks for lanes that have ended, for a host that blocks, and hears of no event.
   * @returns whether one is just ending: worth another look within a ms.
   */
  lookForEnds(now: number): boolean {
    const thoroughly = now - this.#lookedAt > THOROUGH_MS;
    if (thoroughly) this.#lookedAt = now;
    let ending = false;
    for (const list of this.#lists) {
      // Backwards: an end that is found takes its lane out of the list. One that is missed is met by the next look.
      for (let index = list.length - 1; index >= 0; index -= 1) {
        const lane = list[index];
        if (lane === undefined) continue;
        if (lane.lookForEnd(thoroughly)) ending = true;
        else if (list === this.lost) this.#lookForReturn(lane);
        else if (list === this.ending && thoroughly) this.#endAtRest(lane);
      }
    }
    return ending;
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
    if (this.startsAt <= now) this.#fill();
  }

  /** Marks lanes ready that have said so. Works while the host blocks. */
  welcome(): void {
    let any = false;
    for (const lane of [...this.active, ...this.#spares]) {
      if (lane.status !== 'starting' || !lane.announcedReady) continue;
      any = true;
      lane.status = 'ready';
      this.#restarts.ready(performance.now(), lane);
      if (this.active.includes(lane)) this.#events.ready(lane);
    }
    if (any) this.#fill();
  }

  /** Whether a lane is starting that {@link welcome} is to look at. */
  get starting(): boolean {
    return this.active.some(isStarting) || this.#spares.some(isStarting);
  }

  /** Lanes that start, and nobody has asked for: to be looked at by whoever watches. */
  get startingSpares(): readonly JobLane[] {
    return this.#spares.filter(isStarting);
  }

  /** A lane has answered calls. */
  worked(lane: JobLane): void {
    this.#restarts.worked(lane);
    this.recycle(lane);
  }

  /** Has a lane that is due finish what it has; another takes its place at once. */
  recycle(lane: JobLane): void {
    const reason = lane.status === 'ready' ? recycleReason(this.#settings, lane) : null;
    if (reason === null) return;
    lane.status = 'retiring';
    this.#events.recycled(lane, reason);
    this.#fill();
    this.sweep();
  }

  /** Gives a lane up: it takes no more calls. It is left to come back by itself until {@link abandon}. */
  lose(lane: JobLane): void {
    if (!this.#remove(lane)) return;
    lane.status = 'lost';
    this.lost.push(lane);
  }

  /** Has a spare step in for a lane that was given up, without waiting for what becomes of it. */
  cover(): void {
    if (this.#started && !this.#closed) this.#stepIn();
  }

  /** A lost lane's native call has returned in time: it serves again, unless others have taken its place. */
  reinstate(lane: JobLane): void {
    const at = this.lost.indexOf(lane);
    if (at < 0) return;
    this.lost.splice(at, 1);
    lane.abandonAt = Infinity;
    lane.status = 'ready';
    if (this.#serving < this.#wanted()) this.active.push(lane);
    else if (this.#spares.length < this.#settings.spares) this.#spares.push(lane);
    else {
      lane.status = 'retiring';
      this.#retire(lane);
    }
    this.#events.recovered(lane);
  }

  /** Stops waiting for a lost lane, ends it where that can be done, and replaces it. */
  abandon(lane: JobLane): void {
    lane.abandonAt = Infinity;
    this.#restarts.gone(performance.now(), lane);
    if (lane.kind === 'process') {
      this.killed += 1;
      this.#lastKill = performance.now();
    }
    lane.kill();
    void whenSettled(lane.end(), () => this.#ended(lane));
    this.#replace();
  }

  /** A lane that was given up, or is on its way out, has ended. */
  readonly #ended = (lane: JobLane): void => {
    const wasLost = take(this.lost, lane);
    if (!wasLost && !take(this.ending, lane)) return;
    this.#leave(lane);
    if (!wasLost) return;
    // Room first, then the news: whoever hears it may call.
    this.#fill();
    // A process was killed: it has not come back.
    if (lane.kind === 'thread') this.#events.recovered(lane);
  };

  /** A thread's native call has returned, after all: its end is told by a promise, and until then it is on its way out. */
  #lookForReturn(lane: JobLane): void {
    if (lane.kind === 'process' || lane.abandonAt !== Infinity || lane.ring.remaining !== 0) return;
    if (!take(this.lost, lane)) return;
    this.ending.push(lane);
    this.#fill();
    this.#events.recovered(lane);
  }

  /** A process on its way out is at rest: what it waits for otherwise, before it is told to end, is a promise. */
  #endAtRest(lane: JobLane): void {
    if (lane.kind === 'process' && lane.bound && lane.ring.remaining === 0) void lane.end();
  }

  /** Ends every lane. @returns a promise for the end of those that are not stuck. */
  async end(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#refill);
    clearTimeout(this.#replacing);
    for (const lane of [...this.active.splice(0), ...this.#spares.splice(0)]) {
      if (lane.ring.done === lane.ring.tail) this.#retire(lane);
      else {
        lane.status = 'lost';
        this.lost.push(lane);
      }
    }
    const returns: Promise<void>[] = [];
    for (const lane of this.lost) {
      // It is not taken back any more.
      lane.abandonAt = Infinity;
      lane.kill();
      const end = whenSettled(lane.end(), () => {
        if (take(this.lost, lane)) this.#leave(lane);
        this.#events.ended();
      });
      // Let go in a callback a thread comes back at once, and gives its
      // callbacks back: worth a moment. A process that was killed ends.
      if (lane.hasCallbacks || lane.kind === 'process') returns.push(end);
    }
    await all([...this.#ends, within(RETURN_MS, all(returns))]);
    this.#kind.end();
  }

  /** Tells now, or after the death that it follows from. */
  #news(tell: () => void): void {
    if (this.#held === null) tell();
    else this.#held.push(tell);
  }

  /** A lane died. Its calls are handed over before it is replaced. */
  readonly crashed = (lane: JobLane, death: Death): void => {
    if (!take(this.lost, lane) && !this.#remove(lane)) return;
    this.#lastDeath = crashError(lane, death);
    const news: (() => void)[] = [];
    this.#held = news;
    if (lane.announcedReady) this.#restarts.died(performance.now(), lane, lane.createdAt);
    else this.#restarts.failed(performance.now(), lane, lane.createdAt);
    this.#held = null;
    this.#events.crashed(lane, death);
    for (const tell of news) tell();
    this.#retire(lane);
    this.#replace();
  };

  /** Ends retiring lanes that have finished what they had. */
  sweep(): void {
    for (const lane of this.active.filter(({ status }) => status === 'retiring')) {
      if (lane.ring.occupied === 0 && this.#remove(lane)) this.#retire(lane);
    }
  }

  #remove(lane: JobLane): boolean {
    return take(this.active, lane) || take(this.#spares, lane);
  }

  /** No lane is to start any more: not those either that are about to. */
  #endStarting(): void {
    for (const lane of [...this.active, ...this.#spares].filter(isStarting)) {
      if (this.#remove(lane)) this.#retire(lane);
    }
  }

  /** A lane has ended; or its thread stays, and answers native code that calls back from a thread of its own. */
  #leave({ kind, channel }: JobLane): void {
    if (kind === 'thread' && channel.threaded) this.#kept.push(channel);
    else this.#late += channel.late;
  }

  #retire(lane: JobLane): void {
    // At rest first, so that no engine is being bound when its thread ends.
    this.ending.push(lane);
    this.#restarts.gone(performance.now(), lane);
    const end = this.#endWhenAtRest(lane);
    this.#ends.add(end);
    void whenSettled(end, () => this.#ends.delete(end));
  }

  async #endWhenAtRest(lane: JobLane): Promise<void> {
    try {
      await atRest(lane);
      await lane.end();
    } finally {
      if (take(this.ending, lane)) this.#leave(lane);
    }
  }

  /** Lanes that calls go to, or will when they have started. */
  get #serving(): number {
    return this.active.filter(({ status }) => status !== 'retiring').length;
  }

  /** Lanes that calls may go to: as many as asked for, less those lost beyond the tolerated. */
  #wanted(): number {
    return this.#settings.lanes - Math.max(0, this.lost.length - this.#settings.maxLostLanes);
  }

  /** A lane is gone: a spare steps in now, another is started for it once those who wait have their answers. */
  #replace(): void {
    if (this.#settings.isolation === 'thread') return this.#fill();
    if (!this.#started || this.#closed) return;
    this.#stepIn();
    const now = performance.now();
    if (this.#restarts.dueAt !== Infinity) this.#wakeAt(this.#restarts.dueAt);
    if (this.#replacing !== undefined || this.#restarts.mayStart(now, 1) === 0) return;
    this.#replacing = setTimeout(() => this.#fill(), this.active.length === 0 ? 0 : REPLACE_MS);
    if (!this.#events.pending()) this.#replacing.unref();
  }

  /** Has spares step in, and starts lanes until there are as many as there should be. */
  #fill(): void {
    clearTimeout(this.#replacing);
    this.#replacing = undefined;
    if (!this.#started || this.#closed || this.#nested) return;
    this.#stepIn();
    const serving = this.#serving;
    const wanted = this.#wanted();
    // Those that may come back yet are not replaced: they would be one too many then.
    const expected = serving + this.lost.filter(({ abandonAt }) => abandonAt !== Infinity).length;
    // Spares come last: nobody waits for them.
    const ready = serving >= wanted && !this.active.some(isStarting);
    const spares = ready ? this.#settings.spares - Math.max(0, expected - wanted) : 0;
    const missing = Math.max(0, wanted - expected) + Math.max(0, spares - this.#spares.length);
    const starting = [...this.active, ...this.#spares].filter(isStarting).length;
    const slots = this.#settings.isolation === 'process' ? Math.max(0, STARTS - starting) : missing;
    const may = this.#restarts.mayStart(performance.now(), Math.min(missing, slots));
    let all = true;
    for (let started = 0; started < may && all; started += 1) all = this.#start();
    if (may > 0) this.#events.starting();
    this.#wakeAt(all ? this.#restarts.dueAt : Math.min(this.#restarts.dueAt, performance.now() + REPLACE_MS));
  }

  /** @returns false when it could not be started: that counts as a death. */
  #start(): boolean {
    try {
      const lane = this.#create();
      this.#restarts.started(performance.now(), lane);
      (this.#serving < this.#wanted() ? this.active : this.#spares).push(lane);
      return true;
    } catch (error) {
      this.#lastDeath = error;
      const [now, attempt] = [performance.now(), {}];
      // In a trial this was its lane: no other would ever fail it.
      this.#restarts.started(now, attempt);
      this.#restarts.failed(now, attempt, now);
      this.#events.notStarted();
      return false;
    }
  }

  /** Spares take the places of lanes that are gone, ready ones first. */
  #stepIn(): void {
    for (;;) {
      const spare = this.#spares.find(({ status }) => status === 'ready') ?? this.#spares[0];
      if (spare === undefined || this.#serving >= this.#wanted()) return;
      this.#spares.splice(this.#spares.indexOf(spare), 1);
      this.active.push(spare);
      if (spare.status === 'ready') this.#events.ready(spare);
    }
  }

  #wakeAt(due: number): void {
    clearTimeout(this.#refill);
    this.#refill = undefined;
    this.#refillAt = due;
    if (due === Infinity) return;
    this.#refill = setTimeout(() => this.#fill(), Math.max(1, Math.ceil(due - performance.now())));
    if (!this.#events.pending()) this.#refill.unref();
  }

  #create(): JobLane {
    this.#created += 1;
    const name = `${this.#settings.name}-${this.#created}`;
    const events = { crashed: this.crashed, ended: this.#ended };
    const lane = withOriginals(() => this.#kind.create(name, events));
    for (const library of this.#libraries) lane.announce(library);
    ignoreFailure(lane.setUp());
    return lane;
  }
}

/** Takes a lane out of a list. @returns whether it was there. */
function take(lanes: JobLane[], lane: JobLane): boolean {
  const at = lanes.indexOf(lane);
  if (at >= 0) lanes.splice(at, 1);
  return at >= 0;
}

const isStarting = ({ status }: JobLane): boolean => status === 'starting';

/** Resolves when a promise does, or when the time is over. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await race([promise, patience]);
  clearTimeout(timer);
}

/** Resolves when the lane is between calls, has loaded its engines, and has given its callbacks back; or when it will not tell. */
async function atRest(lane: JobLane): Promise<void> {
  await within(
    REST_MS[lane.kind],
    whenSettled(lane.retire(), null, () => {}),
  );
}
