/** Runs items: a native function in batches, or any function one by one. */
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

/** The outcome of a piece of work. */
export interface Outcome {
  /** Number of items that have run, from the first on. The group has the values of those with a result. */
  readonly done: number;
  /** The failed ones among the items that have run. */
  readonly failures: readonly FailedInBatch[];
  /** Why the work ended early; null if it did not. */
  readonly ended: EndedEarly | null;
  /** ms that the items took. */
  readonly ms: number;
}

export interface EndedEarly {
  readonly error: unknown;
  /** What the error concerns: the next item; the run, which ends; or an item that is among the failures. */
  readonly blame: 'next' | 'run' | 'known';
}

export interface Runner {
  readonly name: string;
  /** Maximum number of items in a piece of work. */
  readonly capacity: number;
  /** Maximum number of pieces of work in progress, and the number that run them. */
  readonly most: number;
  readonly takers: number;
  /** The run ends early: called once, before the work in progress is stopped. */
  end(why: () => OffthreadError): void;
  /**
   * Runs items [from, to).
   * @param over called once, never before `run` has returned.
   * @returns a function that stops the items; or the first item that cannot be run: then none is.
   */
  run({ group, from, to }: Work, over: (outcome: Outcome) => void): Stop | Misfit;
}

/** Default number of items in progress per lane when items run one by one: one runs, the others wait behind it. */
const EACH = 4;

/** @throws ArgumentError if `fn` is not a function, or belongs to another pool. */
export function runnerOf(dispatcher: CallDispatcher, fn: unknown, concurrency: number): Runner {
  if (typeof fn !== 'function') {
    throw new ArgumentError(
      `map received ${show(fn)}; it must receive a native function, or any function of an item and its index.`,
    );
  }
  const origin = originOn(dispatcher, fn);
  const lanes = origin === null ? dispatcher.settings.lanes : dispatcher.lanesOf(origin);
  const takers = Math.min(concurrency, lanes);
  const capacity = origin === null || !mayBatch(origin) ? 0 : dispatcher.batchCapacity(origin.fn);
  if (origin !== null && capacity > 0) {
    return new BatchRunner(origin, capacity, takers, batchesAtOnce(takers, lanes));
  }
  const asked = concurrency === Infinity ? EACH * lanes : concurrency;
  // The pool would refuse more. How a JavaScript function uses the pool is not known.
  const most = Math.max(1, Math.min(asked, dispatcher.room));
  return new SingleRunner(dispatcher, fn as AnyFunction, origin !== null, takers, most);
}

type AnyFunction = (...given: unknown[]) => unknown;

/** The function's name for messages. Reading it may throw if the function is a proxy or has a getter. */
function nameOf(work: AnyFunction): string {
  try {
    return typeof work.name === 'string' && work.name !== '' ? work.name : 'a function';
  } catch {
    return 'a function';
  }
}

/** Options that apply to each call need one call per item. */
function mayBatch({ deadline, limits }: FunctionOrigin): boolean {
  return deadline === undefined && limits.attempts === 1 && limits.signal === undefined;
}

/**
 * Runs items one by one.
 *
 * Guarantee: each item is reported once. When a run ends, it waits for a JavaScript function as long as for native
 * code; after that, the function's result is ignored.
 */
class SingleRunner implements Runner {
  readonly name: string;
  readonly capacity = 1;
  readonly takers: number;
  readonly most: number;
  readonly #dispatcher: CallDispatcher;
  readonly #work: AnyFunction;
  readonly #native: boolean;
  /** For JavaScript functions: aborts when the run ends early. */
  readonly #abort = new AbortController();

  /**
   * @param native whether an item is the function's arguments; otherwise the function receives the item, its index, and
   * a signal.
   */
  constructor(dispatcher: CallDispatcher, work: AnyFunction, native: boolean, takers: number, most: number) {
    this.name = nameOf(work);
    this.#dispatcher = dispatcher;
    this.#work = work;
    this.#native = native;
    this.takers = takers;
    this.most = most;
    // A listener for each item in progress is not a leak.
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
      // offthread's own calls settle after a cancellation.
      if (cancelOwn(started, reason)) return;
      const { grace } = this.#dispatcher.settings;
      if (grace === Infinity) return;
      patience ??= setTimeout(() => end({ error: reason, blame: 'run' }), Math.min(grace, LONGEST_MS));
    };
  }

  /** A failure that prevents every item from running, or a cancellation by the pool, is not the fault of an item. */
  #blame(error: unknown): EndedEarly['blame'] {
    const kind = kindOf(error);
    const byPool =
      kind === 'crash-loop' || kind === 'session' || (kind === 'closed' && this.#dispatcher.closed);
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
  /** Columns that no batch uses, for reuse: new ones for each batch would be megabytes of garbage. */
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

  /** Nothing to do: the calls are cancelled one by one. */
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
