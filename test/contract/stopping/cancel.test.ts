/** M8, M19, B1: cancelling before the start, while running and after the end; the first cause wins. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, LaneLostError } from 'offthread';
import { onEveryEngine, rejection, sharedLab, withPool } from '../../helpers/contract.js';
import { Gate, runningFill, shared } from '../../helpers/gate.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

onEveryEngine('cancelling (M8)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('keeps a queued call from ever starting', async () => {
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    await gate.inside();
    resetThreadsInside();
    const calls = Array.from({ length: 20 }, () => lab.lib.ot_concurrent_enter_exit(0));
    for (const call of calls) expect(call.cancel('changed my mind')).to.equal(true);
    const records = await Promise.all(calls.map((call) => call.settled()));
    expect(records.every(({ status, ranMs }) => status === 'cancelled' && ranMs === 0)).to.equal(true);
    gate.open();
    await holding;
    expect(await lab.lib.ot_add(1, 2)).to.equal(3);
    expect(mostThreadsInside(), 'calls that reached native code').to.equal(0);
  });

  it('cancels calls in the tick that made them, started by then or not', async () => {
    for (let round = 0; round < 20; round++) {
      const call = lab.lib.ot_add(1, round);
      expect(call.cancel()).to.equal(true);
      await rejection(call, CallCancelledError);
      expect(await lab.lib.ot_add(1, 2)).to.equal(3);
    }
    await until(() => lab.pool.stats().lanes.lost === 0, 'any lane that was in native code to come back');
  });

  it('reaches native code that reads its flag (M19)', async () => {
    const before = lab.pool.stats().lanesLost;
    const { call, bytes } = await runningFill(lab.lib);
    expect(call.cancel('enough')).to.equal(true);
    const error = await rejection(call, CallCancelledError);
    expect(error).to.include({
      code: 'OFFTHREAD_CALL_CANCELLED',
      kind: 'cancelled',
      symbol: 'ot_fill_slowly',
    });
    expect(error.call).to.equal(call.id);
    expect(error.cause).to.equal('enough');
    expect(error.message).to.include('enough');
    expect(call.state).to.equal('cancelled');
    const filled = bytes.indexOf(0);
    await lab.lib.ot_sleep_ms(1);
    expect(filled, 'native code came back before its end').to.be.greaterThan(0);
    expect(bytes.indexOf(0), 'and writes no more').to.equal(filled);
    expect(lab.pool.stats().lanesLost, 'the lane was kept').to.equal(before);
  });

  it('keeps the reason, whatever it is, as the cause', async () => {
    const why = new Error('the user left');
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    const withError = lab.lib.ot_add(1, 1);
    withError.cancel(why);
    const error = await rejection(withError, CallCancelledError);
    expect(error.cause).to.equal(why);
    expect(error.message).to.include('the user left');
    const withObject = lab.lib.ot_add(1, 1);
    withObject.cancel({ code: 5 });
    expect((await rejection(withObject, CallCancelledError)).cause).to.deep.equal({ code: 5 });
    gate.open();
    await holding;
  });

  it('is idempotent: the first reason counts', async () => {
    const { call } = await runningFill(lab.lib);
    expect([call.cancel('first'), call.cancel('second'), call.cancel()]).to.deep.equal([true, false, false]);
    expect((await rejection(call, CallCancelledError)).cause).to.equal('first');
    expect(call.cancel('third')).to.equal(false);
    expect((await rejection(call, CallCancelledError)).cause).to.equal('first');
  });

  it('does nothing to a call that has ended', async () => {
    const before = lab.pool.stats().cancelled;
    const call = lab.lib.ot_add(1, 2);
    expect(await call).to.equal(3);
    expect(call.cancel('late')).to.equal(false);
    expect(await call).to.equal(3);
    expect(call.state).to.equal('succeeded');
    expect(lab.pool.stats().cancelled).to.equal(before);
  });

  it('wins over the timeout that comes later, and loses to one that came before', async () => {
    await withPool(engine, { grace: 2_000 }, async (lib) => {
      const bytes = shared(64);
      const late = lib.ot_fill_slowly.with({ timeout: 300 })(bytes, 64, 7, 500);
      await until(() => bytes[0] === 7, 'the fill to run');
      late.cancel('first');
      await rejection(late, CallCancelledError);
      // Does not look at its flag for 60 ms: cancel comes between the timeout and its return.
      const early = lib.ot_slow_to_cancel.with({ timeout: 20 })(60);
      await until(() => (early.timing.ranMs ?? 0) > 40, 'the timeout to pass');
      // Timers run in the order in which they are due: the one that it ran into comes before this one.
      await wait(1);
      expect(early.cancel('second'), 'the timeout was first').to.equal(false);
      await rejection(early, CallTimeoutError);
    });
  });

  it('ends as cancelled even when native code finishes its work after all', async () => {
    await withPool(engine, { grace: 5_000 }, async (lib, pool) => {
      const call = lib.ot_slow_to_cancel(150);
      await until(() => call.state === 'running', 'the call to run');
      call.cancel();
      const record = await call.settled();
      expect(record.status).to.equal('cancelled');
      expect(await lib.ot_add(1, 2), 'the same lane goes on').to.equal(3);
      expect(pool.stats()).to.deep.include({ lanesLost: 0, cancelled: 1, succeeded: 1 });
    });
  });

  slow('gives up a call that ignores its flag, after the grace, and counts the lane as lost', async () => {
    await withPool(engine, { grace: 30 }, async (lib, pool) => {
      const call = lib.ot_slow_to_cancel(1_500);
      await until(() => call.state === 'running', 'the call to run');
      const asked = performance.now();
      call.cancel();
      await rejection(call, CallCancelledError);
      expect(performance.now() - asked).to.be.within(25, 1_400);
      expect(pool.stats().lanes.lost).to.equal(1);
      expect(await lib.ot_add(1, 2), 'another lane answers').to.equal(3);
      await until(() => pool.stats().lanes.lost === 0, 'the lane to recover');
    });
  });

  it('gives up at once a call that nothing can stop', async () => {
    await withPool(engine, { grace: 5_000 }, async (lib, pool) => {
      const gate = new Gate();
      const call = gate.hold(lib);
      await gate.inside();
      const asked = performance.now();
      call.cancel();
      const error = await rejection(call, CallCancelledError);
      expect(performance.now() - asked).to.be.below(1_000);
      expect(error).to.not.be.instanceOf(LaneLostError);
      expect(pool.stats().lanesLost).to.equal(1);
      gate.open();
    });
  });

  it('cancels 1,000 calls at once, queued and running, each once', async () => {
    await withPool(engine, { lanes: 2, maxQueue: 2_000, grace: 5_000 }, async (lib, pool) => {
      const calls = Array.from({ length: 1_000 }, () => lib.ot_spin_until_cancelled(10_000));
      await until(() => pool.stats().running === 2, 'two to run');
      expect(calls.every((call) => call.cancel('all'))).to.equal(true);
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(records.every(({ kind }) => kind === 'cancelled')).to.equal(true);
      const { submitted, cancelled, queued, running, lanesLost } = pool.stats();
      expect({ submitted, cancelled, queued, running, lanesLost }).to.deep.equal({
        submitted: 1_000,
        cancelled: 1_000,
        queued: 0,
        running: 0,
        lanesLost: 0,
      });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});
