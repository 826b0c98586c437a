/** Tries what offthread does, on this machine: each engine in each kind of lane, and a crash that is survived. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type EngineName, LaneCrashedError, type Pool, createPool } from 'offthread';
import { failureText } from '../console/failure-text.js';

export interface Trial {
  readonly engine: EngineName;
  readonly isolation: 'thread' | 'process';
  /** Why it does not work; null if it does. */
  readonly problem: string | null;
  /** ms from nothing to the first answer. */
  readonly firstMs: number;
  /** µs of one call after another, the median of some. */
  readonly callUs: number;
}

export interface SelfTest {
  readonly engines: readonly { readonly name: EngineName; readonly version: string | null }[];
  readonly trials: readonly Trial[];
  /** Whether a crash ended one call and nothing else; null where there are no process lanes. */
  readonly crashSurvived: boolean | null;
}

const C_LIBRARY: Readonly<Record<string, readonly string[]>> = {
  linux: ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'],
  darwin: ['/usr/lib/libSystem.B.dylib'],
};
const FUNCTIONS = { abs: 'int abs(int number)', abort: 'void abort(void)' } as const;
const CALLS = 200;

export async function selfTest(): Promise<SelfTest> {
  const engines = (['koffi', 'ffi-rs', 'node'] as const).map((name) => ({ name, version: versionOf(name) }));
  const trials: Trial[] = [];
  for (const { name, version } of engines) {
    if (version === null) continue;
    for (const isolation of ['thread', 'process'] as const) trials.push(await trial(name, isolation));
  }
  const works = trials.find(({ isolation, problem }) => isolation === 'process' && problem === null);
  return { engines, trials, crashSurvived: works === undefined ? null : await survives(works.engine) };
}

async function open(pool: Pool, engine: EngineName): Promise<{ abs: Abs; abort: () => Promise<unknown> }> {
  let failure: unknown = new Error(`The doctor knows no C library of ${process.platform}.`);
  for (const name of C_LIBRARY[process.platform] ?? []) {
    try {
      return await pool.open(name, FUNCTIONS, { engine });
    } catch (error) {
      failure = error;
    }
  }
  throw failure as Error;
}

type Abs = (number: number) => Promise<number>;

async function trial(engine: EngineName, isolation: 'thread' | 'process'): Promise<Trial> {
  const start = performance.now();
  const pool = createPool({ lanes: 1, isolation, name: 'doctor' });
  try {
    const { abs } = await open(pool, engine);
    if ((await abs(-3)) !== 3) throw new Error('abs(-3) did not return 3.');
    const firstMs = performance.now() - start;
    const times: number[] = [];
    for (let call = 0; call < CALLS; call += 1) {
      const from = performance.now();
      await abs(call);
      times.push(performance.now() - from);
    }
    times.sort((one, other) => one - other);
    return { engine, isolation, problem: null, firstMs, callUs: (times[CALLS / 2] ?? 0) * 1_000 };
  } catch (error) {
    return { engine, isolation, problem: failureText(error), firstMs: 0, callUs: 0 };
  } finally {
    await pool.destroy();
  }
}

async function survives(engine: EngineName): Promise<boolean> {
  const pool = createPool({ lanes: 1, isolation: 'process', name: 'doctor' });
  try {
    const { abs, abort } = await open(pool, engine);
    const failure = await abort().then(
      () => null,
      (error: unknown) => error,
    );
    return failure instanceof LaneCrashedError && (await abs(-4)) === 4;
  } finally {
    await pool.destroy();
  }
}

/** The version of an engine that offthread would use; null where it is not installed. */
function versionOf(name: EngineName): string | null {
  if (name === 'node')
    return process.getBuiltinModule('node:ffi' as 'node:fs') === undefined ? null : process.version;
  try {
    const near = createRequire(import.meta.resolve('offthread'));
    // The package may not let its package.json be asked for by name.
    let folder = dirname(near.resolve(name));
    while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
    return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}
