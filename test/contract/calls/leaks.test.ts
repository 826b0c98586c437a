/** M5, M7, M10, M27: nothing is left behind, and counters equal what happened. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { createPool } from '../../helpers/lane-kind.js';
import { onEveryEngine, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

const resources = (): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

onEveryEngine('nothing left behind (M5, M7)', (engine) => {
  slow('100,000 calls with one signal and a timeout each', async function () {
    this.timeout(30_000);
    const warnings: string[] = [];
    const warn = ({ message }: Error): number => warnings.push(message);
    process.on('warning', warn);
    await withPool(engine, { lanes: 2, maxQueue: 5_000 }, async (lib, pool) => {
      const { signal } = new AbortController();
      const add = lib.ot_add.with({ signal, timeout: 10_000, deadline: 20_000 });
      let before: Record<string, number> = {};
      for (let batch = 0; batch < 50; batch++) {
        const sums = await Promise.all(Array.from({ length: 2_000 }, (_, i) => add(i, batch)));
        expect(sums[1_999]).to.equal(1_999 + batch);
        if (batch === 4) before = resources();
      }
      expect(getEventListeners(signal, 'abort')).to.have.lengthOf(0);
      expect(pool.stats()).to.include({
        submitted: 100_000,
        succeeded: 100_000,
        failed: 0,
        cancelled: 0,
        timedOut: 0,
        refused: 0,
        queued: 0,
        waiting: 0,
        running: 0,
      });
      // One watch timer may be set or not at any moment; what a call left would count in thousands.
      // (Collecting what earlier tests have left may set immediates of Node's own, for a turn.)
      const more = (): string[] =>
        Object.entries(resources())
          .filter(([name, count]) => count > (before[name] ?? 0) + 2)
          .map(([name, count]) => `${count} ${name}`);
      await until(() => more().length === 0, `what was there before, and no more: ${more().join()}`);
    });
    await turns(1);
    process.off('warning', warn);
    expect(warnings).to.deep.equal([]);
  });

  slow('pools that come and go', async function () {
    this.timeout(20_000);
    const round = async (): Promise<void> => {
      const pool = createPool({ lanes: 2 });
      const lib = await pool.open(testlib, OFFTEST, { engine });
      await Promise.all([lib.ot_add(1, 2), lib.ot_sleep_us(10)]);
      await pool.close();
    };
    // Node.js closes the handle of a port, and of a process that has ended, in a later turn.
    const closing = (): number => (resources()['MessagePort'] ?? 0) + (resources()['ProcessWrap'] ?? 0);
    const closed = (): Promise<void> => until(() => closing() === 0, 'ports and processes to close');
    for (let i = 0; i < 3; i++) await round();
    await closed();
    const before = resources();
    const listeners = process.listenerCount('exit');
    for (let i = 0; i < 6; i++) await round();
    await closed();
    expect(resources()).to.deep.equal(before);
    expect(process.listenerCount('exit')).to.equal(listeners);
  });
});

type Way = 'succeed' | 'fail' | 'cancel' | 'late' | 'refused' | 'timeout';
const ways = fc.array(
  fc.constantFrom<Way>('succeed', 'succeed', 'fail', 'cancel', 'late', 'refused', 'timeout'),
  { minLength: 1, maxLength: 60 },
);

onEveryEngine('counters (M10, M27)', (engine) => {
  it('equal what was submitted and how it ended, whatever it was', async function () {
    this.timeout(20_000);
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib, pool) => {
      const expected = { submitted: 0, succeeded: 0, failed: 0, cancelled: 0, timedOut: 0, refused: 0 };
      await fc.assert(
        fc.asyncProperty(ways, async (plan) => {
          const records = await Promise.all(
            plan.map((way) => {
              if (way === 'fail') return lib.ot_fail(1).settled();
              if (way === 'late') return lib.ot_add.with({ deadline: 0.01 })(1, 2).settled();
              if (way === 'refused') return lib.ot_add(2 ** 31, 0).settled();
              if (way === 'timeout') return lib.ot_spin_until_cancelled.with({ timeout: 1 })(5_000).settled();
              const call = lib.ot_add(1, 2);
              if (way === 'cancel') call.cancel();
              return call.settled();
            }),
          );
          for (const { status, kind } of records) {
            if (kind === 'argument') {
              expected.refused += 1;
              continue;
            }
            expected.submitted += 1;
            if (status === 'succeeded') expected.succeeded += 1;
            if (status === 'failed') expected.failed += 1;
            if (status === 'cancelled') expected.cancelled += 1;
            if (status === 'timed-out') expected.timedOut += 1;
          }
          await pool.drain();
          const { submitted, succeeded, failed, cancelled, timedOut, refused, queued, waiting } =
            pool.stats();
          expect({ submitted, succeeded, failed, cancelled, timedOut, refused }).to.deep.equal(expected);
          expect({ queued, waiting }).to.deep.equal({ queued: 0, waiting: 0 });
        }),
        { numRuns: 40 },
      );
      expect(expected.timedOut, 'every way was taken').to.be.greaterThan(0);
      expect(expected.cancelled).to.be.greaterThan(0);
    });
  });

  slow('hold through lost lanes', async () => {
    await withPool(engine, { lanes: 2, grace: 5, maxLostLanes: 8 }, async (lib, pool) => {
      const gate = new Gate();
      const hold = lib.ot_enter_and_wait.with({ timeout: 10 });
      const calls = Array.from({ length: 4 }, () => [
        hold(gate.entered, gate.release, 5_000),
        lib.ot_add(1, 2),
      ]).flat();
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(records.map(({ status }) => status)).to.deep.equal(
        Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 'timed-out' : 'succeeded')),
      );
      expect(pool.stats()).to.include({ submitted: 8, timedOut: 4, succeeded: 4, lanesLost: 4, queued: 0 });
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'all to come back');
      expect(pool.stats()).to.include({ submitted: 8, timedOut: 4, succeeded: 4, running: 0 });
    });
  });
});
