/** M11: all results, in order; the first failure ends the others. */
import { expect } from 'chai';
import { ArgumentError, CallCancelledError, CallTimeoutError, NativeError, parallel } from 'offthread';
import { contractEngines, describeOn, rejection, sharedLab, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { laneKinds } from '../../helpers/lane-kind.js';
import { failureOf, isSettled, leavesNothing, startsOf, Trial, trials } from './trial.js';
import { turns, until } from '../../helpers/waiting.js';

const started = (list: readonly Trial[]): number[] => list.map((trial) => trial.started);

describe('parallel (M11)', () => {
  it('gives all results in order, whatever order they come in', async () => {
    const [a, b, c] = trials(3) as [Trial, Trial, Trial];
    const result = parallel([a.start, b.start, c.start]);
    expect(started([a, b, c]), 'started at once').to.deep.equal([1, 1, 1]);
    c.succeed('c');
    a.succeed('a');
    expect(await isSettled(result)).to.equal(false);
    b.succeed('b');
    expect(await result).to.deep.equal(['a', 'b', 'c']);
    expect([a, b, c].map(({ stopped }) => stopped)).to.deep.equal([false, false, false]);
  });

  it('takes starts that answer with values, and promises that run already', async () => {
    const given = new Trial();
    const running = given.start(new AbortController().signal);
    const result = parallel([() => 1, running, async () => 'two', Promise.resolve(null), () => undefined]);
    given.succeed('given');
    expect(await result).to.deep.equal([1, 'given', 'two', null, undefined]);
  });

  it('of nothing is an empty list', async () => {
    expect(await parallel([])).to.deep.equal([]);
    expect(await parallel([], { settle: true, concurrency: 1 })).to.deep.equal([]);
  });

  it('the first failure stops the others, and is thrown when they have settled', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(4);
      const [a, b, c, d] = list as [Trial, Trial, Trial, Trial];
      const result = parallel(startsOf(list), { signal, deadline: 60_000 });
      a.succeed('a');
      await turns(1);
      const failure = new Error('boom.');
      b.fail(failure);
      await turns(1);
      expect(list.map(({ stopped }) => stopped)).to.deep.equal([false, false, true, true]);
      expect(c.reason).to.be.instanceOf(CallCancelledError);
      expect(c.reason).to.include({
        cause: failure,
        message: 'Another start of parallel failed first: boom.',
      });
      expect(await isSettled(result), 'two have not settled').to.equal(false);
      c.fail(new Error('a later failure'));
      expect(await isSettled(result), 'one has not settled').to.equal(false);
      d.succeed('too late');
      expect(await failureOf(result)).to.equal(failure);
    });
  });

  it('starts nothing after a failure', async () => {
    const list = trials(5);
    const result = parallel(startsOf(list), { concurrency: 2 });
    list[1]?.fail('no');
    await turns(1);
    list[0]?.succeed('a');
    expect(await failureOf(result)).to.equal('no');
    await turns(3);
    expect(started(list)).to.deep.equal([1, 1, 0, 0, 0]);
  });

  it('runs no more than `concurrency` at once, in order', async () => {
    const list = trials(5);
    const result = parallel(startsOf(list), { concurrency: 2 });
    expect(started(list)).to.deep.equal([1, 1, 0, 0, 0]);
    list[1]?.succeed('b');
    await turns(1);
    expect(started(list)).to.deep.equal([1, 1, 1, 0, 0]);
    list[0]?.succeed('a');
    list[2]?.succeed('c');
    await turns(1);
    expect(started(list)).to.deep.equal([1, 1, 1, 1, 1]);
    list[4]?.succeed('e');
    list[3]?.succeed('d');
    expect(await result).to.deep.equal(['a', 'b', 'c', 'd', 'e']);
  });

  it('promises that run already take no place, and their failure counts at once', async () => {
    const [given, a, b] = trials(3) as [Trial, Trial, Trial];
    const running = given.start(new AbortController().signal);
    const result = parallel([a.start, b.start, running], { concurrency: 1 });
    expect(started([a, b])).to.deep.equal([1, 0]);
    given.fail('given');
    await turns(1);
    expect(a.stopped).to.equal(true);
    a.fail('late');
    expect(await failureOf(result)).to.equal('given');
    expect(b.started).to.equal(0);
  });

  it('thousands, few at a time', async () => {
    let inside = 0;
    let most = 0;
    const starts = Array.from({ length: 5_000 }, (_, index) => async () => {
      inside += 1;
      most = Math.max(most, inside);
      await Promise.resolve();
      inside -= 1;
      return index;
    });
    const results = await parallel(starts, { concurrency: 7 });
    expect(results).to.deep.equal(starts.map((_, index) => index));
    expect(most).to.equal(7);
  });

  it('`settle` gives a record for each, and stops nothing', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(3);
      const failure = new Error('no');
      const result = parallel(
        [
          ...startsOf(list),
          (): never => {
            throw failure;
          },
        ],
        { settle: true, signal },
      );
      list[0]?.fail('first');
      await turns(1);
      expect(list[1]?.stopped).to.equal(false);
      list[1]?.succeed('b');
      list[2]?.fail(undefined);
      expect(await result).to.deep.equal([
        { status: 'rejected', reason: 'first' },
        { status: 'fulfilled', value: 'b' },
        { status: 'rejected', reason: undefined },
        { status: 'rejected', reason: failure },
      ]);
    });
  });

  it('a list that is changed later counts as it was', async () => {
    const list = [(): number => 1, (): number => 2];
    const result = parallel(list, { concurrency: 1 });
    list.length = 1;
    expect(await result).to.deep.equal([1, 2]);
  });
});

describe('parallel, stopped (M11)', () => {
  for (const settle of [false, true]) {
    it(`its signal stops all, and starts no more (settle: ${settle})`, async () => {
      await leavesNothing(async (controller) => {
        const list = trials(3);
        const result = parallel(startsOf(list), { settle, concurrency: 2, signal: controller.signal });
        list[0]?.succeed('a');
        await turns(1);
        controller.abort('enough');
        const error = await rejection(result, CallCancelledError);
        expect(error.cause).to.equal('enough');
        expect(error.message).to.equal('parallel was cancelled with 1 of 3 settled: enough.');
        expect(list.map(({ reason }) => reason)).to.deep.equal([undefined, 'enough', 'enough']);
      });
    });

    it(`a deadline stops all (settle: ${settle})`, async () => {
      await leavesNothing(async ({ signal }) => {
        const list = trials(3);
        const options = { settle, concurrency: 2, signal, deadline: 200 };
        const error = await rejection(parallel(startsOf(list), options), CallTimeoutError);
        expect(error.code).to.equal('OFFTHREAD_DEADLINE');
        expect(list.map(({ reason }) => reason)).to.deep.equal([error, error, undefined]);
        expect(started(list)).to.deep.equal([1, 1, 0]);
      });
    });
  }

  it('starts nothing when its signal had aborted, and stops what runs', async () => {
    await withPool(contractEngines[0] as 'ffi-rs', { lanes: 1 }, async (lib) => {
      const trial = new Trial();
      const call = lib.ot_spin_until_cancelled(6_000);
      const signal = AbortSignal.abort('before');
      await rejection(parallel([trial.start, call], { signal }), CallCancelledError);
      expect(trial.started).to.equal(0);
      expect((await rejection(call, CallCancelledError)).cause).to.equal('before');
      await rejection(parallel([trial.start], { deadline: 0 }), CallTimeoutError);
      expect(trial.started).to.equal(0);
    });
  });

  it('the bounds end the waiting for those that do not stop; the failure is what is thrown', async () => {
    await leavesNothing(async (controller) => {
      for (const bounds of [{ signal: controller.signal }, { deadline: 200 }]) {
        const [a, b] = trials(2) as [Trial, Trial];
        const result = parallel([a.start, b.start], bounds);
        a.fail('first');
        await turns(1);
        controller.abort();
        expect(await failureOf(result)).to.equal('first');
        expect(b.stopped).to.equal(true);
      }
    });
  });

  it('a start that aborts the signal is the last one', async () => {
    const controller = new AbortController();
    const after = new Trial();
    const call = new Trial();
    const result = parallel(
      [
        call.start,
        (signal) => {
          controller.abort('by itself');
          expect(signal.aborted).to.equal(true);
        },
        after.start,
      ],
      { signal: controller.signal },
    );
    await rejection(result, CallCancelledError);
    expect(call.reason).to.equal('by itself');
    expect(after.started).to.equal(0);
  });
});

describeOn(contractEngines.slice(0, 1), laneKinds, 'parallel native calls (M11)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });

  it('gives their results in order', async () => {
    const { lib } = lab;
    const given = lib.ot_add(20, 22);
    const [slow, sum, own, already] = await parallel([
      () => lib.ot_sleep_ms(20),
      () => lib.ot_add(1, 2),
      async (signal) => await lib.ot_add.with({ signal })(3, 4),
      given,
    ]);
    expect([slow, sum, own, already]).to.deep.equal([20, 3, 7, 42]);
    const many = await parallel(
      Array.from({ length: 500 }, (_, index) => () => lib.ot_add(index, 1)),
      { concurrency: 8 },
    );
    expect(many).to.deep.equal(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('the first failure cancels the others in native code, and is thrown when they have come back', async () => {
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib, pool) => {
      const spin = lib.ot_spin_until_cancelled(6_000);
      await until(() => spin.state === 'running', 'the call to run');
      const fail = lib.ot_fail.with({ priority: 5 })(3);
      const queued = Array.from({ length: 3 }, () => lib.ot_spin_until_cancelled(6_000));
      let states: string[] = [];
      const result = parallel([spin, ...queued, fail]).finally(() => {
        states = [spin, ...queued].map(({ state }) => state);
      });
      expect((await rejection(result, NativeError)).symbol).to.equal('ot_fail');
      expect(states).to.deep.equal(Array(4).fill('cancelled'));
      expect((await rejection(spin, CallCancelledError)).message).to.include(
        'Another start of parallel failed',
      );
      await until(() => pool.stats().lanes.busy === 0, 'idle lanes');
      expect(pool.stats()).to.include({ lanesLost: 0, queued: 0, running: 0 });
    });
  });

  it('waits for native code that takes its time to stop', async () => {
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib) => {
      const slow = lib.ot_slow_to_cancel(150);
      await until(() => slow.state === 'running', 'the call to run');
      expect(await failureOf(parallel([slow, () => Promise.reject(new Error('no'))]))).to.be.an('error');
      expect(slow.state).to.equal('cancelled');
      expect(slow.timing.ranMs, 'native code has come back').to.be.at.least(140);
    });
  });

  it('what nothing can stop is given up', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      await rejection(parallel([held, () => lib.ot_fail(3)]), NativeError);
      expect(held.state).to.equal('cancelled');
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
    });
  });

  it('a deadline over all of them cancels them in native code', async () => {
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib, pool) => {
      const calls = Array.from({ length: 4 }, () => lib.ot_spin_until_cancelled(6_000));
      await rejection(parallel(calls, { deadline: 50 }), CallTimeoutError);
      const records = await Promise.all(calls.map((call) => call.settled()));
      expect(records.map(({ status }) => status)).to.deep.equal(Array(4).fill('cancelled'));
      await until(() => pool.stats().lanes.busy === 0, 'idle lanes');
      expect(pool.stats().lanesLost).to.equal(0);
    });
  });

  it('wrong options cancel what was given, and start nothing', async () => {
    const spin = lab.lib.ot_spin_until_cancelled(6_000);
    const trial = new Trial();
    const error = await rejection(parallel([trial.start, spin], { concurrency: 0 }), ArgumentError);
    expect(error.message).to.include('`concurrency` is 0');
    expect((await rejection(spin, CallCancelledError)).cause).to.equal(error);
    expect(trial.started).to.equal(0);
  });
});
