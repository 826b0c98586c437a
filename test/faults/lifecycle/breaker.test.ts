/** B2 (as OTP and uWSGI teach): too many deaths within a time, and the pool stops replacing lanes; then tries again. */
import { expect } from 'chai';
import { CrashLoopError, type Pool, type PoolOptions } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onEvent,
  onProcessLanes,
  reached,
  type Told,
  words,
} from '../../helpers/faults.js';
import { FAULTS, type Faults, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);
const LATE_MS = 2_500;

/** The breaker's events, with the times at which they were told. */
function story(pool: Pool): (Told & { readonly name: string; readonly at: number })[] {
  const told: (Told & { name: string; at: number })[] = [];
  for (const name of ['breaker-open', 'breaker-trial', 'breaker-closed']) {
    onEvent(pool, name, (event) => told.push({ ...event, name, at: performance.now() }));
  }
  return told;
}

/** All lanes die at the same moment; resolves when their calls have been told. */
async function dieAtOnce(lib: Faults, lanes: number): Promise<void> {
  const [entered, how] = [words(), words()];
  const doomed = Array.from({ length: lanes }, () => lib.ot_die_when(entered, how, 30_000));
  await reached(entered, lanes);
  const errors = Promise.all(doomed.map(crash));
  Atomics.store(how, 0, SEGV);
  await errors;
}

/** Calls until one is answered; every other has to meet the open breaker. */
async function callUntilAnswered(lib: Faults): Promise<void> {
  for (let answered = false; !answered; ) {
    const { status, error, value } = await lib.ot_add(20, 22).settled();
    answered = status === 'succeeded';
    if (answered) expect(value).to.equal(42);
    else expect(error).to.be.instanceOf(CrashLoopError);
    if (!answered) await wait(10);
  }
}

const ONE: PoolOptions = { lanes: 1, spares: 0, maxDeaths: 1, deathWindow: 1_000 };
const THREE: PoolOptions = { lanes: 3, spares: 0, maxDeaths: 3, deathWindow: 1_000 };

onProcessLanes('the breaker (B2)', (ground) => {
  slow('opens, refuses what would need a lane, tries again, and closes once calls succeed', async () => {
    await withLanes(ground, ONE, async (lib, pool) => {
      const told = story(pool);
      expect(pool.stats().breaker).to.equal('closed');
      const [entered, how] = [words(), words()];
      const doomed = lib.ot_die_when(entered, how, 30_000);
      await reached(entered);
      const queued = Array.from({ length: 5 }, (_, i) => lib.ot_add(i, 1).settled());
      const died = crash(doomed);
      Atomics.store(how, 0, SEGV);
      expect((await died).kind, 'the one that ran has its own error').to.equal('crash');
      await until(() => told.length > 0, 'the breaker to open');
      expect(told[0]).to.include({ name: 'breaker-open', deaths: 1 });
      expect(told[0]?.withinMs).to.be.within(0, 1_000);
      expect(told[0]?.retryInMs).to.be.within(1, 1_000);
      expect(pool.stats().breaker).to.equal('open');
      for (const { error } of await Promise.all(queued)) expect(error).to.be.instanceOf(CrashLoopError);
      const error = await rejection(lib.ot_add(1, 2), CrashLoopError);
      expect(error).to.include({ code: 'OFFTHREAD_CRASH_LOOP', kind: 'crash-loop', symbol: 'ot_add' });
      await callUntilAnswered(lib);
      await until(() => told.length === 3, 'the breaker to close');
      expect(told.map(({ name }) => name)).to.deep.equal(['breaker-open', 'breaker-trial', 'breaker-closed']);
      const waited = (told[1]?.at ?? 0) - (told[0]?.at ?? 0);
      expect(waited, 'not before the time it told').to.be.at.least((told[0]?.retryInMs ?? 0) - 20);
      expect(waited).to.be.below(1_000 + LATE_MS);
      expect(pool.stats().breaker).to.equal('closed');
      await fullAgain(pool);
      expect(await Promise.all([1, 2, 3].map((i) => lib.ot_add(i, i)))).to.deep.equal([2, 4, 6]);
      expectBalance(pool);
    });
  });

  slow('opens again for twice as long when its trial dies', async () => {
    await withLanes(ground, { ...THREE, deathWindow: 600 }, async (lib, pool) => {
      const told = story(pool);
      await dieAtOnce(lib, 3);
      const opened = (): (typeof told)[number][] => told.filter(({ name }) => name === 'breaker-open');
      await until(() => opened().length === 1, 'the breaker to open');
      while (opened().length < 2) {
        const { kind } = await lib.ot_die(SEGV).settled();
        expect(kind).to.be.oneOf(['crash', 'crash-loop']);
        await wait(10);
      }
      const [first, second] = opened();
      expect(first?.retryInMs).to.equal(600);
      expect(second?.retryInMs).to.equal(1_200);
      await callUntilAnswered(lib);
      await until(() => pool.stats().breaker === 'closed', 'the breaker to close');
      expect(told.map(({ name }) => name)).to.deep.equal([
        'breaker-open',
        'breaker-trial',
        'breaker-open',
        'breaker-trial',
        'breaker-closed',
      ]);
      await fullAgain(pool);
    });
  });

  it('refuses blocking calls and open too, and destroy does not wait for its trial', async () => {
    await withLanes(ground, { ...ONE, deathWindow: 30_000 }, async (lib, pool) => {
      await crash(lib.ot_die(SEGV));
      await until(() => pool.stats().breaker === 'open', 'the breaker to open');
      let thrown: unknown;
      try {
        lib.ot_add.blocking(1, 2);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.be.instanceOf(CrashLoopError);
      await rejection(pool.open(testlib, FAULTS, { engine: ground.engine }), CrashLoopError);
      const start = performance.now();
      await pool.destroy();
      expect(performance.now() - start).to.be.below(LATE_MS);
      expectBalance(pool);
    });
  });

  it('leaves a call alone that runs while it opens', async () => {
    await withLanes(ground, { ...THREE, maxDeaths: 2 }, async (lib, pool) => {
      const [entered, release] = [words(), words()];
      const held = lib.ot_enter_and_wait(entered, release, 30_000);
      await reached(entered);
      const told = story(pool);
      await dieAtOnce(lib, 2);
      await until(() => told.length > 0, 'the breaker to open');
      expect(held.state).to.equal('running');
      Atomics.store(release, 0, 1);
      expect(await held).to.be.at.least(0);
      await callUntilAnswered(lib);
    });
  });

  slow('stays closed for deaths that lie further apart', async () => {
    await withLanes(ground, { maxDeaths: 2, deathWindow: 50 }, async (lib, pool) => {
      const told = story(pool);
      for (let round = 0; round < 4; round++) {
        await crash(lib.ot_die(SEGV));
        await wait(120);
        expect(await lib.ot_add(round, 1)).to.equal(round + 1);
      }
      expect(told).to.deep.equal([]);
    });
  });

  slow('opens at 3 times the lanes and one more, where nothing else is asked for', async () => {
    await withLanes(ground, { lanes: 2, deathWindow: 60_000 }, async (lib, pool) => {
      const told = story(pool);
      const records = await Promise.all(Array.from({ length: 40 }, () => lib.ot_die(SEGV).settled()));
      const crashed = records.filter(({ kind }) => kind === 'crash').length;
      await until(() => told.length > 0, 'the breaker to open');
      expect(told[0]).to.include({ name: 'breaker-open', deaths: 9 });
      // Of those that ran already when it opened, some may have died after it.
      expect(crashed).to.be.within(9, 11);
      expect(records.filter(({ kind }) => kind === 'crash-loop').length).to.equal(40 - crashed);
      expectBalance(pool);
    });
  });

  slow(
    'three deaths at once open it; what it had queued is answered by a lane that was left, or refused',
    async () => {
      await withLanes(ground, THREE, async (lib, pool) => {
        const told = story(pool);
        const [entered, how] = [words(), words()];
        const doomed = Array.from({ length: 3 }, () => lib.ot_die_when(entered, how, 30_000));
        await reached(entered, 3);
        const queued = Array.from({ length: 5 }, (_, i) => lib.ot_add(i, 1).settled());
        const errors = Promise.all(doomed.map(crash));
        Atomics.store(how, 0, SEGV);
        await errors;
        await until(() => told.length > 0, 'the breaker to open');
        expect(told[0]).to.include({ name: 'breaker-open', deaths: 3 });
        for (const [i, { status, value, error }] of (await Promise.all(queued)).entries()) {
          if (status === 'succeeded') expect(value).to.equal(i + 1);
          else expect(error).to.be.instanceOf(CrashLoopError);
        }
        await callUntilAnswered(lib);
        await until(() => pool.stats().breaker === 'closed', 'the breaker to close');
        await fullAgain(pool);
        expectBalance(pool);
      });
    },
  );
});
