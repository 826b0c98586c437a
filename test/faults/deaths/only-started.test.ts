/** B2, M27: of the calls that a dying lane has, only the one that it had started fails. */
import { expect } from 'chai';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onEveryProcessLane,
  reached,
  words,
} from '../../helpers/faults.js';
import { FAULTS, SEGV, bySignal } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, FAULTS);

onEveryProcessLane('only the started call fails (B2, M27)', (ground) => {
  slow('those that stood behind it in its lane are answered elsewhere', async () => {
    await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
      // Both are short by now: calls of them may go to a lane that is busy.
      await Promise.all(
        Array.from({ length: 500 }, (_, i) => [lib.ot_add(i, 1), lib.ot_die_if(i, -1, 0)]).flat(),
      );
      for (let round = 0; round < 6; round++) {
        const poison = round * 30;
        const calls = Array.from({ length: 200 }, (_, i) => lib.ot_die_if(i, poison, SEGV));
        const records = await Promise.all(calls.map((call) => call.settled()));
        const failed = records.flatMap(({ status }, i) => (status === 'succeeded' ? [] : [i]));
        expect(failed).to.deep.equal([poison]);
        expect(records.map(({ value }, i) => value ?? i)).to.deep.equal(records.map((_, i) => i));
        expect(records[poison]?.error).to.include({ kind: 'crash', call: calls[poison]?.id, phase: 'call' });
      }
      await fullAgain(pool);
      expect(pool.stats()).to.include({ failed: 6, lanesCrashed: 6, cancelled: 0, timedOut: 0 });
      expectBalance(pool);
    });
  });

  slow('those in other lanes go on, and those in the queue are answered', async () => {
    await withLanes(ground, { lanes: 3 }, async (lib, pool) => {
      const [entered, how, release] = [words(), words(), words()];
      const doomed = lib.ot_die_when(entered, how, 20_000);
      const others = [1, 2].map(() => lib.ot_enter_and_wait(entered, release, 20_000));
      await reached(entered, 3);
      const queued = Array.from({ length: 200 }, (_, i) => lib.ot_add(i, 1));
      Atomics.store(how, 0, bySignal('SIGABRT'));
      const error = await crash(doomed);
      expect(error).to.include({ signal: 'SIGABRT', call: doomed.id });
      expect(await Promise.all(queued)).to.deep.equal(queued.map((_, i) => i + 1));
      expect(others.map(({ state }) => state)).to.deep.equal(['running', 'running']);
      Atomics.store(release, 0, 1);
      for (const waited of await Promise.all(others)) expect(waited).to.be.at.least(0);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ failed: 1, succeeded: 202, lanesCrashed: 1 });
      expectBalance(pool);
    });
  });

  slow('those with large arguments and texts, too', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const [entered, how] = [words(), words()];
      const bytes = Buffer.alloc(300_000, 'offthread');
      const sum = await lib.ot_checksum(bytes, bytes.length);
      const doomed = lib.ot_die_when(entered, how, 20_000);
      const sums = [1, 2, 3].map(() => lib.ot_checksum(bytes, bytes.length));
      const text = lib.ot_long_owned(100_000);
      await reached(entered);
      Atomics.store(how, 0, SEGV);
      await crash(doomed);
      expect(await Promise.all(sums)).to.deep.equal([sum, sum, sum]);
      expect((await text)?.length).to.equal(100_000);
      expectBalance(pool);
    });
  });

  it('priorities and deadlines hold for those that are moved', async () => {
    await withLanes(ground, {}, async (lib) => {
      const [entered, how] = [words(), words()];
      const doomed = lib.ot_die_when(entered, how, 20_000);
      await reached(entered);
      const order: string[] = [];
      const late = lib.ot_add.with({ deadline: 0.01 })(1, 1).settled();
      const calls = (
        [
          [0, 'middle'],
          [-5, 'last'],
          [5, 'first'],
        ] as const
      ).map(([priority, name]) =>
        lib.ot_add
          .with({ priority })(1, 1)
          .then(() => order.push(name)),
      );
      expect(await late).to.include({ status: 'timed-out' });
      Atomics.store(how, 0, SEGV);
      await Promise.all([crash(doomed), ...calls]);
      expect(order).to.deep.equal(['first', 'middle', 'last']);
    });
  });

  slow('a blocking call is answered too, and one that crashes throws the same error', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const [entered, how] = [words(), words()];
      const doomed = lib.ot_die_when(entered, how, 20_000);
      await reached(entered);
      Atomics.store(how, 0, SEGV);
      expect(lib.ot_add.blocking(20, 22), 'behind a lane that dies').to.equal(42);
      await crash(doomed);
      let thrown: unknown;
      try {
        lib.ot_die.blocking(SEGV);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.include({ kind: 'crash', signal: 'SIGSEGV', symbol: 'ot_die', phase: 'call' });
      expect(lib.ot_add.blocking(1, 2)).to.equal(3);
      await fullAgain(pool);
      expectBalance(pool);
    });
  });
});
