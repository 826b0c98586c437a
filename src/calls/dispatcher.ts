/** Makes calls: gives each its id and its limits, and offers it to the pool, or waits for it. */
import { performance } from 'node:perf_hooks';
import { currentLane } from '../shared/lane-mark.js';
import { IdSource } from '../shared/ids.js';
import type { DeclaredFunction } from '../lanes/declared-function.js';
import type { ArgumentError } from '../errors.js';
import type { CallSettings, Deadline, PoolSettings } from '../options.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Admission } from './admission.js';
import { Call, type CallLimits } from './call.js';
import { InPlace } from './in-place.js';
import type { Dispatcher } from './native-function.js';

function deadlineAt(call: Call, deadline: Deadline): number {
  if (deadline === undefined) return Infinity;
  if (typeof deadline === 'number') return call.createdAt + deadline;
  return deadline.getTime() - performance.timeOrigin;
}

/** Ids are unique in this thread, whichever pool: an audit trail sees all pools. */
const ids = new IdSource();

export class CallDispatcher implements Dispatcher {
  readonly #settings: PoolSettings;
  readonly #admission: Admission;
  readonly #supervisor: Supervisor;
  #inPlace: InPlace | undefined;

  constructor(settings: PoolSettings, admission: Admission, supervisor: Supervisor) {
    this.#settings = settings;
    this.#admission = admission;
    this.#supervisor = supervisor;
  }

  /** What a function's calls share. */
  limits(settings: CallSettings): CallLimits {
    const { timeout = this.#settings.timeout, priority, signal } = settings;
    return { timeout, priority, signal };
  }

  call(
    fn: DeclaredFunction,
    args: readonly unknown[],
    limits: CallLimits,
    deadline: Deadline,
    refusal: ArgumentError | null,
  ): Call {
    const call = new Call(ids.take(), fn, args, limits, this.#admission);
    this.#admission.offer(call, deadlineAt(call, deadline), refusal ?? fn.refusal());
    return call;
  }

  block(fn: DeclaredFunction, args: readonly unknown[], limits: CallLimits, deadline: Deadline): unknown {
    const call = new Call(ids.take(), fn, args, limits, this.#admission);
    // Its answer is taken from the call itself; the promise has no reader.
    call.catch(() => {});
    const lane = currentLane();
    if (lane === undefined) {
      this.#admission.offer(call, deadlineAt(call, deadline), fn.refusal());
      if (!call.isSettled) this.#supervisor.runUntil(() => call.isSettled);
    } else {
      this.#admission.offer(call, deadlineAt(call, deadline), fn.refusal(), () => {
        this.#inPlace ??= new InPlace(lane);
        this.#inPlace.run(call);
      });
    }
    if (call.ending === 'succeeded') return call.value;
    throw call.error;
  }
}
