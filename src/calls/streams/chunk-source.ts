/**
 * The source of a call's chunks: the channel of its lane while native code runs,
 * then the chunks that were left in the channel, which are taken out so that the
 * lane goes on with other calls.
 */
import { performance } from '../../builtins.js';
import type { ChunksSpec } from '../../declare/spec.js';
import { LOST, type RecordHead } from '../../lanes/channel/lane-channel.js';
import type { JobLane } from '../../supervisor/job.js';

/** Returned in place of a chunk when none is available. */
export const NONE: unique symbol = Symbol('no chunk');

export class ChunkSource {
  /** When the last chunk was taken after native code returned, in ms on the host's clock. */
  takenAt = 0;
  /** The generation in the records of its call. */
  generation = 0;
  readonly #spec: ChunksSpec;
  #lane: JobLane | null = null;
  /** Chunks taken out of the channel, and the index of the next one to deliver. */
  #left: unknown[] = [];
  #next = 0;

  constructor(spec: ChunksSpec) {
    this.#spec = spec;
  }

  /** Whether native code may still write chunks. */
  get isLive(): boolean {
    return this.#lane !== null;
  }

  /** Whether all chunks taken out of the channel have been delivered. */
  get isEmpty(): boolean {
    return this.#next === this.#left.length;
  }

  /** Whether a reader or handler waits for a chunk, so that the lane rings for the next one. */
  get wanted(): boolean {
    return this.#lane?.channel.wanted === true;
  }

  set wanted(wanted: boolean) {
    if (this.#lane !== null) this.#lane.channel.wanted = wanted;
  }

  attach(lane: JobLane): void {
    this.#lane = lane;
  }

  /** The call has left its lane. */
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

  /** Native code has returned: takes the remaining chunks out of the channel, and leaves the lane. */
  gather(): void {
    for (let chunk = this.#takeFromLane(); chunk !== NONE; chunk = this.#takeFromLane()) {
      this.#left.push(chunk);
    }
    this.takenAt = performance.now();
    this.leave();
  }

  /** Drops the chunks taken out of the channel. */
  drop(): void {
    this.#left = [];
    this.#next = 0;
  }

  /**
   * Drops all chunks, also those in the lane, which must neither use up the credit
   * of the next call nor ring. Only after native code was asked to stop: freed
   * credit lets native code go on.
   */
  dropAll(): void {
    this.drop();
    for (let head = this.#own(); head !== null; head = this.#own()) this.#lane?.channel.dropChunk(head);
  }

  #takeFromLane(): unknown {
    for (let head = this.#own(); head !== null; head = this.#own()) {
      const chunk = this.#lane?.channel.takeChunk(head, this.#spec);
      // A chunk sent by message port may be lost when the lane dies.
      if (chunk !== LOST) return chunk;
    }
    return NONE;
  }

  /** The oldest chunk of the lane if it is of this call; chunks of the next call may follow. */
  #own(): RecordHead | null {
    const head = this.#lane?.channel.nextChunk() ?? null;
    if (head === null || head.noCall) return null;
    return head.generation === this.generation ? head : null;
  }
}
