/** M24, M27, M28, B2: drain, close and destroy while lanes die, hang, or boot: all is settled, in time, and no child is left. */
import { expect } from 'chai';
import type { Library, NativeCall, Pool } from 'offthread';
import {
  expectBalance,
  type Ground,
  leavingNoChild,
  newPool,
  onBothLanes,
  onProcessLanes,
  reached,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { FAULTS, type Faults, SEGV } from '../../helpers/fault-functions.js';
import { randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

/** ms that an ending may take beyond what it was allowed to wait for. */
const LATE_MS = 4_000;

interface Scene {
  readonly pool: Pool;
  readonly lib: Faults;
  /** Every call made so far. */
  readonly calls: NativeCall<unknown>[];
  /** Brings the fault about: at once before the pool is ended. */
  strike(): void;
  /** Lets what hangs in a thread go. */
  release(): void;
}

async function scene(ground: Ground, lanes: number): Promise<Omit<Scene, 'strike' | 'release'>> {
  const { isolation, engine } = ground;
  const unbroken = isolation === 'process' ? { maxDeaths: Infinity } : {};
  const pool = newPool({ isolation, lanes, grace: 50, timeout: 60_000, ...unbroken });
  const lib: Library<typeof FAULTS> = await pool.open(testlib, FAULTS, { engine });
  return { pool, lib, calls: [] };
}

/** Two lanes with a call each that dies when it is told to, and some in the queue. */
async function crashUnderWay(ground: Ground): Promise<Scene> {
  const made = await scene(ground, 2);
  const [entered, how] = [words(), words()];
  made.calls.push(made.lib.ot_die_when(entered, how, 60_000), made.lib.ot_die_when(entered, how, 60_000));
  await reached(entered, 2);
  made.calls.push(...Array.from({ length: 20 }, (_, i) => made.lib.ot_add(i, 1)));
  return { ...made, strike: () => void Atomics.store(how, 0, SEGV), release: () => {} };
}

/** Two lanes with a call each that never returns of itself, and some in the queue. */
async function hangUnderWay(ground: Ground): Promise<Scene> {
  const made = await scene(ground, 2);
  const [entered, release] = [words(), words()];
  const hang = made.lib.ot_enter_and_wait.with({ timeout: 400 });
  made.calls.push(hang(entered, release, 60_000), hang(entered, release, 60_000));
  await reached(entered, 2);
  made.calls.push(...Array.from({ length: 20 }, (_, i) => made.lib.ot_add(i, 1)));
  return { ...made, strike: () => {}, release: () => void Atomics.store(release, 0, 1) };
}

/** All children have been killed, so that those that replace them boot, and calls wait for them. */
async function bootUnderWay(ground: Ground): Promise<Scene> {
  const born = watchChildren();
  const made = await scene(ground, 2);
  const strike = (): void => {
    for (const pid of born()) process.kill(pid, 'SIGKILL');
    made.calls.push(...Array.from({ length: 20 }, (_, i) => made.lib.ot_add(i, 1)));
  };
  return { ...made, strike, release: () => {} };
}

const ENDINGS = {
  drain: (pool: Pool) => pool.drain(),
  'close, with time': (pool: Pool) => pool.close({ timeout: 10_000 }),
  'close, with little time': (pool: Pool) => pool.close({ timeout: 20 }),
  'close, at once': (pool: Pool) => pool.close({ timeout: 0 }),
  destroy: (pool: Pool) => pool.destroy(),
  'close, then destroy': async (pool: Pool) => {
    const closing = pool.close();
    await pool.destroy();
    await closing;
  },
} as const;

function endings(ground: Ground, title: string, set: (ground: Ground) => Promise<Scene>): void {
  for (const [name, end] of Object.entries(ENDINGS)) {
    it(`${title}: ${name}`, () =>
      leavingNoChild(async () => {
        const { pool, calls, strike, release } = await set(ground);
        strike();
        const records = Promise.all(calls.map((call) => call.settled()));
        const start = performance.now();
        await end(pool);
        expect(performance.now() - start, 'in time').to.be.below(LATE_MS);
        await until(
          () => calls.every(({ state }) => !['waiting', 'queued', 'running'].includes(state)),
          'all to settle',
        );
        for (const { status, kind } of await records) {
          if (status === 'succeeded') continue;
          expect(kind).to.be.oneOf(['crash', 'closed', 'timeout', 'cancelled', 'channel-closed']);
        }
        release();
        await pool.close({ timeout: 1_000 });
        expectBalance(pool);
      }));
  }
}

onProcessLanes('ending a pool whose lanes die (M28)', (ground) => {
  endings(ground, 'in calls', crashUnderWay);
  endings(ground, 'and whose replacements boot', bootUnderWay);

  it('answers what it took, where it has the time: only those in the dead lanes fail', () =>
    leavingNoChild(async () => {
      const { pool, calls, strike } = await crashUnderWay(ground);
      strike();
      const records = Promise.all(calls.map((call) => call.settled()));
      await pool.close({ timeout: 20_000 });
      const kinds = (await records).map(({ kind }) => kind);
      expect(kinds).to.deep.equal(['crash', 'crash', ...Array(20).fill(undefined)]);
    }));

  slow('at any moment after a death', () =>
    leavingNoChild(async () => {
      const random = randomFrom(23);
      for (let round = 0; round < 12; round++) {
        const { pool, lib } = await scene(ground, 1);
        const doomed = lib.ot_die(SEGV).settled();
        const after = lib.ot_add(1, 2).settled();
        await wait(random() * 120);
        await (round % 2 === 0 ? pool.destroy() : pool.close({ timeout: 0 }));
        expect((await doomed).kind).to.be.oneOf(['crash', 'closed']);
        expect((await after).kind).to.be.oneOf([undefined, 'closed']);
      }
    }),
  );
});

onBothLanes('ending a pool whose lanes hang (M28)', (ground) => {
  endings(ground, 'in calls', hangUnderWay);
});

onBothLanes('ending a pool whose lanes have not started (M28)', (ground) => {
  for (const end of ['close', 'destroy'] as const) {
    slow(`${end}: at any moment of the start, the library is opened or refused`, () =>
      leavingNoChild(async () => {
        const random = randomFrom(31);
        for (let round = 0; round < 8; round++) {
          const pool = newPool({ isolation: ground.isolation, lanes: 2, grace: 50 });
          const opening = pool.open(testlib, FAULTS, { engine: ground.engine }).then(
            () => 'opened',
            ({ code }: { code: string }) => code,
          );
          await wait(random() * 250);
          const start = performance.now();
          await pool[end]();
          expect(performance.now() - start).to.be.below(LATE_MS);
          expect(await opening).to.be.oneOf(['opened', 'OFFTHREAD_POOL_CLOSED']);
        }
      }),
    );
  }
});
