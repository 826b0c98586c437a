/** A pool with a module on it, for the tests of modules; and modules that a test writes itself. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModuleFunctions, ModuleOptions, OffthreadError, Pool, PoolOptions } from 'offthread';
import { createPool, laneKinds, useLanes } from './lane-kind.js';

/** The compiled module of `test/fixtures/modules/work.ts`. */
export const WORK: URL = new URL('../fixtures/modules/work.js', import.meta.url);

export type Work = typeof import('../fixtures/modules/work.js');

/** Describes the same tests for each kind of lanes. */
export function onEveryLane(title: string, tests: (kind: 'thread' | 'process') => void): void {
  for (const kind of laneKinds) {
    describe(`${title} [${kind}]`, () => {
      before(() => useLanes(kind));
      after(() => useLanes('thread'));
      tests(kind);
    });
  }
}

export interface ModuleLab {
  readonly pool: Pool;
  readonly work: ModuleFunctions<Work>;
}

/** A pool with the module that the tests of the current suite share. */
export function sharedModule(options: PoolOptions = { lanes: 2 }, load?: ModuleOptions): ModuleLab {
  let made: ModuleLab | undefined;
  before(async () => {
    const pool = createPool(options);
    made = { pool, work: await pool.module<Work>(WORK, load) };
  });
  after(async () => await made?.pool.destroy());
  const lab = (): ModuleLab => {
    if (made === undefined) throw new Error('The module is used before it is loaded.');
    return made;
  };
  return {
    get pool() {
      return lab().pool;
    },
    get work() {
      return lab().work;
    },
  };
}

let folder: string | undefined;

/** Writes a module for a test. @returns its URL. */
export function moduleFile(name: string, text: string): URL {
  folder ??= mkdtempSync(join(tmpdir(), 'offthread-modules-'));
  const path = join(folder, name);
  writeFileSync(path, text);
  return pathToFileURL(path);
}

/** Removes the modules that tests have written. */
export function removeModules(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  folder = undefined;
}

/** The error with which a promise rejects. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<OffthreadError> {
  try {
    await promise;
  } catch (error) {
    return error as OffthreadError;
  }
  throw new Error('The promise did not reject.');
}
