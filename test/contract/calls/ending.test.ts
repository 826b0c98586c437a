/** M10, M28: drain, cancelAll, close and destroy: of a pool, and of a library. */
import { expect } from 'chai';
import { ArgumentError, CallCancelledError, PoolClosedError } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { lab as makeLab, onEveryEngine, rejection, thrown, withPool } from '../../helpers/contract.js';
import { Gate, openGates } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

onEveryEngine('drain and cancelAll (M10)', (engine) => {
  it('drains: resolves when nothing is pending, and at once when nothing was', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      await pool.drain();
      const gate = new Gate();
      const calls = [gate.hold(lib), lib.ot_add(1, 1), lib.ot_add(2, 2)];
      let drained = false;
      const draining = Promise.all([pool.drain(), pool.drain()]).then(() => (drained = true));
      await gate.inside();
      expect(drained).to.equal(false);
      gate.open();
      await draining;
      expect(calls.map(({ state }) => state)).to.deep.equal(['succeeded', 'succeeded', 'succeeded']);
      expect(pool.stats()).to.include({ queued: 0, running: 0 });
      expect(await lib.ot_add(1, 2), 'the pool goes on').to.equal(3);
    });
  });

  it('cancels everything, queued and running, and goes on', async () => {
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib, pool) => {
      const calls = Array.from({ length: 40 }, () => lib.ot_spin_until_cancelled(10_000));
      await until(() => pool.stats().running === 2, 'two to run');
      pool.cancelAll('tea time');
      pool.cancelAll('again');
      const errors = await Promise.all(calls.map((call) => rejection(call, CallCancelledError)));
      expect(
        errors.every(({ cause, message }) => cause === 'tea time' && message.includes('tea time')),
      ).to.equal(true);
      expect(pool.stats()).to.include({ cancelled: 40, queued: 0, running: 0 });
      expect(await lib.ot_add(1, 2)).to.equal(3);
      pool.cancelAll();
    });
  });

  it('cancels what waits for room, too', async () => {
    await withPool(engine, { maxQueue: 1, whenFull: 'wait' }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      const calls = Array.from({ length: 10 }, () => lib.ot_add(1, 1));
      await gate.inside();
      pool.cancelAll();
      const records = await Promise.all([held, ...calls].map((call) => call.settled()));
      expect(records.every(({ status }) => status === 'cancelled')).to.equal(true);
      expect(pool.stats().waiting).to.equal(0);
    });
  });
});

onEveryEngine('closing a pool (M28)', (engine) => {
  it('finishes what it accepted, takes no more, and says so', async () => {
    const { pool, lib } = await makeLab(engine);
    const gate = new Gate();
    const calls = [gate.hold(lib), lib.ot_add(1, 1)];
    await gate.inside();
    expect(pool.closed).to.equal(false);
    const closing = pool.close();
    expect(pool.closed).to.equal(true);
    const refused = lib.ot_add(2, 2);
    const error = await rejection(refused, PoolClosedError);
    expect(error).to.include({ code: 'OFFTHREAD_POOL_CLOSED', kind: 'closed', symbol: 'ot_add' });
    thrown(() => lib.ot_add.blocking(2, 2), PoolClosedError);
    await rejection(pool.open(testlib, OFFTEST, { engine }), PoolClosedError);
    gate.open();
    await closing;
    expect((await Promise.all(calls))[1]).to.equal(2);
    await rejection(lib.ot_add(2, 2), PoolClosedError);
    expect(pool.stats()).to.include({ running: 0, queued: 0, succeeded: 2 });
  });

  it('is idempotent', async () => {
    const { pool, lib } = await makeLab(engine);
    await lib.ot_nothing();
    await Promise.all([pool.close(), pool.close({ timeout: 5 }), pool[Symbol.asyncDispose]()]);
    await pool.close();
    await pool.destroy();
    await createPool().close();
  });

  it('cancels what has not finished within the timeout, and gives up what stays', async () => {
    const { pool, lib } = await makeLab(engine, { lanes: 2, grace: 50 });
    const gate = new Gate();
    const [stuck, obedient] = [gate.hold(lib), lib.ot_spin_until_cancelled(10_000)];
    await gate.inside();
    await until(() => pool.stats().running === 2, 'both to run');
    const queued = lib.ot_add(1, 1);
    const ends = Promise.all([stuck, obedient, queued].map((call) => rejection(call, PoolClosedError)));
    const start = performance.now();
    await pool.close({ timeout: 30 });
    expect(performance.now() - start).to.be.within(29, 2_000);
    await ends;
    openGates();
  });

  it('cancels at once with a timeout of 0', async () => {
    const { pool, lib } = await makeLab(engine, { grace: 5_000 });
    const call = lib.ot_spin_until_cancelled(10_000);
    await until(() => call.state === 'running', 'the call to run');
    const end = rejection(call, PoolClosedError);
    const start = performance.now();
    await pool.close({ timeout: 0 });
    expect(performance.now() - start).to.be.below(1_500);
    await end;
  });

  it('destroys: rejects everything, and leaves behind what is stuck', async () => {
    const { pool, lib } = await makeLab(engine, { grace: 5_000 });
    const gate = new Gate();
    const calls = [gate.hold(lib), lib.ot_add(1, 1)];
    await gate.inside();
    const ends = Promise.all(calls.map((call) => rejection(call, PoolClosedError)));
    const start = performance.now();
    await pool.destroy();
    expect(performance.now() - start).to.be.below(1_500);
    await ends;
    await rejection(lib.ot_add(1, 1), PoolClosedError);
    openGates();
  });

  it('a destroy during a close ends the waiting', async () => {
    const { pool, lib } = await makeLab(engine, { grace: 100 });
    const gate = new Gate();
    const end = rejection(gate.hold(lib), PoolClosedError);
    await gate.inside();
    const closing = pool.close();
    const start = performance.now();
    await pool.destroy();
    await closing;
    expect(performance.now() - start).to.be.below(2_000);
    await end;
    openGates();
  });

  it('closes with `await using`', async () => {
    let outside: ReturnType<typeof createPool> | undefined;
    {
      await using pool = createPool({ lanes: 1 });
      outside = pool;
      const lib = await pool.open(testlib, OFFTEST, { engine });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    }
    expect(outside.closed).to.equal(true);
  });

  it('refuses wrong options', async () => {
    await withPool(engine, {}, async (_, pool) => {
      for (const options of [{ timeout: NaN }, { timeout: -1 }, { tiemout: 1 }]) {
        const error = await rejection(pool.close(options), ArgumentError);
        expect(error.message).to.match(/tiemout|timeout/);
      }
      expect(pool.closed).to.equal(false);
    });
  });
});

onEveryEngine('destroying a pool while it is closed (M28)', (engine) => {
  it('does not wait for the grace of the close', async () => {
    const { pool, lib } = await makeLab(engine, { lanes: 1, grace: 9_000 });
    const slow = lib.ot_slow_to_cancel(1_500).settled();
    await until(() => pool.stats().running === 1, 'the call to run');
    const closing = pool.close({ timeout: 0 });
    const before = performance.now();
    await pool.destroy();
    await closing;
    expect(performance.now() - before).to.be.below(1_200);
    expect((await slow).kind).to.equal('closed');
  });
});

onEveryEngine('closing a library (M28)', (engine) => {
  it('takes no more calls, waits for those accepted, and leaves the others alone', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      const other = await pool.open(testlib, OFFTEST, { engine });
      const gate = new Gate();
      const calls = [gate.hold(lib), lib.ot_add(1, 1)];
      await gate.inside();
      let closed = false;
      const closing = lib.close().then(() => (closed = true));
      const error = await rejection(lib.ot_add(2, 2), PoolClosedError);
      expect(error).to.include({ code: 'OFFTHREAD_LIBRARY_CLOSED', symbol: 'ot_add' });
      thrown(() => lib.ot_add.blocking(2, 2), PoolClosedError);
      expect(await other.ot_add(2, 2), 'opened twice: the other goes on').to.equal(4);
      expect(closed).to.equal(false);
      gate.open();
      await closing;
      expect((await Promise.all(calls))[1]).to.equal(2);
      await lib.close();
      const again = await pool.open(testlib, OFFTEST, { engine });
      expect(await again.ot_add(3, 3)).to.equal(6);
    });
  });

  it('survives being opened many times, at once', async () => {
    await withPool(engine, { lanes: 2 }, async (_, pool) => {
      const libs = await Promise.all(
        Array.from({ length: 8 }, () => pool.open(testlib, OFFTEST, { engine })),
      );
      const sums = await Promise.all(libs.flatMap((lib, i) => [lib.ot_add(i, 1), lib.ot_add(i, 2)]));
      expect(sums).to.deep.equal(libs.flatMap((_, i) => [i + 1, i + 2]));
    });
  });
});
