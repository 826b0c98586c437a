/**
 * For contract tests of native code that calls back: the engines that can do
 * it, host functions that wait.
 *
 * Every test file declares what it needs. The result of `callback(…)` has no
 * type that could be written here, so there is no shared set of declarations;
 * the signatures that most of them use are below.
 */
import { expect } from 'chai';
import type { EngineName, NativeStream, Pool } from 'offthread';
import { contractEngines, describeOn } from './contract.js';
import { laneKinds, liveMemory } from './lane-kind.js';
import { turns, until } from './waiting.js';

/** ffi-rs has no callbacks, and says so: see callback-engines.test.ts. */
const callbackEngines: readonly EngineName[] = contractEngines.filter((name) => name !== 'ffi-rs');

/** Describes the same tests for each engine that has callbacks. */
export function onCallbackEngines(title: string, tests: (engine: EngineName) => void): void {
  describeOn(callbackEngines, laneKinds, title, tests);
}

/** The same, for what only thread lanes do. */
export function onCallbackThreads(title: string, tests: (engine: EngineName) => void): void {
  describeOn(callbackEngines, ['thread'], title, tests);
}

/** `int (*)(int)` */
export const NUMBER = { arguments: ['i32'], return: 'i32' } as const;
/** `int (*)(int index, const uint8_t *bytes, uint32_t length)`: what the streams of the test library call. */
export const CHUNK = { arguments: ['i32', 'pointer', 'u32'], return: 'i32' } as const;
/** The chunk is the bytes, and 1 tells native code to stop. */
export const BYTES = { bytes: [1, 2], stop: 1 } as const;

/** Every call is over, every lane is there, and none was given up in between. */
export async function expectClean(pool: Pool): Promise<void> {
  await until(() => pool.stats().running === 0, 'all calls to end');
  const { queued, waiting, lanesLost, lanesCrashed } = pool.stats();
  expect({ queued, waiting, lanesLost, lanesCrashed }).to.deep.equal({
    queued: 0,
    waiting: 0,
    lanesLost: 0,
    lanesCrashed: 0,
  });
}

/** Words that native code and this thread both see, -1 until they are written. */
export function words(count: number, value = -1): Int32Array {
  return new Int32Array(liveMemory(count * 4)).fill(value);
}

/** A host function `int (*)(int)` whose answers the test gives, one by one. */
export class Held {
  /** The arguments of its calls so far. */
  readonly asked: number[] = [];
  readonly #open: { answer: (value: number) => void; fail: (reason: unknown) => void }[] = [];

  readonly ask = (n: number): Promise<number> => {
    this.asked.push(n);
    return new Promise((answer, fail) => this.#open.push({ answer, fail }));
  };

  /** Resolves when native code has asked `count` times since the beginning. */
  waiting(count = 1): Promise<void> {
    return until(() => this.asked.length >= count, `${count} calls of the host function`);
  }

  /** Answers the oldest question. */
  answer(value: number): void {
    this.#open.shift()?.answer(value);
  }

  fail(reason: unknown): void {
    this.#open.shift()?.fail(reason);
  }
}

/** All chunks of a stream, to its end. */
export async function collect<C>(stream: NativeStream<C, unknown>): Promise<C[]> {
  const all: C[] = [];
  for await (const chunk of stream) all.push(chunk);
  return all;
}

/** What nobody handled while `run` ran, and shortly after. */
export async function unhandled(run: () => Promise<void>): Promise<unknown[]> {
  const reasons: unknown[] = [];
  const listen = (reason: unknown): number => reasons.push(reason);
  process.on('unhandledRejection', listen);
  try {
    await run();
    await turns(10);
  } finally {
    process.off('unhandledRejection', listen);
  }
  return reasons;
}

/** Numbers from 0 up to 1, the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
