/**
 * For tests of lanes that die: pools of either isolation, words that every lane
 * sees, and what a dead lane's verdict has to say.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import type { AnyDeclarations, Checked } from '../../src/declare/language/checked.js';
import {
  type EngineName,
  LaneCrashedError,
  type Library,
  type Pool,
  type PoolOptions,
  createPool,
  sharedBytes,
} from 'offthread';
import { contractEngines, rejection } from './contract.js';
import { openGates } from './gate.js';
import type { LaneKind } from './lane-kind.js';
import { childrenOf, isAlive, killAll } from './processes.js';
import { packageRoot } from './testlib.js';
import { fast } from './fast-run.js';
import { until } from './waiting.js';

/** Pools of the current test. */
const made: Pool[] = [];
/** A pool for one test: destroyed after it if it was not closed, so that a test that hangs is the only one. */
export function newPool(options: PoolOptions): Pool {
  const pool = createPool(options);
  made.push(pool);
  return pool;
}

/** Listens to any event of a pool; gets what it tells. */
export function onEvent(pool: Pool, name: string, listener: (told: Told) => void): void {
  (pool as unknown as { on(name: string, listener: (told: Told) => void): void }).on(name, listener);
}

/** What the events of lanes tell, all of them. */
export interface Told {
  readonly lane?: string;
  readonly error?: unknown;
  readonly delayMs?: number;
  readonly reason?: string;
  readonly deaths?: number;
  readonly withinMs?: number;
  readonly retryInMs?: number;
}

/** Where tests run. */
export interface Ground {
  readonly isolation: LaneKind;
  readonly engine: EngineName;
}

/** The engine of most tests here: any will do that has callbacks. */
const talker = contractEngines.find((name) => name === 'koffi') ?? contractEngines.find((n) => n === 'node');

function describeOn(title: string, grounds: readonly Ground[], tests: (ground: Ground) => void): void {
  for (const ground of grounds) {
    describe(`${title} [${ground.isolation}, ${ground.engine}]`, function () {
      this.timeout(40_000);
      afterEach(async () => {
        openGates();
        for (const pool of made.splice(0)) if (!pool.closed) await pool.destroy();
      });
      tests(ground);
    });
  }
}

/** Describes tests on process lanes, with an engine that has callbacks. */
export function onProcessLanes(title: string, tests: (ground: Ground) => void): void {
  if (talker !== undefined) describeOn(title, [{ isolation: 'process', engine: talker }], tests);
}

/** Describes tests on process lanes for each engine; in the fast run for one, as engines differ little here. */
export function onEveryProcessLane(title: string, tests: (ground: Ground) => void): void {
  if (fast) return onProcessLanes(title, tests);
  describeOn(
    title,
    contractEngines.map((engine) => ({ isolation: 'process', engine })),
    tests,
  );
}

/** Describes tests of what threads survive too. */
export function onBothLanes(title: string, tests: (ground: Ground) => void): void {
  if (talker === undefined) return;
  const both = ['thread', 'process'] as const;
  describeOn(
    title,
    both.map((isolation) => ({ isolation, engine: talker })),
    tests,
  );
}

/** 32-bit words that every lane sees. */
export function words(count = 1): Int32Array {
  const bytes = sharedBytes(count * 4);
  return new Int32Array(bytes.buffer, bytes.byteOffset, count);
}

/** Resolves when native code has brought a word so far. */
export function reached(word: Int32Array, value = 1): Promise<void> {
  return until(() => Atomics.load(word, 0) >= value, `native code to count to ${value}`);
}

/** Resolves when these processes run no more. */
export async function gone(pids: readonly number[]): Promise<void> {
  await until(() => !pids.some(isAlive), `processes ${pids.join(', ')} to end`);
}

/** The children of this process that were not there before, ended ones included. */
export function watchChildren(): () => number[] {
  const before = childrenOf(process.pid);
  return () => childrenOf(process.pid).filter((pid) => !before.includes(pid));
}

/** Runs something that makes pools; afterwards none of their children may be left. */
export async function leavingNoChild(run: () => Promise<void>): Promise<void> {
  const born = watchChildren();
  try {
    await run();
    await until(() => born().length === 0, 'every child to be gone');
  } finally {
    killAll(born());
  }
}

type WithLanes<D extends AnyDeclarations> = (
  ground: Ground,
  options: PoolOptions,
  test: (lib: Library<D>, pool: Pool) => Promise<void>,
) => Promise<void>;

/** Gives the `withLanes` of a file: a pool and these functions for one test, closed whatever happens, no child left. */
export function lanesWith<const D extends AnyDeclarations & Checked<D>>(
  path: string,
  declarations: D,
): WithLanes<D> {
  return ({ isolation, engine }, options, test) =>
    leavingNoChild(async () => {
      const pool = newPool({ isolation, lanes: 1, grace: 100, ...options });
      try {
        await test(await pool.open(path, declarations, { engine }), pool);
      } finally {
        openGates();
        await pool.close({ timeout: 2_000 });
      }
    });
}

/** This process's environment and more, for lanes. */
export function environment(more: Readonly<Record<string, string>>): Record<string, string> {
  return { ...(process.env as Record<string, string>), ...more };
}

/** What a promise is rejected with: the verdict on a dead lane. */
export async function crash(promise: PromiseLike<unknown>): Promise<LaneCrashedError> {
  return await rejection(promise, LaneCrashedError);
}

/** Every lane is there and has nothing to do; spares too. */
export async function fullAgain(pool: Pool, spares?: number): Promise<void> {
  const full = (): boolean => {
    const { idle, total, lost, spare } = pool.stats().lanes;
    return idle === total && lost === 0 && (spares === undefined || spare === spares);
  };
  await until(full, () => `every lane to be there and idle: ${JSON.stringify(pool.stats().lanes)}`);
}

/** Nothing is pending, and every call that was taken in has ended in one way. */
export function expectBalance(pool: Pool): void {
  const { submitted, succeeded, failed, cancelled, timedOut, queued, waiting, running } = pool.stats();
  expect({ queued, waiting, running }).to.deep.equal({ queued: 0, waiting: 0, running: 0 });
  expect(succeeded + failed + cancelled + timedOut, 'every call ended once').to.equal(submitted);
}

/** Path of a library that build-native.mjs makes. */
const built = (name: string): string =>
  join(packageRoot(), `build/native/${name}.${process.platform === 'darwin' ? 'dylib' : 'so'}`);
/** native/faultlib: goes wrong when it is loaded, as its environment says. */
export const faultlib: string = built('libofffault');
export const FAULTLIB = {
  of_add: { arguments: ['i32', 'i32'], return: 'i32' },
  of_process_id: { arguments: [], return: 'i32' },
} as const;
