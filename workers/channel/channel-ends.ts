/**
 * The lane's ends of its channel: the pipes that it writes, and where it waits. Native code and modules of a lane share
 * them, because a pipe has one writer.
 */
import { CALLS_BYTES, callsPipe, chunksPipe } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { PipeWriter } from '../../src/shared/memory/pipe.js';
import type { LaneLink } from '../lane-link.js';
import { ChunkCredit } from './chunk-credit.js';
import { WaitPoint } from './wait-point.js';

/** A payload larger than a quarter of a pipe goes by message; one of exactly a quarter does not. */
const INLINE_SHARE = 4;

export class ChannelEnds {
  /** Requests to run a function on the host. */
  readonly calls: PipeWriter;
  readonly chunks: PipeWriter;
  /** Bytes of the largest payload that goes through the pipe. */
  readonly callsInline: number;
  readonly chunksInline: number;
  readonly waitPoint: WaitPoint;
  readonly credit: ChunkCredit;
  #requests = 0;

  /** @param spinUs µs to wait awake before sleeping. */
  constructor(memory: LaneMemory, link: Pick<LaneLink, 'wait'>, spinUs: number) {
    const { size } = memory;
    this.calls = new PipeWriter(memory, callsPipe(size));
    this.chunks = new PipeWriter(memory, chunksPipe(size));
    this.callsInline = CALLS_BYTES / INLINE_SHARE;
    this.chunksInline = size.chunkBytes / INLINE_SHARE;
    this.waitPoint = new WaitPoint(memory, link, spinUs);
    this.credit = new ChunkCredit(memory);
  }

  /** The number of the next request: never 0. */
  nextRequest(): number {
    this.#requests = (this.#requests + 1) | 0 || 1;
    return this.#requests;
  }
}
