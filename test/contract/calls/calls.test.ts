/** M4, M8, M9, M12: the life of one call: awaited, watched, recorded, left by its scope. */
import { expect } from 'chai';
import { CallCancelledError, NativeError } from 'offthread';
import { onEveryEngine, rejection, sharedLab, withPool } from '../../helpers/contract.js';
import { Gate, runningFill } from '../../helpers/gate.js';
import { ownThread } from '../../helpers/oracle.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { turns, until } from '../../helpers/waiting.js';

onEveryEngine('a call (M4, M8, M12)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('is answered, off this thread, and in a process of its own only where lanes are processes', async () => {
    expect(await lab.lib.ot_add(19, 23)).to.equal(42);
    expect(await lab.lib.ot_thread_id()).to.not.equal(BigInt(ownThread()));
    const pid = await lab.lib.ot_process_id();
    if (laneKind() === 'thread') expect(pid).to.equal(process.pid);
    else expect((await lab.pool.laneReports()).map((report) => report.pid)).to.include(pid);
  });

  it('is a promise like any other', async () => {
    const call = lab.lib.ot_add(1, 2);
    expect(call).to.be.instanceOf(Promise);
    expect(await Promise.all([call, call.then((sum) => sum * 2)])).to.deep.equal([3, 6]);
    let last = 0;
    await lab.lib.ot_add(1, 2).finally(() => (last = 1));
    expect(last).to.equal(1);
  });

  it('leaves the event loop free while native code blocks', async () => {
    const gate = new Gate();
    const call = gate.hold(lab.lib);
    await gate.inside();
    await turns(100);
    expect(call.state).to.equal('running');
    gate.open();
    await call;
  });

  it('passes through queued, running and its ending', async () => {
    const gate = new Gate();
    const [first, second] = [gate.hold(lab.lib), lab.lib.ot_add(1, 1)];
    await gate.inside();
    expect([first.state, second.state]).to.deep.equal(['running', 'queued']);
    gate.open();
    await Promise.all([first, second]);
    expect([first.state, second.state]).to.deep.equal(['succeeded', 'succeeded']);
    const failing = lab.lib.ot_fail(3);
    await rejection(failing, NativeError);
    expect(failing.state).to.equal('failed');
  });

  it('has an id that no other call of its pool has', async () => {
    const calls = Array.from({ length: 500 }, (_, i) => lab.lib.ot_add(i, 1));
    expect(new Set(calls.map(({ id }) => id)).size).to.equal(500);
    expect(calls.every(({ id }) => Number.isInteger(id) && id > 0)).to.equal(true);
    expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
  });

  it('tells its times while it waits, while it runs and when it is over', async () => {
    const gate = new Gate();
    const earliest = Date.now() - 5;
    const running = gate.hold(lab.lib);
    await gate.inside();
    const waiting = lab.lib.ot_add(1, 1);
    const { createdAt, ranMs } = running.timing;
    expect(createdAt).to.be.within(earliest, Date.now() + 5);
    await until(() => (running.timing.ranMs ?? 0) > (ranMs ?? 0), 'the run time to grow');
    await until(() => waiting.timing.queuedMs > 1, 'the queue time to grow');
    expect(waiting.timing.ranMs).to.equal(undefined);
    gate.open();
    await Promise.all([running, waiting]);
    const over = running.timing;
    await turns(1);
    expect(running.timing, 'the times of a call that is over stand still').to.deep.equal(over);
    expect(waiting.timing.ranMs).to.be.a('number');
  });

  it('measures how long it queued and how long it ran', async () => {
    const sleep = lab.lib.ot_sleep_ms(30);
    const behind = lab.lib.ot_sleep_ms(10);
    const [first, second] = await Promise.all([sleep.settled(), behind.settled()]);
    // A lane's clock and the host's agree to well under a millisecond.
    expect(first.ranMs).to.be.within(29, 2_000);
    expect(second.queuedMs).to.be.at.least(28);
    expect(second.ranMs).to.be.within(9, 2_000);
  });

  it('settles to a record, whatever happened, with the kind of error (M12)', async () => {
    expect(await lab.lib.ot_add(1, 2).settled()).to.include({ status: 'succeeded', value: 3 });
    const failed = await lab.lib.ot_fail(7).settled();
    expect(failed).to.include({ status: 'failed', kind: 'native' });
    expect(failed.error).to.be.instanceOf(NativeError);
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    const cancelled = lab.lib.ot_add(1, 2);
    cancelled.cancel();
    const record = await cancelled.settled();
    expect(record).to.include({ status: 'cancelled', kind: 'cancelled', ranMs: 0 });
    expect(record.queuedMs).to.be.at.least(0);
    expect(record.error).to.be.instanceOf(CallCancelledError);
    const late = await lab.lib.ot_add.with({ deadline: 1 })(1, 2).settled();
    expect(late).to.include({ status: 'timed-out', kind: 'timeout', ranMs: 0 });
    gate.open();
    await holding;
  });

  it('gives the same record twice, and also afterwards', async () => {
    const call = lab.lib.ot_add(4, 5);
    const records = await Promise.all([call.settled(), call.settled()]);
    expect(records[0]).to.deep.equal(records[1]);
    expect(await call.settled()).to.deep.equal(records[0]);
    expect(await call).to.equal(9);
  });

  it('shows progress while it runs, and keeps the last (B12)', async () => {
    const call = lab.lib.ot_spin_with_progress(400, 200);
    await until(() => (call.progress?.done ?? 0) >= 3, 'progress');
    expect(call.state).to.equal('running');
    expect(call.progress?.total).to.equal(400);
    expect(await call).to.equal(400);
    expect(call.progress).to.deep.equal({ done: 400, total: 400 });
    expect(lab.lib.ot_add(1, 1).progress, 'without such a parameter').to.equal(undefined);
  });

  it('starts a progress at nothing, although its slot was used before', async () => {
    await lab.lib.ot_spin_with_progress(3, 0);
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    const queued = lab.lib.ot_spin_with_progress(2, 0);
    expect(queued.progress).to.deep.equal({ done: 0, total: 0 });
    gate.open();
    await holding;
    expect(await queued).to.equal(2);
  });
});

onEveryEngine('leaving the scope (M9)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('cancels what has not settled, and nobody hears of an unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const listen = (reason: unknown): number => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const { call } = await runningFill(lab.lib);
    {
      using scoped = call;
      expect(scoped.state).to.equal('running');
    }
    const record = await call.settled();
    expect(record).to.include({ status: 'cancelled', kind: 'cancelled' });
    {
      using alone = lab.lib.ot_spin_until_cancelled(5_000);
      void alone;
    }
    await lab.pool.drain();
    await turns(5);
    process.off('unhandledRejection', listen);
    expect(unhandled).to.deep.equal([]);
  });

  it('does nothing to what has settled', async () => {
    using call = lab.lib.ot_add(1, 2);
    expect(await call).to.equal(3);
    call[Symbol.dispose]();
    expect(call.state).to.equal('succeeded');
    expect(await call).to.equal(3);
  });

  it('cancels when the scope is left by an exception', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      let seen: PromiseLike<unknown> | undefined;
      const run = async (): Promise<void> => {
        using call = lib.ot_spin_until_cancelled(5_000);
        seen = call.settled();
        throw new Error('out of here');
      };
      expect(await run().catch((error: Error) => error.message)).to.equal('out of here');
      expect(await seen).to.include({ status: 'cancelled' });
      expect(pool.stats().cancelled).to.equal(1);
    });
  });
});
