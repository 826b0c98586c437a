/** Creates calls: assigns ids and limits, and submits each call to the pool, or waits for it. */
import { AsyncResource } from 'node:async_hooks';
import { Math, performance } from '../builtins.js';
import { ignoreFailure } from '../promises.js';
import { currentLane } from '../shared/lane-mark.js';
import { IdSource } from '../shared/memory/ids.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';
import type { ChunksSpec } from '../declare/spec.js';
import type { ArgumentError, OffthreadError } from '../errors.js';
import type { CallSettings, Deadline } from '../options/call-options.js';
import type { PoolSettings } from '../options/pool-options.js';
import { type Lent, NOTHING_LENT, batchCapacity, planBatch } from '../shared/memory/batch-layout.js';
import type { JobItems, CallbackState } from '../supervisor/job.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Admission } from './admission/admission.js';
import { Call, type CallOrigin, type CallSession } from './call.js';
import { ChunkFlow, type ChunkHandler, type FlowOwner } from './streams/chunk-flow.js';
import { InPlace } from './in-place.js';
import { ChunkStream, type NativeStream } from './streams/native-stream.js';
import { BatchCall } from './batches/batch-call.js';
import { Runs } from './batches/runs.js';
import { noReader } from './admission/refusals.js';

function deadlineAt(call: Call, deadline: Deadline): number {
  if (deadline === undefined) return Infinity;
  if (typeof deadline === 'number') return call.createdAt + deadline;
  return deadline.getTime() - performance.timeOrigin;
}

/** The state that the calls of a native function share: created once for each `fn.with(…)`. */
export interface FunctionOrigin extends CallOrigin {
  readonly dispatcher: CallDispatcher;
  readonly deadline: Deadline;
  /** Null if calls have no `onChunk`. */
  readonly handler: ChunkHandler | null;
}

/** Ids are unique in this thread, across pools: an audit trail covers all pools. */
const ids = new IdSource();

export class CallDispatcher {
  /** The active runs over many items. */
  readonly runs: Runs = new Runs();
  /** The settings of the pool. */
  readonly settings: PoolSettings;
  readonly #admission: Admission;
  readonly #supervisor: Supervisor;
  readonly #flowOwner: FlowOwner;
  #inPlace: InPlace | undefined;

  /** @param report reports an error that ends no call. */
  constructor(
    settings: PoolSettings,
    admission: Admission,
    supervisor: Supervisor,
    report: (error: OffthreadError) => void,
  ) {
    this.settings = settings;
    this.#admission = admission;
    this.#supervisor = supervisor;
    this.#flowOwner = {
      notice: () => supervisor.loop.notice(),
      fail: (call, error) => supervisor.callbacks.fail(call, error),
      report,
      unread: (call) => admission.keepUnread(call),
    };
  }

  /** @param session the session in whose lane calls run; null for any lane. */
  origin(fn: DeclaredFunction, settings: CallSettings, session: CallSession | null = null): FunctionOrigin {
    const { timeout = this.settings.timeout, priority, signal } = settings;
    const { hostTimeout, highWaterMark, deadline, onChunk, onChunkError } = settings;
    // A session ends with its lane, so that a call that has crashed the lane cannot run again.
    const attempts = session === null ? settings.attempts : 1;
    return {
      plain:
        fn.plain &&
        fn.engine !== 'ffi-rs' &&
        priority === 0 &&
        signal === undefined &&
        deadline === undefined &&
        session === null,
      dispatcher: this,
      owner: this.#admission,
      fn,
      limits: { timeout, priority, signal, hostTimeout, highWaterMark, attempts, session },
      deadline,
      handler: onChunk === undefined ? null : { onChunk, reports: onChunkError === 'report' },
    };
  }

  /** A call is about to be made: a lane that will get it wakes up meanwhile. */
  rouse(): void {
    this.#supervisor.rouse();
  }

  call(origin: FunctionOrigin, args: readonly unknown[], refusal: ArgumentError | null): Call {
    const { fn, deadline, handler } = origin;
    const call =
      deadline === undefined
        ? new Call(ids.take(), origin, args, this.#supervisor.clock.read())
        : new Call(ids.take(), origin, args);
    if (origin.plain && refusal === null && fn.refusal() === null && this.#admission.offerMore(call))
      return call;
    if (fn.takesFunctions) call.callbackState = callbackStateHere();
    const flow = handler === null ? null : this.#flow(call, handler, false);
    this.#admission.offer(call, deadlineAt(call, deadline), refusal ?? readerOf(fn, flow) ?? fn.refusal());
    return call;
  }

  /**
   * Submits many items of one function to the pool as one call, which waits for room in the queue regardless of
   * `whenFull`.
   */
  batch<B extends JobItems>(
    origin: FunctionOrigin,
    items: B,
    over: (call: BatchCall<B>) => void,
  ): BatchCall<B> {
    const call = new BatchCall(ids.take(), origin, items, over);
    this.#admission.offer(call, Infinity, origin.fn.refusal());
    return call;
  }

  /** Maximum number of items in a batch of a function; 0 if each call needs its own row. */
  batchCapacity({ compiled, module }: DeclaredFunction, lent: Lent = NOTHING_LENT): number {
    const plan = module === null ? planBatch(compiled.spec) : null;
    if (plan === null) return 0;
    const { batchRoom, lendsShared } = this.#supervisor;
    return Math.max(1, batchCapacity(plan, batchRoom, lendsShared ? lent : NOTHING_LENT));
  }

  /** Number of calls that have been accepted and have not settled; a batch counts as one. */
  get pending(): number {
    return this.#admission.counters.pending;
  }

  /** Number of lanes that take the calls of a function. */
  lanesOf({ limits }: FunctionOrigin): number {
    return limits.session === null ? this.settings.lanes : 1;
  }

  /** Whether the pool is closed to new calls. */
  get closed(): boolean {
    return this.#admission.closed;
  }

  /** Number of calls that the pool accepts before it refuses one; Infinity if callers wait instead. */
  get room(): number {
    const { lanes, maxQueue, whenFull } = this.settings;
    return whenFull === 'wait' ? Infinity : lanes + maxQueue;
  }

  stream(
    origin: FunctionOrigin,
    args: readonly unknown[],
    refusal: ArgumentError | null,
  ): NativeStream<unknown, unknown> {
    const { fn, deadline, handler } = origin;
    const call = new Call(ids.take(), origin, args);
    const flow = this.#flow(call, handler, true);
    this.#admission.offer(call, deadlineAt(call, deadline), refusal ?? fn.refusal());
    return new ChunkStream(call, flow);
  }

  block(origin: FunctionOrigin, args: readonly unknown[]): unknown {
    const { fn, deadline, handler } = origin;
    const call = new Call(ids.take(), origin, args);
    if (fn.takesFunctions) call.callbackState = callbackStateHere();
    // The result is read from the call itself; the promise has no reader.
    ignoreFailure(call);
    const flow = handler === null ? null : this.#flow(call, handler, false);
    const lane = currentLane();
    const refusal = readerOf(fn, flow) ?? fn.refusal();
    if (lane === undefined) {
      this.#runUntilSettled(call, () => this.#admission.offer(call, deadlineAt(call, deadline), refusal));
    } else {
      this.#admission.offer(call, deadlineAt(call, deadline), refusal, () => {
        this.#inPlace ??= new InPlace(lane);
        this.#inPlace.run(call);
      });
    }
    if (call.ending === 'succeeded') return call.value;
    throw call.error;
  }

  #runUntilSettled(call: Call, offer: () => void): void {
    try {
      this.#supervisor.runUntil(call, offer);
    } catch (error) {
      // The call would never start, so it must not stay in the queue.
      this.#admission.abandon(call, error as OffthreadError);
    }
  }

  #flow(call: Call, handler: ChunkHandler | null, quiet: boolean): ChunkFlow {
    const spec = call.fn.compiled.spec.stream as ChunksSpec;
    const flow = new ChunkFlow(spec, call.highWaterMark, handler, this.#flowOwner);
    call.callbackState = { sink: flow, context: new AsyncResource('offthread.call'), failure: null };
    flow.connect(call, quiet);
    return flow;
  }
}

/** The state of a call whose host functions run in the current async context. */
function callbackStateHere(): CallbackState {
  return { sink: null, context: new AsyncResource('offthread.call'), failure: null };
}

/** Why a call that streams chunks cannot be made: it has no reader. */
function readerOf(fn: DeclaredFunction, flow: ChunkFlow | null): ArgumentError | null {
  return fn.compiled.spec.stream === null || flow !== null ? null : noReader(fn.name);
}
