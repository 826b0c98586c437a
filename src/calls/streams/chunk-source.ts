/**
 * Where the chunks of one call come from: the channel of its lane while native
 * code runs; then what was left in there, which is taken out so that the lane
 * goes on with other calls.
 */
import { performance } from '../../builtins.js';
import type { ChunksSpec } from '../../declare/spec.js';
import type { RecordHead } from '../../lanes/channel/lane-channel.js';
import type { JobLane } from '../../supervisor/job.js';

/** In place of a chunk: there is none now. */
export const NONE: unique symbol = Symbol('no chunk');

export class ChunkSource {
  /** When a chunk was last taken after native code had returned, in ms on the host's clock. */
  takenAt = 0;
  /** Of its call: what its records carry. */
  generation = 0;
  readonly #spec: ChunksSpec;
  #lane: JobLane | null = null;
  /** Chunks taken out of the channel, and the index of the next. */
  #left: unknown[] = [];
  #next = 0;

  constructor(spec: ChunksSpec) {
    this.#spec = spec;
  }

  /** Whether native code may still hand out more. */
  get isLive(): boolean {
    return this.#lane !== null;
  }

  /** Whether nothing is left of what was taken out. */
  get isEmpty(): boolean {
    return this.#next === this.#left.length;
  }

  /** Whether a reader waits for a chunk: then the lane rings for it. */
  get wanted(): boolean {
    return this.#lane?.channel.wanted === true;
  }

  set wanted(wanted: boolean) {
    if (this.#lane !== null) this.#lane.channel.wanted = wanted;
  }

  attach(lane: JobLane): void {
    this.#lane = lane;
  }

  /** The call is not in that lane any more. */
  leave(): void {
    this.wanted = false;
    this.#lane = null;
  }

  /** The next chunk, or {@link NONE}. */
  take(): unknown {
    if (this.isEmpty) return this.#takeFromLane();
    const chunk = this.#left[this.#next];
    this.#left[this.#next] = undefined;
    this.#next += 1;
    this.takenAt = performance.now();
    return chunk;
  }

  /** Native code has returned: takes what is left out of the channel, and leaves the lane. */
  gather(): void {
    for (let chunk = this.#takeFromLane(); chunk !== NONE; chunk = this.#takeFromLane()) {
      this.#left.push(chunk);
    }
    this.takenAt = performance.now();
    this.leave();
  }

  /** The chunks that were taken out will not be read. */
  drop(): void {
    this.#left = [];
    this.#next = 0;
  }

  /**
   * Nobody will read what there is. In the lane it must not use up the credit
   * of the next call, or be rung for. Only once native code has been told to
   * stop: giving credit back lets it go on.
   */
  dropAll(): void {
    this.drop();
    for (let head = this.#own(); head !== null; head = this.#own()) this.#lane?.channel.dropChunk(head);
  }

  #takeFromLane(): unknown {
    for (let head = this.#own(); head !== null; head = this.#own()) {
      const chunk = this.#lane?.channel.takeChunk(head, this.#spec);
      // The lane's death may have swallowed what came by message port.
      if (chunk !== undefined) return chunk;
    }
    return NONE;
  }

  /** The oldest chunk of the lane, if it is this call's: behind them there may be those of the next one. */
  #own(): RecordHead | null {
    const head = this.#lane?.channel.nextChunk() ?? null;
    if (head === null || head.noCall) return null;
    return head.generation === this.generation ? head : null;
  }
}
