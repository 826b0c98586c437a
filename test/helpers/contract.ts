/**
 * One suite, every engine: `onEveryEngine` describes the same tests once for
 * each engine that this Node.js has. OFFTHREAD_TEST_ENGINES='koffi,node'
 * narrows it.
 */
import { expect } from 'chai';
import type { AnyDeclarations, Checked } from '../../src/declare/language/checked.js';
import type { EngineName, Library, OffthreadError, Pool, PoolOptions } from 'offthread';
import { createPool, type LaneKind, laneKinds, useLanes } from './lane-kind.js';
import { openGates } from './gate.js';
import { type Offtest, OFFTEST } from './offtest.js';
import { testlib } from './testlib.js';
import { pairs } from './fast-run.js';

const hasNodeFfi = process.getBuiltinModule?.('node:ffi') !== undefined;

/** The engines that this Node.js can load, in the order of preference. */
export const ENGINES: readonly EngineName[] = hasNodeFfi ? ['ffi-rs', 'koffi', 'node'] : ['ffi-rs', 'koffi'];

const wanted = process.env['OFFTHREAD_TEST_ENGINES']
  ?.split(',')
  .map((name) => name.trim())
  .filter((name) => name !== '');

/** The engines that the contract runs on. */
export const contractEngines: readonly EngineName[] =
  wanted === undefined ? ENGINES : ENGINES.filter((name) => wanted.includes(name));

if (contractEngines.length === 0) {
  throw new Error(`OFFTHREAD_TEST_ENGINES names none of the engines here: ${ENGINES.join(', ')}`);
}

/** Describes the same tests for each engine. */
export function onEveryEngine(title: string, tests: (engine: EngineName) => void): void {
  describeOn(contractEngines, laneKinds, title, tests);
}

/** The same, for what only lanes of one kind do. */
export function onThreadLanes(title: string, tests: (engine: EngineName) => void): void {
  describeOn(contractEngines, ['thread'], title, tests);
}

/**
 * Describes the same tests for each of some engines, with each of some kinds of lanes; in the fast run for as few pairs
 * as have every engine and every kind.
 */
export function describeOn(
  engines: readonly EngineName[],
  kinds: readonly LaneKind[],
  title: string,
  tests: (engine: EngineName) => void,
): void {
  for (const [kind, engine] of pairs(
    kinds.filter((one) => laneKinds.includes(one)),
    engines,
  )) {
    describe(`${title} [${engine}, ${kind}]`, () => {
      before(() => useLanes(kind));
      afterEach(openGates);
      after(() => useLanes('thread'));
      tests(engine);
    });
  }
}

/** A pool and the test library on it, made before the tests of a suite and closed after them. */
export interface Lab {
  readonly pool: Pool;
  readonly lib: Offtest;
}

/** A lab that the tests of the current suite share. */
export function sharedLab(
  engine: EngineName,
  options: PoolOptions | (() => PoolOptions) = { lanes: 2 },
): Lab {
  let made: Lab | undefined;
  before(async () => {
    made = await lab(engine, typeof options === 'function' ? options() : options);
  });
  after(async () => {
    openGates();
    await made?.pool.close({ timeout: 2_000 });
  });
  const get = (): Lab => {
    if (made === undefined) throw new Error('a lab is there from the first hook on');
    return made;
  };
  return {
    get pool() {
      return get().pool;
    },
    get lib() {
      return get().lib;
    },
  };
}

export async function lab(engine: EngineName, options: PoolOptions = {}): Promise<Lab> {
  const pool = createPool({ lanes: 1, ...options });
  return { pool, lib: await pool.open(testlib, OFFTEST, { engine }) };
}

/** Runs a test on a pool of its own with a library, and closes that pool whatever happens. */
export type WithPool<L> = (
  engine: EngineName,
  options: PoolOptions,
  test: (lib: L, pool: Pool) => Promise<void>,
) => Promise<void>;

/** Gives the `withPool` of a file that declares functions of its own. */
export function withLibrary<const D extends AnyDeclarations & Checked<D>>(
  declarations: D,
): WithPool<Library<D>> {
  return async (engine, options, test) => {
    const pool = createPool({ lanes: 1, ...options });
    try {
      await test(await pool.open(testlib, declarations, { engine }), pool);
    } finally {
      openGates();
      await pool.close({ timeout: 2_000 });
    }
  };
}

export const withPool: WithPool<Offtest> = withLibrary(OFFTEST);

type ErrorClass<E extends OffthreadError> = abstract new (...args: never[]) => E;

/** What a promise is rejected with; it has to be an error of that class. */
export async function rejection<E extends OffthreadError>(
  promise: PromiseLike<unknown>,
  type: ErrorClass<E>,
): Promise<E> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    expect(error).to.be.instanceOf(type);
    return error as E;
  }
  return expect.fail(`resolved to ${String(value)} instead of a rejection with ${type.name}`);
}

/** What a function throws; it has to be an error of that class. */
export function thrown<E extends OffthreadError>(run: () => unknown, type: ErrorClass<E>): E {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    expect(error).to.be.instanceOf(type);
    return error as E;
  }
  return expect.fail(`returned ${String(value)} instead of throwing ${type.name}`);
}
