/** Makes calls: gives each its id and its limits, and offers it to the pool, or waits for it. */
import { currentLane } from '../shared/lane-mark.js';
import { IdSource } from '../shared/ids.js';
import type { DeclaredFunction } from '../lanes/declared-function.js';
import type { ArgumentError } from '../errors.js';
import type { CallSettings, PoolSettings } from '../options.js';
import type { Supervisor } from '../supervisor/supervisor.js';
import type { Admission } from './admission.js';
import { Call } from './call.js';
import { InPlace } from './in-place.js';
import type { Dispatcher } from './native-function.js';

function deadlineAt(deadline: number | Date | undefined): number {
  if (deadline === undefined) return Infinity;
  if (typeof deadline === 'number') return performance.now() + deadline;
  return deadline.getTime() - performance.timeOrigin;
}

export class CallDispatcher implements Dispatcher {
  readonly #settings: PoolSettings;
  readonly #admission: Admission;
  readonly #supervisor: Supervisor;
  readonly #ids: IdSource;
  #inPlace: InPlace | undefined;

  constructor(
    settings: PoolSettings,
    admission: Admission,
    supervisor: Supervisor,
    ids: IdSource = new IdSource(),
  ) {
    this.#settings = settings;
    this.#admission = admission;
    this.#supervisor = supervisor;
    this.#ids = ids;
  }

  call(
    fn: DeclaredFunction,
    args: readonly unknown[],
    settings: CallSettings,
    refusal: ArgumentError | null,
  ): Call {
    const call = this.#make(fn, args, settings);
    this.#admission.offer(call, refusal ?? fn.refusal());
    return call;
  }

  block(fn: DeclaredFunction, args: readonly unknown[], settings: CallSettings): unknown {
    const call = this.#make(fn, args, settings);
    // Its answer is taken from the call itself; the promise has no reader.
    call.catch(() => {});
    const lane = currentLane();
    if (lane === undefined) {
      this.#admission.offer(call, fn.refusal());
      if (!call.isSettled) this.#supervisor.runUntil(() => call.isSettled);
    } else {
      this.#admission.offerInPlace(call, fn.refusal(), () => {
        this.#inPlace ??= new InPlace(lane);
        this.#inPlace.run(call);
      });
    }
    if (call.ending === 'succeeded') return call.value;
    throw call.error;
  }

  #make(fn: DeclaredFunction, args: readonly unknown[], settings: CallSettings): Call {
    return new Call({
      id: this.#ids.take(),
      fn,
      args,
      owner: this.#admission,
      timeout: settings.timeout ?? this.#settings.timeout,
      deadlineAt: deadlineAt(settings.deadline),
      priority: settings.priority,
      signal: settings.signal,
    });
  }
}
