/** M8, M31: a call that blocks this thread until it is answered, wherever it is made. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  CallCancelledError,
  CallTimeoutError,
  type CallTrace,
  NativeError,
  type OffthreadError,
  PoolClosedError,
  QueueFullError,
} from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import {
  lab as makeLab,
  onEveryEngine,
  rejection,
  sharedLab,
  thrown,
  withPool,
} from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { ownThread } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import { until, wait } from '../../helpers/waiting.js';

onEveryEngine('blocking calls (M8)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1, grace: 5_000 });

  it('answers before the next line, on another thread', () => {
    expect(lab.lib.ot_add.blocking(19, 23)).to.equal(42);
    expect(lab.lib.ot_thread_id.blocking()).to.not.equal(BigInt(ownThread()));
    for (let i = 0; i < 300; i++) expect(lab.lib.ot_add.blocking(i, 1)).to.equal(i + 1);
  });

  it('is fit to be the first thing after open', async () => {
    const pool = createPool({ lanes: 1 });
    const lib = await pool.open(testlib, OFFTEST, { engine });
    expect(lib.ot_add.blocking(1, 2)).to.equal(3);
    await pool.close();
  });

  it('works after the pool has been idle', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      expect(await lib.ot_add(1, 2)).to.equal(3);
      // Long enough that the lanes sleep.
      await wait(250);
      expect(lib.ot_add.with({ deadline: 5_000 }).blocking(3, 4)).to.equal(7);
      expect(lib.ot_add.with({ deadline: 5_000 }).blocking(5, 6)).to.equal(11);
      expect(await lib.ot_add(7, 8)).to.equal(15);
      expect(pool.stats()).to.include({ submitted: 4, succeeded: 4, running: 0 });
    });
  });

  it('waits its turn while every lane is busy', async () => {
    const gate = new Gate();
    const busy = lab.lib.ot_enter_and_wait(gate.entered, gate.release, 60);
    await gate.inside();
    expect(lab.lib.ot_add.blocking(1, 2)).to.equal(3);
    expect(await busy, 'nobody let it go: its time was over').to.equal(-1);
  });

  it('leaves promises of other calls to the event loop, and loses none', async () => {
    const calls = Array.from({ length: 200 }, (_, i) => lab.lib.ot_add(i, 1));
    expect(lab.lib.ot_add.blocking(1, 2)).to.equal(3);
    expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
  });

  it('throws what an awaited call would be rejected with', async () => {
    const failed = thrown(() => lab.lib.ot_fail.blocking(5), NativeError);
    expect(failed.message).to.include('failed with code 5');
    const awaited = await rejection(lab.lib.ot_fail(5), NativeError);
    expect(failed.message).to.equal(awaited.message);
    expect(failed.returned).to.equal(5);
  });

  it('holds to timeouts and deadlines', () => {
    const spin = lab.lib.ot_spin_until_cancelled;
    const start = performance.now();
    const late = thrown(() => spin.with({ timeout: 40 }).blocking(10_000), CallTimeoutError);
    expect(late.symbol).to.equal('ot_spin_until_cancelled');
    thrown(() => spin.with({ deadline: 40 }).blocking(10_000), CallTimeoutError);
    expect(performance.now() - start).to.be.within(79, 3_000);
    expect(lab.lib.ot_add.blocking(1, 2)).to.equal(3);
    expect(lab.pool.stats().lanesLost).to.equal(0);
  });

  it('holds to a deadline while it waits for a lane', async () => {
    const gate = new Gate();
    const busy = lab.lib.ot_enter_and_wait(gate.entered, gate.release, 5_000);
    await gate.inside();
    const start = performance.now();
    thrown(() => lab.lib.ot_add.with({ deadline: 40 }).blocking(1, 2), CallTimeoutError);
    expect(performance.now() - start).to.be.within(39, 4_500);
    gate.open();
    await busy;
  });

  it('sees a signal that has aborted before', () => {
    const signal = AbortSignal.abort('no');
    expect(thrown(() => lab.lib.ot_add.with({ signal }).blocking(1, 2), CallCancelledError).cause).to.equal(
      'no',
    );
  });

  it('gives up a call that nothing can stop, and the next is answered in the same tick', async () => {
    await withPool(engine, { grace: 20 }, async (lib, pool) => {
      const gate = new Gate();
      const hold = lib.ot_enter_and_wait.with({ timeout: 40 });
      thrown(() => hold.blocking(gate.entered, gate.release, 5_000), CallTimeoutError);
      expect(pool.stats().lanes.lost).to.equal(1);
      expect(lib.ot_add.with({ deadline: 5_000 }).blocking(1, 2)).to.equal(3);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to recover');
    });
  });

  it('meets a full queue and a closed pool as an error', async () => {
    const { pool, lib } = await makeLab(engine, { maxQueue: 1 });
    const gate = new Gate();
    const held = gate.hold(lib);
    await gate.inside();
    const queued = lib.ot_add(1, 1);
    thrown(() => lib.ot_add.blocking(1, 2), QueueFullError);
    gate.open();
    await Promise.all([held, queued]);
    await pool.close();
    thrown(() => lib.ot_add.blocking(1, 2), PoolClosedError);
  });
});

onEveryEngine('blocking calls from inside (M31)', (engine) => {
  it('may be made in a listener of a pool event', async () => {
    await withPool(engine, { maxQueue: 1 }, async (lib, pool) => {
      const answers: number[] = [];
      pool.once('drained', () => answers.push(lib.ot_add.with({ deadline: 5_000 }).blocking(1, 2)));
      await lib.ot_add(1, 1);
      await until(() => answers.length === 1, 'the listener');
      expect(answers).to.deep.equal([3]);
      expect(await lib.ot_add(2, 2)).to.equal(4);
      expect(pool.stats()).to.include({ listenerErrors: 0, submitted: 3, succeeded: 3, running: 0 });
    });
  });

  it('may be made in a listener that is told of a lost lane', async () => {
    await withPool(engine, { lanes: 2, grace: 10 }, async (lib, pool) => {
      const answers: number[] = [];
      pool.on('lane-lost', () => answers.push(lib.ot_add.with({ deadline: 5_000 }).blocking(1, 2)));
      const gate = new Gate();
      const stuck = lib.ot_enter_and_wait.with({ timeout: 30 })(gate.entered, gate.release, 5_000);
      await rejection(stuck, CallTimeoutError);
      expect(answers).to.deep.equal([3]);
      gate.open();
      expect(pool.stats().listenerErrors).to.equal(0);
    });
  });

  it('may be made in a subscriber of the audit trail', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      const answers: number[] = [];
      const channels = ['start', 'end', 'started', 'asyncStart', 'asyncEnd'].map(
        (name) => `tracing:offthread:call:${name}`,
      );
      const onTrace = (message: unknown): void => {
        if ((message as CallTrace).symbol !== 'ot_sleep_us') return;
        answers.push(lib.ot_add.with({ deadline: 5_000 }).blocking(1, 2));
      };
      for (const name of channels) subscribe(name, onTrace);
      try {
        expect(await lib.ot_sleep_us(50)).to.equal(50);
        await until(() => answers.length === 5, 'five events');
      } finally {
        for (const name of channels) unsubscribe(name, onTrace);
      }
      expect(answers).to.deep.equal([3, 3, 3, 3, 3]);
      expect(pool.stats()).to.include({ submitted: 6, succeeded: 6, running: 0, queued: 0 });
    });
  });

  it('may be made in a `fails` predicate', async () => {
    const pool = createPool({ lanes: 1 });
    const inner = await pool.open(testlib, OFFTEST, { engine });
    const lib = await pool.open(
      testlib,
      {
        ot_add: {
          arguments: ['i32', 'i32'],
          return: 'i32',
          fails: (sum) => inner.ot_add.with({ deadline: 5_000 }).blocking(sum, 1) === 100,
        },
      },
      { engine },
    );
    expect(await lib.ot_add(1, 2)).to.equal(3);
    await rejection(lib.ot_add(49, 50), NativeError);
    expect(lib.ot_add.blocking(1, 2)).to.equal(3);
    thrown(() => lib.ot_add.blocking(49, 50), NativeError);
    const many = await Promise.all(
      Array.from({ length: 100 }, (_, i) => lib.ot_add(i, 0).catch((error: OffthreadError) => error.kind)),
    );
    expect(many).to.deep.equal(Array.from({ length: 100 }, (_, i) => (i === 99 ? 'native' : i)));
    await pool.close();
  });

  it('may be made where a promise of a call is handled', async () => {
    await withPool(engine, {}, async (lib) => {
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 0).then((sum) => lib.ot_add.blocking(sum, 1))),
      );
      expect(results).to.deep.equal(Array.from({ length: 50 }, (_, i) => i + 1));
    });
  });
});
