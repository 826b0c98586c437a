/** What runs items: a native function in batches, or any function one by one. */
import { setMaxListeners } from 'node:events';
import {
  AbortController,
  Math,
  Promise,
  clearTimeout,
  performance,
  queueMicrotask,
  setTimeout,
} from '../../builtins.js';
import { follow, whenSettled } from '../../promises.js';
import { ArgumentError, type OffthreadError, kindOf } from '../../errors.js';
import { LONGEST_MS, show } from '../../options/checks.js';
import { type BatchPlan, type BatchViews, type Column, planBatch } from '../../shared/memory/batch-layout.js';
import { cancelOwn } from '../cancellable.js';
import type { CallDispatcher, FunctionOrigin } from '../dispatcher.js';
import { originOn } from '../native-function.js';
import { Batch } from '../batches/batch-outcome.js';
import type { BatchCall } from '../batches/batch-call.js';
import type { Group } from './group.js';
import { batchesAtOnce } from '../batches/batch-size.js';
import { type Misfit, argumentsOf, newColumns, packItems } from './pack-items.js';
import { type FailedInBatch, failuresOf } from '../batches/item-verdicts.js';

/** Items of a group that are to run. */
export interface Work {
  readonly group: Group;
  readonly from: number;
  readonly to: number;
}

export type Stop = (reason: unknown) => void;

/** What became of a piece of work. */
export interface Outcome {
  /** Items that have run, from the first on: those with a result are in the group's values. */
  readonly done: number;
  /** Of those, the ones that failed. */
  readonly failures: readonly FailedInBatch[];
  /** What ended it before its end. */
  readonly ended: EndedEarly | null;
  /** ms that they took. */
  readonly ms: number;
}

export interface EndedEarly {
  readonly error: unknown;
  /** Whose fault it was: that of the item that is next; the run's, which ends; or of one that is among the failures. */
  readonly blame: 'next' | 'run' | 'known';
}

export interface Runner {
  readonly name: string;
  /** Items that go together at most. */
  readonly capacity: number;
  /** Pieces of work that are under way at most, and those that run them. */
  readonly most: number;
  readonly takers: number;
  /** The run ends early: told once, before what is under way is stopped. */
  end(why: () => OffthreadError): void;
  /**
   * Runs items [from, to).
   * @param over told once, never before this has returned.
   * @returns what stops them; or the first that cannot be run: then none is.
   */
  run({ group, from, to }: Work, over: (outcome: Outcome) => void): Stop | Misfit;
}

/** Items under way for each lane where they go one by one, and nothing else is asked for: one runs, the others wait behind it. */
const EACH = 4;

/** @throws ArgumentError if it is not a function, or is one of another pool. */
export function runnerOf(dispatcher: CallDispatcher, fn: unknown, concurrency: number): Runner {
  if (typeof fn !== 'function') {
    throw new ArgumentError(
      `map received ${show(fn)}; it must receive a native function, or any function of an item and its index.`,
    );
  }
  const origin = originOn(dispatcher, fn);
  const { lanes } = dispatcher.settings;
  const takers = Math.min(concurrency, lanes);
  const capacity = origin === null || !mayBatch(origin) ? 0 : dispatcher.batchCapacity(origin.fn);
  if (origin !== null && capacity > 0) {
    return new BatchRunner(origin, capacity, takers, batchesAtOnce(takers, lanes));
  }
  const asked = concurrency === Infinity ? EACH * lanes : concurrency;
  // More would be refused. What a function of the caller's own does with the pool is not known.
  const most = Math.max(1, Math.min(asked, dispatcher.room));
  return new SingleRunner(dispatcher, fn as AnyFunction, origin !== null, takers, most);
}

type AnyFunction = (...given: unknown[]) => unknown;

/** For messages. A function that is a proxy, or has a getter, may throw when it is asked. */
function nameOf(work: AnyFunction): string {
  try {
    return typeof work.name === 'string' && work.name !== '' ? work.name : 'a function';
  } catch {
    return 'a function';
  }
}

/** What is for each call alone needs calls. */
function mayBatch({ deadline, limits }: FunctionOrigin): boolean {
  return deadline === undefined && limits.attempts === 1 && limits.signal === undefined;
}

/**
 * Runs items one by one.
 *
 * Guarantee: an item is told of once. A function of the caller's that has not ended when its run has waited for it as
 * long as for native code is given up: its later result is ignored.
 */
class SingleRunner implements Runner {
  readonly name: string;
  readonly capacity = 1;
  readonly takers: number;
  readonly most: number;
  readonly #dispatcher: CallDispatcher;
  readonly #work: AnyFunction;
  readonly #native: boolean;
  /** For functions of the caller's: aborts when their run ends early. */
  readonly #abort = new AbortController();

  /** @param native whether an item is the function's arguments; else it gets the item, its index, and a signal. */
  constructor(dispatcher: CallDispatcher, work: AnyFunction, native: boolean, takers: number, most: number) {
    this.name = nameOf(work);
    this.#dispatcher = dispatcher;
    this.#work = work;
    this.#native = native;
    this.takers = takers;
    this.most = most;
    // A listener for each item that is under way is not a leak.
    if (!native) setMaxListeners(0, this.#abort.signal);
  }

  end(why: () => OffthreadError): void {
    if (!this.#native) this.#abort.abort(why());
  }

  run({ group, from: at }: Work, over: (outcome: Outcome) => void): Stop {
    const startedAt = performance.now();
    let started: unknown;
    const result = new Promise((resolve, reject) => {
      const item = group.item(at);
      started = this.#native
        ? this.#work(...argumentsOf(item))
        : this.#work(item, group.from + at, this.#abort.signal);
      follow(started, resolve, reject);
    });
    let isOver = false;
    let patience: NodeJS.Timeout | undefined;
    const end = (ended: Outcome['ended'], value?: unknown): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(patience);
      if (ended === null) group.put(at, value);
      over({ done: ended === null ? 1 : 0, failures: [], ended, ms: performance.now() - startedAt });
    };
    void whenSettled(
      result,
      (value) => end(null, value),
      (error: unknown) => end({ error, blame: this.#blame(error) }),
    );
    return (reason) => {
      // A call of offthread's ends by itself.
      if (cancelOwn(started, reason)) return;
      const { grace } = this.#dispatcher.settings;
      if (grace === Infinity) return;
      patience ??= setTimeout(() => end({ error: reason, blame: 'run' }), Math.min(grace, LONGEST_MS));
    };
  }

  /** What keeps every item from running is no item's doing, nor is it to be cancelled by the pool. */
  #blame(error: unknown): EndedEarly['blame'] {
    const kind = kindOf(error);
    const byPool = kind === 'crash-loop' || (kind === 'closed' && this.#dispatcher.closed);
    return byPool || (this.#native && kind === 'cancelled') ? 'run' : 'next';
  }
}

class ListBatch extends Batch {
  readonly #group: Group;
  readonly #from: number;
  readonly #values: readonly Column[];

  constructor(plan: BatchPlan, group: Group, from: number, count: number, values: readonly Column[]) {
    super(plan, count);
    this.#group = group;
    this.#from = from;
    this.#values = values;
  }

  argumentsOf(index: number): readonly unknown[] {
    return argumentsOf(this.#group.item(this.#from + index));
  }

  protected fill({ columns }: BatchViews): void {
    for (const [param, column] of columns.entries()) {
      const values = this.#values[param] as Float64Array;
      (column as Float64Array).set(values.length === this.count ? values : values.subarray(0, this.count));
    }
  }

  protected take({ results }: BatchViews, done: number): void {
    const { returns } = this.plan;
    if (results === null || returns === null) return;
    if (returns !== 'bool') {
      this.#group.putColumn(returns, results.subarray(0, done), this.#from);
      return;
    }
    for (let index = 0; index < done; index += 1) this.#group.put(this.#from + index, results[index] !== 0);
  }
}

function endedEarly({ ending, error, endedByItem, late }: BatchCall<ListBatch>): EndedEarly | null {
  if (ending === 'succeeded') return null;
  return { error, blame: late >= 0 ? 'known' : endedByItem ? 'next' : 'run' };
}

class BatchRunner implements Runner {
  readonly capacity: number;
  readonly takers: number;
  readonly most: number;
  readonly #origin: FunctionOrigin;
  readonly #plan: BatchPlan;
  /** Columns that no batch uses: making new ones each time would be garbage of megabytes. */
  readonly #spare: Column[][] = [];

  constructor(origin: FunctionOrigin, capacity: number, takers: number, most: number) {
    this.#origin = origin;
    this.#plan = planBatch(origin.fn.compiled.spec) as BatchPlan;
    this.capacity = capacity;
    this.takers = takers;
    this.most = most;
  }

  get name(): string {
    return this.#origin.fn.name;
  }

  /** Its calls are cancelled one by one. */
  end(): void {}

  run({ group, from, to }: Work, over: (outcome: Outcome) => void): Stop | Misfit {
    const spare = this.#spare.pop();
    const fits = spare !== undefined && (spare[0]?.length ?? 0) >= to - from;
    const columns = fits ? spare : newColumns(this.#plan, to - from);
    const misfit = packItems(this.#origin.fn.compiled, columns, group.items, from, to);
    if (misfit !== null) {
      this.#spare.push(columns);
      return misfit;
    }
    const batch = new ListBatch(this.#plan, group, from, to - from, columns);
    let returned = false;
    const call = this.#origin.dispatcher.batch(this.#origin, batch, (ended) => {
      this.#spare.push(columns);
      const outcome: Outcome = {
        done: batch.done,
        failures: failuresOf(ended, (index) => group.value(from + index)),
        ended: endedEarly(ended),
        ms: ended.ms,
      };
      if (returned) over(outcome);
      else queueMicrotask(() => over(outcome));
    });
    returned = true;
    return (reason) => void call.cancel(reason);
  }
}
