/**
 * The lanes of a pool: started, replaced when they crash or are lost, ended.
 *
 *   active   lanes that calls may go to, or that are starting
 *   lost     given up, still stuck in native code; counted until the native
 *            call really returns, and tolerated up to `maxLostLanes`
 *
 * Guarantees:
 * - A lane is in one of the two lists, or ended. Counts are lengths of lists.
 * - A lost lane is replaced at once while no more than `maxLostLanes` are lost;
 *   beyond that the pool shrinks, and grows again when a lost lane recovers.
 * - Deaths that follow each other too fast stop the replacing instead of
 *   spinning (`CrashLoopError`), for a while.
 */
import { performance } from 'node:perf_hooks';
import { CrashLoopError, LaneLostError, type OffthreadError } from '../errors.js';
import type { PoolSettings } from '../options.js';
import { ThreadLane } from '../lanes/thread-lane.js';
import type { ToLane } from '../shared/messages.js';
import type { Job, JobLane } from './job.js';

/** What the set tells its supervisor. */
export interface LaneSetEvents {
  ready(lane: JobLane): void;
  /** The lane died: its calls are still in its ring. */
  crashed(lane: JobLane, cause: unknown): void;
  recovered(lane: JobLane): void;
  /** A lane that was left behind by `end` has ended after all. */
  ended(): void;
}

/** Deaths within this time that stop the replacing, and how long it stays stopped. */
const CRASHES = 6;
const CRASH_WINDOW_MS = 10_000;
/** ms that a lane has to come to rest before its thread is ended all the same. */
const REST_MS = 5_000;
/** ms that the end of a pool waits for native code that was let go in a callback. */
const RETURN_MS = 100;

export class LaneSet {
  readonly active: JobLane[] = [];
  readonly lost: JobLane[] = [];
  /** On their way out: a thread may still be loading an engine. */
  readonly ending: JobLane[] = [];
  readonly #settings: PoolSettings;
  readonly #bell: SharedArrayBuffer;
  /** Late callbacks of lanes that have ended. */
  #late = 0;
  readonly #events: LaneSetEvents;
  readonly #libraries: ToLane[] = [];
  readonly #ends = new Set<Promise<void>>();
  #crashes: number[] = [];
  #started = false;
  #closed = false;
  #created = 0;
  #refill: NodeJS.Timeout | undefined;

  constructor(settings: PoolSettings, bell: SharedArrayBuffer, events: LaneSetEvents) {
    this.#settings = settings;
    this.#bell = bell;
    this.#events = events;
  }

  /** Starts the lanes, if that has not been done. */
  start(): void {
    this.#started = true;
    this.#fill();
  }

  /** Tells every lane, now and later, of a library. */
  announce(library: ToLane): void {
    this.#libraries.push(library);
    for (const lane of this.active) lane.announce(library);
  }

  /** Callbacks that native code called when it was too late. */
  get lateCallbacks(): number {
    let late = this.#late;
    for (const { channel } of [...this.active, ...this.lost, ...this.ending]) late += channel.late;
    return late;
  }

  /** Why no lane will take a call however long it waits; null while there is hope. */
  hopeless(): OffthreadError | null {
    if (!this.#started || this.active.length > 0 || this.#closed) return null;
    // Given up just now: it may come back, and is replaced if it does not.
    if (this.lost.some(({ abandonAt }) => abandonAt !== Infinity)) return null;
    if (this.#looping()) {
      return new CrashLoopError(
        `${this.#crashes.length} lanes died within ${CRASH_WINDOW_MS} ms, so the pool has stopped replacing them for that long. ` +
          'Native code that ends its thread, or a library that fails while it is loaded, does this: look at the cause of the LaneCrashedError events.',
      );
    }
    return new LaneLostError(
      `Every lane is stuck in native code: ${this.lost.length} lanes were given up and have not come back, ` +
        `and maxLostLanes allows ${this.#settings.maxLostLanes} beside the ${this.#settings.lanes} in use. ` +
        'Declare a way to stop the function (cancelFlag, onCancel), raise maxLostLanes, or use a library that returns.',
    );
  }

  /** Marks lanes ready that have said so. Works while the host blocks. */
  welcome(): void {
    for (const lane of this.active) {
      if (lane.status !== 'starting' || !lane.announcedReady) continue;
      lane.status = 'ready';
      this.#events.ready(lane);
    }
  }

  /** Gives a lane up: it takes no more calls. It is left to come back by itself until {@link abandon}. */
  lose(lane: JobLane): void {
    if (!this.#remove(lane)) return;
    lane.status = 'lost';
    this.lost.push(lane);
  }

  /** A lost lane's native call has returned in time: it serves again. */
  reinstate(lane: JobLane): void {
    const at = this.lost.indexOf(lane);
    if (at < 0) return;
    this.lost.splice(at, 1);
    lane.status = 'ready';
    lane.abandonAt = Infinity;
    this.active.push(lane);
    this.#events.recovered(lane);
  }

  /** Stops waiting for a lost lane, and replaces it. */
  abandon(lane: JobLane): void {
    lane.abandonAt = Infinity;
    void lane.end().then(() => {
      const at = this.lost.indexOf(lane);
      if (at < 0) return;
      this.lost.splice(at, 1);
      this.#late += lane.channel.late;
      // Room first, then the news: whoever hears it may call.
      this.#fill();
      this.#events.recovered(lane);
    });
    this.#fill();
  }

  /** Ends every lane. @returns a promise for the end of those that are not stuck. */
  async end(): Promise<void> {
    this.#closed = true;
    for (const lane of this.active.splice(0)) {
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
      const end = lane.end().then(() => {
        const at = this.lost.indexOf(lane);
        if (at >= 0) this.lost.splice(at, 1);
        this.#late += lane.channel.late;
        this.#events.ended();
      });
      // Let go in a callback it comes back at once, and gives its callbacks back: worth a moment.
      if (lane.hasCallbacks) returns.push(end);
    }
    await Promise.all([...this.#ends, within(RETURN_MS, Promise.all(returns))]);
  }

  /** A lane died. Its calls are handed over before it is replaced. */
  readonly crashed = (lane: JobLane, cause: unknown): void => {
    const at = this.lost.indexOf(lane);
    if (at >= 0) this.lost.splice(at, 1);
    else if (!this.#remove(lane)) return;
    this.#crashes.push(performance.now());
    this.#events.crashed(lane, cause);
    this.#retire(lane);
    this.#fill();
  };

  #remove(lane: JobLane): boolean {
    const at = this.active.indexOf(lane);
    if (at >= 0) this.active.splice(at, 1);
    return at >= 0;
  }

  #retire(lane: JobLane): void {
    // At rest first, so that no engine is being bound when its thread ends.
    this.ending.push(lane);
    const end = atRest(lane)
      .then(() => lane.end())
      .finally(() => {
        this.#ends.delete(end);
        this.#late += lane.channel.late;
        this.ending.splice(this.ending.indexOf(lane), 1);
      });
    this.#ends.add(end);
  }

  #looping(): boolean {
    const since = performance.now() - CRASH_WINDOW_MS;
    this.#crashes = this.#crashes.filter((at) => at > since);
    return this.#crashes.length >= CRASHES;
  }

  /** Starts lanes until there are as many as asked for, less those lost beyond the tolerated. */
  #fill(): void {
    if (!this.#started || this.#closed) return;
    if (this.#looping()) {
      if (this.#refill !== undefined) return;
      this.#refill = setTimeout(() => {
        this.#refill = undefined;
        this.#fill();
      }, CRASH_WINDOW_MS).unref();
      return;
    }
    const wanted = this.#settings.lanes - Math.max(0, this.lost.length - this.#settings.maxLostLanes);
    while (this.active.length < wanted) this.active.push(this.#create());
  }

  #create(): JobLane {
    const { name, tuning, stackSizeMb } = this.#settings;
    this.#created += 1;
    const lane: JobLane = new ThreadLane<Job>(
      {
        name: `${name}-${this.#created}`,
        size: { rows: tuning.rows, arenaBytes: tuning.arenaBytes, chunkBytes: tuning.chunkBytes },
        bell: this.#bell,
        spinUs: tuning.laneSpinUs,
        leaseIdleMs: tuning.leaseIdleMs,
        stackSizeMb,
      },
      { crashed: this.crashed },
    );
    for (const library of this.#libraries) lane.announce(library);
    void lane.setUp().catch(() => {});
    return lane;
  }
}

/** Resolves when a promise does, or when the time is over. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, patience]);
  clearTimeout(timer);
}

/** Resolves when the lane is between calls, has loaded its engines, and has given its callbacks back; or when it will not tell. */
async function atRest(lane: JobLane): Promise<void> {
  await within(
    REST_MS,
    lane.retire().catch(() => {}),
  );
}
