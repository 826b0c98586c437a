/** M2, M8: blocking calls among awaited ones: nothing is lost, also when a handler makes them. */
import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { createPool } from 'offthread';
import { testlib } from '../../helpers/testlib.js';
import { SharedWord, expectSettled, inTime, turn, withLanes } from '../lab.js';
import { slow } from '../../helpers/fast-run.js';
import { wait } from '../../helpers/waiting.js';

const ADD = { arguments: ['i32', 'i32'], return: 'i32' } as const;

describe('blocking calls beside awaited ones (M2, M8)', () => {
  it('an awaited result is noticed although a blocking call ended without a ring meanwhile', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      const awaited = lib.sleep(60);
      // The loop sleeps on the bell by now.
      await wait(10);
      // Passes its deadline in the queue.
      expect(() => lib.add.with({ deadline: 10 }).blocking(1, 2)).to.throw(/deadline/);
      expect(await inTime(awaited, 'the awaited result')).to.equal(60);
      expectSettled(pool, 2);
    });
  });

  it('an awaited result is noticed although a blocking call was given up meanwhile', async () => {
    await withLanes({ lanes: 2 }, async (lib, pool) => {
      const release = new SharedWord();
      const awaited = lib.sleep(60);
      await wait(10);
      expect(() =>
        lib.enter.with({ timeout: 10 }).blocking(new SharedWord().address, release.address, 5_000),
      ).to.throw(/timeout/);
      expect(await inTime(awaited, 'the awaited result')).to.equal(60);
      release.value = 1;
      expectSettled(pool, 2);
    });
  });

  it('awaited and blocking calls take turns thousands of times', async () => {
    await withLanes({ lanes: 2, timeout: 5_000 }, async (lib, pool) => {
      let calls = 0;
      for (let round = 0; round < 2_000; round += 1) {
        const awaited = [lib.add(round, 1), lib.busy(round % 40)];
        if (round % 3 === 0) await turn();
        expect(lib.add.blocking(round, 2)).to.equal(round + 2);
        if (round % 5 === 0) lib.busy.blocking(round % 60);
        await inTime(Promise.all(awaited), `round ${round}`);
        calls += round % 5 === 0 ? 4 : 3;
      }
      expectSettled(pool, calls);
    });
  });

  it('a listener of `drained` may make blocking calls', async () => {
    await withLanes({ lanes: 1, timeout: 5_000 }, async (lib, pool) => {
      const errors: unknown[] = [];
      const sums: number[] = [];
      let listening = 5;
      pool.on('error', (error) => errors.push(error));
      pool.on('drained', () => {
        // Its own call drains the pool again.
        if (listening === 0) return;
        listening -= 1;
        sums.push(lib.add.blocking(listening, 1));
      });
      for (let round = 0; round < 5; round += 1) {
        expect(
          await inTime(Promise.all([lib.add(round, 1), lib.add(round, 2)]), `round ${round}`),
        ).to.deep.equal([round + 1, round + 2]);
      }
      expect(sums, 'the innermost returns first').to.deep.equal([1, 2, 3, 4, 5]);
      expect(errors).to.deep.equal([]);
      expectSettled(pool, 15);
    });
  });

  it('a `fails` rule may make blocking calls, and is asked once for each call', async () => {
    const pool = createPool({ lanes: 1, timeout: 5_000 });
    try {
      let asked = 0;
      const { ot_add: plain } = await pool.open(testlib, { ot_add: ADD }, { engine: 'koffi' });
      const { ot_add: judged } = await pool.open(
        testlib,
        {
          ot_add: {
            ...ADD,
            fails: (sum: number) => {
              asked += 1;
              return plain.blocking(sum, 1) !== sum + 1;
            },
          },
        },
        { engine: 'koffi' },
      );
      const calls = Array.from({ length: 20 }, (_, index) => judged(index, 1));
      const sums = await inTime(Promise.all(calls), 'the judged calls');
      expect(sums).to.deep.equal(calls.map((_, index) => index + 1));
      expect(asked).to.equal(20);
      expectSettled(pool, 40);
    } finally {
      await pool.close({ timeout: 1_000 });
    }
  });

  it('a subscriber of the audit trail may make blocking calls', async () => {
    await withLanes({ lanes: 1, timeout: 5_000 }, async (lib, pool) => {
      let inside = false;
      let blocked = 0;
      const hear = (): void => {
        if (inside) return;
        inside = true;
        expect(lib.add.blocking(20, 22)).to.equal(42);
        blocked += 1;
        inside = false;
      };
      const channels = ['start', 'end', 'started', 'asyncStart', 'asyncEnd'].map(
        (name) => `tracing:offthread:call:${name}`,
      );
      for (const name of channels) subscribe(name, hear);
      try {
        const calls = Array.from({ length: 10 }, (_, index) => lib.add(index, 1));
        expect(await inTime(Promise.all(calls), 'the calls')).to.deep.equal(
          calls.map((_, index) => index + 1),
        );
      } finally {
        for (const name of channels) unsubscribe(name, hear);
      }
      // At the start and the end of each offer; later ones may happen inside such a call.
      expect(blocked).to.be.at.least(20);
      expectSettled(pool, 10 + blocked);
    });
  });

  slow(
    'a program that never returns to its event loop may pause between blocking calls for as long as it likes',
    () => {
      const program = `
      import { createPool } from ${JSON.stringify(import.meta.resolve('offthread'))};
      const pool = createPool({ lanes: 1, timeout: 2_000 });
      const { ot_add } = await pool.open(${JSON.stringify(testlib)}, { ot_add: ${JSON.stringify(ADD)} }, { engine: 'koffi' });
      const word = new Int32Array(new SharedArrayBuffer(4));
      let sum = 0;
      for (let call = 0; call < 6; call += 1) {
        sum = ot_add.blocking(sum, 1);
        // Long enough that the lane sleeps.
        Atomics.wait(word, 0, 0, 90);
      }
      process.exitCode = 40 + sum;
      await pool.close();`;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        timeout: 8_000,
        killSignal: 'SIGKILL',
      });
      expect(stderr).to.equal('');
      expect(status, 'null: it hung').to.equal(46);
    },
  );
});
