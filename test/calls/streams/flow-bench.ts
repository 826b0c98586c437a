/** A flow of chunks between a lane that is made up and readers that are not. */
import type { CallLimits, CallOwner } from '../../../src/calls/call.js';
import { Call } from '../../../src/calls/call.js';
import { ChunkFlow, type ChunkHandler } from '../../../src/calls/streams/chunk-flow.js';
import type { ChunksSpec } from '../../../src/declare/spec.js';
import type { OffthreadError } from '../../../src/errors.js';
import { chunks } from '../../../src/index.js';
import type { RecordHead } from '../../../src/lanes/channel/lane-channel.js';
import { generationOf } from '../../../src/shared/memory/states.js';
import type { Ending, JobLane, StopEnding } from '../../../src/supervisor/job.js';
import { declare } from '../../lanes/fixture.js';
import { turns } from '../../helpers/waiting.js';

const fn = declare({
  arguments: [chunks({ arguments: ['i32'], return: 'i32' }, { stop: 1 })],
  return: 'i32',
});
const limits: CallLimits = {
  timeout: Infinity,
  priority: 0,
  signal: undefined,
  hostTimeout: undefined,
  highWaterMark: 4,
  attempts: 1,
  session: null,
};

/** What lies in a lane's channel, and whether the host is rung for it. */
export class FakeChannel {
  readonly queue: { readonly generation: number; readonly value: unknown }[] = [];
  /** Times that the lane has rung. */
  rings = 0;
  /** Makes a chunk that comes just before somebody says that one is wanted: it does not ring. */
  sneak: (() => unknown) | null = null;
  #wanted = false;

  get wanted(): boolean {
    return this.#wanted;
  }

  set wanted(wanted: boolean) {
    if (wanted && !this.#wanted && this.sneak !== null) {
      this.queue.push({ generation: this.generation, value: this.sneak() });
      this.sneak = null;
    }
    this.#wanted = wanted;
  }

  /** Of the call that runs. */
  generation = 0;

  get hasChunks(): boolean {
    return this.queue.length > 0;
  }

  /** Native code hands a chunk out. */
  arrive(value: unknown): void {
    this.queue.push({ generation: this.generation, value });
    if (this.#wanted) this.rings += 1;
  }

  nextChunk(): RecordHead | null {
    const [oldest] = this.queue;
    if (oldest === undefined) return null;
    const { generation } = oldest;
    return { at: 0, kind: 0, target: 0, request: 0, noCall: false, sequence: 0, generation };
  }

  takeChunk(): unknown {
    return this.queue.shift()?.value;
  }

  dropChunk(): void {
    this.queue.shift();
  }
}

export class FlowBench {
  readonly channel: FakeChannel = new FakeChannel();
  readonly lane: JobLane = { name: 'made up', channel: this.channel } as unknown as JobLane;
  readonly call: Call;
  readonly flow: ChunkFlow;
  /** What was seen, in the order in which users see it: chunks, `done`, errors, `settled`. */
  readonly log: unknown[] = [];
  readonly endings: Ending[] = [];
  readonly failures: OffthreadError[] = [];
  readonly reports: OffthreadError[] = [];
  /** Reads that were not answered yet. */
  pending = 0;
  /** Times that the flow has said that chunks are left. */
  unread = 0;
  notices = 0;

  constructor(handler: ChunkHandler | null = null, id = 5) {
    const owner: CallOwner = {
      stop: (call, ending, error) => this.#stop(call, ending, error),
      onSucceeded: () => void this.endings.push('succeeded'),
      onSettled: (_, ending) => void this.endings.push(ending),
    };
    this.call = new Call(id, { plain: false, fn, limits, owner }, []);
    this.flow = new ChunkFlow(fn.compiled.spec.stream as ChunksSpec, 4, handler, {
      notice: () => void (this.notices += 1),
      fail: (call, error) => {
        this.failures.push(error);
        call.callbackState ??= { sink: null, context: null, failure: null };
        call.callbackState.failure ??= error;
      },
      report: (error) => void this.reports.push(error),
      unread: () => void (this.unread += 1),
    });
    this.call.callbackState = { sink: this.flow, context: null, failure: null };
    this.flow.connect(this.call, true);
    this.call.then(
      () => this.log.push('settled'),
      () => this.log.push('settled'),
    );
  }

  /** The call is in a lane. */
  attach(lane: JobLane = this.lane): void {
    (lane.channel as unknown as FakeChannel).generation = generationOf(this.call.id);
    this.call.lane = lane;
    this.flow.attach(lane);
  }

  /** Starts a read; what it comes to is seen in the log. */
  read(): void {
    this.pending += 1;
    this.flow.read().then(
      ({ done, value }) => {
        this.pending -= 1;
        this.log.push(done === true ? 'done' : value);
      },
      (error: unknown) => {
        this.pending -= 1;
        this.log.push(error);
      },
    );
  }

  /** The host looks, as it does when the lane has rung. */
  look(): number {
    return this.flow.offer();
  }

  /** Native code has returned, or was asked to and has. */
  end(ending: Ending, error?: OffthreadError): void {
    const { failure } = this.call.callbackState ?? { failure: null };
    const stopped = this.call.stopping;
    this.look();
    if (stopped !== null) this.call.settle(stopped.ending, undefined, stopped.error);
    else if (failure !== null) this.call.settle('failed', undefined, failure);
    else this.call.settle(ending, ending === 'succeeded' ? 42 : undefined, error);
  }

  /** Native code is asked to stop; or, if it has returned, what is left is dropped. */
  #stop(call: Call, ending: StopEnding, error: OffthreadError): boolean {
    if (call.stopping !== null) return false;
    if (call.lane === null) call.settle(ending, undefined, error);
    else call.stopping = { error, ending, giveUpAt: Infinity, interruptAt: Infinity };
    return true;
  }
}

/** One turn of the event loop: what was promised has been told. */
export function turn(): Promise<void> {
  return turns(1);
}
