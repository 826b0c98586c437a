/** M5, M8: timeouts, deadlines and signals, and which of them comes first. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { ArgumentError, CallCancelledError, CallTimeoutError } from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown, withPool } from '../../helpers/contract.js';
import { Gate, runningFill } from '../../helpers/gate.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { until } from '../../helpers/waiting.js';

onEveryEngine('timeouts and deadlines (M8)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1, grace: 5_000 });

  it('times out a call that runs for too long', async () => {
    const start = performance.now();
    const call = lab.lib.ot_spin_until_cancelled.with({ timeout: 40 })(10_000);
    const error = await rejection(call, CallTimeoutError);
    expect(performance.now() - start).to.be.within(39, 2_000);
    expect(error).to.include({
      code: 'OFFTHREAD_CALL_TIMEOUT',
      kind: 'timeout',
      symbol: 'ot_spin_until_cancelled',
      call: call.id,
    });
    expect(error.message).to.include('40');
    expect(call.state).to.equal('timed-out');
  });

  it("uses the pool's timeout unless the call has its own", async () => {
    await withPool(engine, { timeout: 50, grace: 5_000 }, async (lib, pool) => {
      await rejection(lib.ot_spin_until_cancelled(10_000), CallTimeoutError);
      expect(await lib.ot_sleep_ms.with({ timeout: 0 })(120), '0 is unlimited').to.equal(120);
      expect(await lib.ot_sleep_ms.with({ timeout: 5_000 })(120)).to.equal(120);
      expect(await lib.ot_sleep_ms.with({ timeout: Infinity })(60)).to.equal(60);
      expect(pool.stats()).to.include({ timedOut: 1, succeeded: 3 });
    });
  });

  it('counts a timeout from the start of the run, not while queued', async () => {
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    await gate.inside();
    const queued = lab.lib.ot_add.with({ timeout: 20 })(1, 2);
    await until(() => queued.timing.queuedMs > 60, 'the queue time to pass its timeout');
    gate.open();
    expect(await queued).to.equal(3);
    await holding;
  });

  it('counts a deadline while queued, and such a call never starts', async () => {
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    await gate.inside();
    resetThreadsInside();
    const call = lab.lib.ot_concurrent_enter_exit.with({ deadline: 30 })(0);
    const error = await rejection(call, CallTimeoutError);
    expect(error.message).to.match(/deadline/i);
    expect(await call.settled()).to.include({ status: 'timed-out', kind: 'timeout', ranMs: 0 });
    gate.open();
    await holding;
    await lab.lib.ot_nothing();
    expect(mostThreadsInside()).to.equal(0);
  });

  it('counts a deadline over queueing and running together', async () => {
    const call = lab.lib.ot_spin_until_cancelled.with({ deadline: 60, timeout: 5_000 })(10_000);
    await rejection(call, CallTimeoutError);
    const { queuedMs, ranMs } = await call.settled();
    expect(queuedMs + ranMs).to.be.within(59, 2_000);
    expect(await lab.lib.ot_add.with({ deadline: 5_000 })(1, 2)).to.equal(3);
  });

  it('takes a point in time as a deadline; one that has passed starts nothing', async () => {
    resetThreadsInside();
    const past = lab.lib.ot_concurrent_enter_exit.with({ deadline: new Date(Date.now() - 1_000) })(0);
    await rejection(past, CallTimeoutError);
    await rejection(lab.lib.ot_concurrent_enter_exit.with({ deadline: 0 })(0), CallTimeoutError);
    await lab.lib.ot_nothing();
    expect(mostThreadsInside()).to.equal(0);
    const soon = lab.lib.ot_spin_until_cancelled.with({ deadline: new Date(Date.now() + 60) })(10_000);
    await rejection(soon, CallTimeoutError);
    expect(await lab.lib.ot_add.with({ deadline: new Date(Date.now() + 5_000) })(1, 2)).to.equal(3);
  });

  it('honours many different deadlines at once, each at its own time', async () => {
    const gate = new Gate();
    const holding = gate.hold(lab.lib);
    const order: number[] = [];
    const deadlines = [120, 40, 80, 20, 100, 60];
    await Promise.all(
      deadlines.map((deadline) => {
        const call = lab.lib.ot_add.with({ deadline })(1, 2);
        return call.settled().then(({ queuedMs }) => {
          // From when the call was made: the machine may stand still between two.
          order.push(call.timing.createdAt + deadline);
          expect(queuedMs).to.be.at.least(deadline - 1);
        });
      }),
    );
    expect(order).to.deep.equal(order.toSorted((a, b) => a - b));
    gate.open();
    await holding;
  });

  it('keeps options given before, and refuses wrong ones where they are given', async () => {
    const patient = lab.lib.ot_spin_until_cancelled.with({ timeout: 30 }).with({ priority: 3 });
    await rejection(patient(10_000), CallTimeoutError);
    const { ot_add } = lab.lib;
    const wrong: readonly unknown[] = [
      { timeout: NaN },
      { timeout: -1 },
      { timeout: '5' },
      { deadline: NaN },
      { deadline: new Date(NaN) },
      { priority: 1.5 },
      { priority: 128 },
      { signal: {} },
      { tiemout: 5 },
      null,
      5,
    ];
    for (const options of wrong) thrown(() => ot_add.with(options as never), ArgumentError);
    expect(await ot_add.with({})(1, 2)).to.equal(3);
  });
});

onEveryEngine('signals (M5)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1, grace: 5_000 });

  it('starts nothing when the signal has aborted before', async () => {
    resetThreadsInside();
    const signal = AbortSignal.abort(new Error('too late'));
    const error = await rejection(lab.lib.ot_concurrent_enter_exit.with({ signal })(0), CallCancelledError);
    expect((error.cause as Error).message).to.equal('too late');
    await lab.lib.ot_nothing();
    expect(mostThreadsInside()).to.equal(0);
  });

  it('cancels a queued call and a running one', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { call } = await runningFill(lab.lib, (fill, bytes) =>
      fill.with({ signal })(bytes, 30_000, 7, 200),
    );
    const queued = lab.lib.ot_add.with({ signal })(1, 2);
    expect(getEventListeners(signal, 'abort')).to.not.have.lengthOf(0);
    controller.abort('stop both');
    const errors = await Promise.all([call, queued].map((each) => rejection(each, CallCancelledError)));
    expect(errors.map(({ cause }) => cause)).to.deep.equal(['stop both', 'stop both']);
    expect(getEventListeners(signal, 'abort'), 'released on settlement').to.have.lengthOf(0);
  });

  it('does nothing when it aborts after the end', async () => {
    const controller = new AbortController();
    const call = lab.lib.ot_add.with({ signal: controller.signal, timeout: 5_000 })(1, 2);
    expect(await call).to.equal(3);
    expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0);
    controller.abort();
    expect(call.state).to.equal('succeeded');
  });

  it('the first of signal and timeout wins, and both are released', async () => {
    const slow = new AbortController();
    const bySignal = lab.lib.ot_spin_until_cancelled.with({
      signal: AbortSignal.timeout(20),
      timeout: 3_000,
    });
    await rejection(bySignal(10_000), CallCancelledError);
    const byTimeout = lab.lib.ot_spin_until_cancelled.with({ signal: slow.signal, timeout: 20 });
    await rejection(byTimeout(10_000), CallTimeoutError);
    expect(getEventListeners(slow.signal, 'abort')).to.have.lengthOf(0);
    slow.abort();
  });

  it('cancels every call of one signal', async () => {
    const controller = new AbortController();
    const add = lab.lib.ot_spin_until_cancelled.with({ signal: controller.signal });
    const calls = Array.from({ length: 50 }, () => add(10_000));
    await until(() => calls[0]?.state === 'running', 'the first to run');
    controller.abort();
    const records = await Promise.all(calls.map((call) => call.settled()));
    expect(records.map(({ status }) => status)).to.deep.equal(Array(50).fill('cancelled'));
    expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0);
  });
});
