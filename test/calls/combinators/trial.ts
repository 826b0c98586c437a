/** What the tests of the combinators start: promises that settle when a test says so. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { unhandled } from '../../helpers/talk.js';
import { turns } from '../../helpers/waiting.js';

/** A start that a test settles. */
export class Trial<T = string> {
  /** How often it has been started. */
  started = 0;
  /** What it was given last. */
  signal: AbortSignal | undefined;
  #resolve: ((value: T | PromiseLike<T>) => void) | undefined;
  #reject: ((reason: unknown) => void) | undefined;

  /** The start itself. */
  readonly start = (signal: AbortSignal): Promise<T> => {
    this.started += 1;
    this.signal = signal;
    return new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  };

  /** Whether it was asked to stop. */
  get stopped(): boolean {
    return this.signal?.aborted === true;
  }

  get reason(): unknown {
    return this.signal?.reason;
  }

  succeed(value: T): void {
    this.#resolve?.(value);
  }

  fail(reason: unknown): void {
    this.#reject?.(reason);
  }
}

export const trials = (count: number): Trial[] => Array.from({ length: count }, () => new Trial());

export const startsOf = (list: readonly Trial[]): ((signal: AbortSignal) => Promise<string>)[] =>
  list.map(({ start }) => start);

/** Whether a promise has settled by now, without waiting for it. */
export async function isSettled(promise: PromiseLike<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => {
    settled = true;
  };
  promise.then(note, note);
  await turns(3);
  return settled;
}

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Runs something that gets a signal, and expects that it leaves no listener, no timer and no rejection. */
export async function leavesNothing(run: (controller: AbortController) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  // mocha starts the timer of a test when that has given it its promise.
  await turns(1);
  const before = timers();
  const reasons = await unhandled(() => run(controller));
  expect(reasons, 'unhandled rejections').to.deep.equal([]);
  expect(getEventListeners(controller.signal, 'abort'), 'listeners').to.have.lengthOf(0);
  expect(timers(), 'timers').to.equal(before);
}

/** What a promise is rejected with, whatever it is. */
export async function failureOf(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return expect.fail(`resolved to ${String(value)} instead of a rejection`);
}

/** A thenable by its `then`, with no type to keep it in order. */
export const thenable = (
  then: (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => unknown,
  // oxlint-disable-next-line unicorn/no-thenable
): PromiseLike<string> => ({ then }) as never;
