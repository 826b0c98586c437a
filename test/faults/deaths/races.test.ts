/** B2, M27 (as loky tests it): with 1, 2, 5 and 13 lanes, all die at once, over and over, while others call. */
import { expect } from 'chai';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onProcessLanes,
  reached,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { byExitNow, bySignal, FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);
const HOW = [SEGV, bySignal('SIGKILL'), byExitNow(3), bySignal('SIGABRT')] as const;

onProcessLanes('all lanes die at once (B2, M27)', (ground) => {
  for (const lanes of [1, 2, 5, 13]) {
    const rounds = lanes > 5 ? 3 : 5;

    slow(`${lanes} of them, met in native code, ${rounds} times`, async function () {
      this.timeout(90_000);
      await withLanes(ground, { lanes, maxDeaths: Infinity }, async (lib, pool) => {
        for (let round = 0; round < rounds; round++) {
          const [entered, how] = [words(), words()];
          const doomed = Array.from({ length: lanes }, () => lib.ot_die_when(entered, how, 60_000));
          await reached(entered, lanes);
          const queued = Array.from({ length: 50 }, (_, i) => lib.ot_add(i, round));
          const errors = Promise.all(doomed.map(crash));
          Atomics.store(how, 0, HOW[round % HOW.length] ?? SEGV);
          const verdicts = await errors;
          expect(new Set(verdicts.map(({ pid }) => pid)).size, 'each names its own process').to.equal(lanes);
          expect(verdicts.map(({ call }) => call)).to.deep.equal(doomed.map(({ id }) => id));
          expect(await Promise.all(queued)).to.deep.equal(queued.map((_, i) => i + round));
        }
        await fullAgain(pool, 1);
        const died = lanes * rounds;
        expect(pool.stats()).to.include({ failed: died, lanesCrashed: died, succeeded: 50 * rounds });
        expectBalance(pool);
      });
    });

    slow(`${lanes} of them, as soon as they can, while others call`, async function () {
      this.timeout(90_000);
      await withLanes(ground, { lanes, maxDeaths: Infinity }, async (lib, pool) => {
        const records = await Promise.all(
          Array.from({ length: lanes * 2 }, (_, i) => {
            const doomed = lib.ot_die(HOW[i % HOW.length] ?? SEGV).settled();
            const sums = Array.from({ length: 20 }, (_, j) => lib.ot_add(i, j));
            return Promise.all([doomed, Promise.all(sums)]);
          }),
        );
        for (const [i, [{ kind }, sums]] of records.entries()) {
          expect(kind).to.equal('crash');
          expect(sums).to.deep.equal(sums.map((_, j) => i + j));
        }
        await fullAgain(pool, 1);
        expect(pool.stats()).to.include({ failed: lanes * 2, lanesCrashed: lanes * 2 });
        expectBalance(pool);
      });
    });
  }

  slow('processes are killed from outside at random, spares too, under a steady load', async function () {
    this.timeout(90_000);
    const born = watchChildren();
    await withLanes(ground, { lanes: 4, spares: 2, maxDeaths: Infinity }, async (lib, pool) => {
      const random = randomFrom(5);
      const state = { going: true };
      let [kills, failed, answered] = [0, 0, 0];
      const caller = async (name: number): Promise<void> => {
        for (let i = 0; state.going; i++) {
          const { status, value, error } = await lib.ot_add(name, i).settled();
          if (status === 'succeeded') {
            expect(value).to.equal(name + i);
            answered += 1;
          } else {
            expect(error).to.include({ kind: 'crash', signal: 'SIGKILL' });
            failed += 1;
          }
        }
      };
      const callers = Promise.all(Array.from({ length: 16 }, (_, i) => caller(i * 1_000_000)));
      while (kills < 15) {
        const children = born();
        const pid = children[Math.floor(random() * children.length)];
        const before = answered;
        if (pid !== undefined) {
          process.kill(pid, 'SIGKILL');
          kills += 1;
        }
        await until(() => answered > before + 50, 'calls to be answered');
      }
      state.going = false;
      await callers;
      expect(failed, 'a death fails one call at most').to.be.at.most(kills);
      await fullAgain(pool, 2);
      expect(pool.stats()).to.include({ failed, succeeded: answered, cancelled: 0, timedOut: 0 });
      expectBalance(pool);
    });
  });

  slow(
    'a death at the very moment of a call: that call is answered or fails, and the next is answered',
    async function () {
      this.timeout(90_000);
      await withLanes(ground, { lanes: 1, spares: 2, maxDeaths: Infinity }, async (lib, pool) => {
        let failed = 0;
        for (let round = 0; round < 15; round++) {
          const pid = await lib.ot_process_id();
          process.kill(pid, 'SIGKILL');
          const call = lib.ot_add(round, 1);
          const { status, value, error } = await call.settled();
          if (status === 'succeeded') expect(value).to.equal(round + 1);
          else {
            expect(error).to.include({ kind: 'crash', pid, call: call.id });
            failed += 1;
          }
          expect(await lib.ot_add(round, 2)).to.equal(round + 2);
        }
        await fullAgain(pool);
        expect(pool.stats()).to.include({ failed, lanesCrashed: 15 });
        expectBalance(pool);
      });
    },
  );
});
