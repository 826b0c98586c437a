/** M11: the first success wins, the losers are cancelled. */
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  NativeError,
  OffthreadError,
  race,
  RaceError,
} from 'offthread';
import { contractEngines, describeOn, rejection, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { laneKinds } from '../../helpers/lane-kind.js';
import { isSettled, leavesNothing, startsOf, Trial, trials } from './trial.js';
import { turns, until } from '../../helpers/waiting.js';

const started = (list: readonly Trial[]): number[] => list.map((trial) => trial.started);

describe('race (M11)', () => {
  it('the first success wins, and all others have been asked to stop', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(3);
      const result = race(startsOf(list), { signal, deadline: 60_000 });
      expect(started(list)).to.deep.equal([1, 1, 1]);
      list[1]?.succeed('b');
      expect(await result).to.equal('b');
      expect(list.map(({ stopped }) => stopped)).to.deep.equal([true, false, true]);
      expect(list[0]?.reason).to.be.instanceOf(CallCancelledError);
      list[0]?.fail(new Error('late'));
      list[2]?.succeed('late');
    });
  });

  it('a failure is no end: the others go on', async () => {
    const list = trials(3);
    const result = race(startsOf(list));
    list[0]?.fail(new Error('no'));
    expect(await isSettled(result)).to.equal(false);
    expect(list[1]?.stopped).to.equal(false);
    list[2]?.succeed('c');
    expect(await result).to.equal('c');
  });

  it('takes values, throws, and promises that run already', async () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const never = new Promise<never>(() => {});
    expect(await race([fail, () => 1])).to.equal(1);
    expect(await race([never, Promise.resolve('given')])).to.equal('given');
    expect(await race([Promise.reject(new Error('no')), never, async () => undefined])).to.equal(undefined);
  });

  it('all failed: one error with all of theirs, in order', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(3);
      const result = rejection(race(startsOf(list), { signal }), RaceError);
      const errors = [new Error('first.'), 'second', undefined];
      for (const index of [2, 0, 1]) {
        list[index]?.fail(errors[index]);
        await turns(1);
      }
      const error = await result;
      expect(error).to.include({ name: 'RaceError', code: 'OFFTHREAD_RACE_LOST', kind: 'race' });
      expect(error).to.be.instanceOf(OffthreadError);
      expect(error.errors).to.deep.equal(errors);
      expect(error.errors).to.be.frozen;
      expect(error.message).to.equal(
        'All 3 starts of the race failed, the first with: first. All failures are in `errors`.',
      );
      expect(list.some(({ stopped }) => stopped)).to.equal(false);
    });
    const alone = await rejection(race([Promise.reject(new Error('alone'))]), RaceError);
    expect(alone.message).to.equal('The only start of the race failed: alone.');
  });

  it('an empty race is an error, with whatever options', async () => {
    for (const options of [{}, { deadline: 10 }, { stagger: 10 }, { signal: new AbortController().signal }]) {
      const error = await rejection(race([], options), ArgumentError);
      expect(error.message).to.equal('race received an empty list. Pass at least one start.');
    }
  });

  it('its signal stops all', async () => {
    await leavesNothing(async (controller) => {
      const list = trials(3);
      const result = race(startsOf(list), { signal: controller.signal });
      list[0]?.fail('no');
      await turns(1);
      const reason = new Error('the user left');
      controller.abort(reason);
      const error = await rejection(result, CallCancelledError);
      expect(error.cause).to.equal(reason);
      expect(error.message).to.equal('race was cancelled with 1 of 3 settled: the user left.');
      expect(list.map((trial) => trial.reason)).to.deep.equal([undefined, reason, reason]);
      list[1]?.fail('late');
    });
  });

  it('one deadline over the whole race', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(2);
      const error = await rejection(race(startsOf(list), { signal, deadline: 200 }), CallTimeoutError);
      expect(error).to.include({ code: 'OFFTHREAD_DEADLINE', kind: 'timeout' });
      expect(list.map((trial) => trial.reason)).to.deep.equal([error, error]);
    });
  });

  it('starts nothing when the signal had aborted, or the deadline has passed', async () => {
    const trial = new Trial();
    const aborted = AbortSignal.abort('before');
    expect((await rejection(race([trial.start], { signal: aborted }), CallCancelledError)).cause).to.equal(
      'before',
    );
    await rejection(race([trial.start], { deadline: new Date(0) }), CallTimeoutError);
    expect(trial.started).to.equal(0);
  });

  it('the winner stays the winner, whatever the losers do when they are stopped', async () => {
    const controller = new AbortController();
    const loser = new Trial();
    const result = race(
      [
        (signal) => {
          signal.addEventListener('abort', () => controller.abort('sore loser'));
          return loser.start(signal);
        },
        () => 'won',
      ],
      { signal: controller.signal },
    );
    expect(await result).to.equal('won');
    expect(controller.signal.aborted).to.equal(true);
  });

  it('a start that aborts the signal is the last one', async () => {
    const controller = new AbortController();
    const after = new Trial();
    const result = race([() => controller.abort('by itself'), after.start], { signal: controller.signal });
    await rejection(result, CallCancelledError);
    expect(after.started).to.equal(0);
  });
});

describe('a staggered race (M11)', () => {
  it('starts one after the other while none has won', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(3);
      const at: number[] = [];
      const starts = list.map(({ start }) => (own: AbortSignal) => {
        at.push(performance.now());
        return start(own);
      });
      const result = race(starts, { signal, stagger: 30 });
      expect(started(list)).to.deep.equal([1, 0, 0]);
      await until(() => list[2]?.started === 1, 'the last start');
      const [first, second, third] = at as [number, number, number];
      expect(second - first).to.be.at.least(28);
      expect(third - second).to.be.at.least(28);
      list[0]?.succeed('a');
      expect(await result).to.equal('a');
      expect(list.map(({ stopped }) => stopped)).to.deep.equal([false, true, true]);
    });
  });

  it('starts nobody after one has won', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(2);
      const result = race(startsOf(list), { signal, stagger: 1e6 });
      list[0]?.succeed('a');
      expect(await result).to.equal('a');
      await turns(3);
      expect(started(list)).to.deep.equal([1, 0]);
    });
  });

  it('starts the next at once when one before it has failed', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(3);
      const result = race(startsOf(list), { signal, stagger: 1e6 });
      list[0]?.fail('no');
      await until(() => list[1]?.started === 1, 'the second start');
      expect(list[2]?.started).to.equal(0);
      list[1]?.fail('no');
      await until(() => list[2]?.started === 1, 'the third start');
      list[2]?.succeed('c');
      expect(await result).to.equal('c');
    });
  });

  it('with Infinity only then; and when all have failed it is lost', async () => {
    await leavesNothing(async ({ signal }) => {
      const list = trials(2);
      const result = race(startsOf(list), { signal, stagger: Infinity });
      await turns(3);
      expect(started(list)).to.deep.equal([1, 0]);
      list[0]?.fail(1);
      await turns(1);
      list[1]?.fail(2);
      expect((await rejection(result, RaceError)).errors).to.deep.equal([1, 2]);
    });
  });

  it('promises that run already race from the beginning, and have a turn unless they have failed', async () => {
    const [a, given, c] = trials(3) as [Trial, Trial, Trial];
    const running = given.start(new AbortController().signal);
    const result = race([a.start, running, c.start], { stagger: Infinity });
    given.fail('no');
    await turns(2);
    expect(c.started, 'the failure was behind its turn').to.equal(0);
    a.fail('no');
    await turns(2);
    expect(c.started, 'its turn is skipped').to.equal(1);
    c.succeed('c');
    expect(await result).to.equal('c');
    const winner = new Trial();
    const late = race([new Trial().start, winner.start(new AbortController().signal)], { stagger: Infinity });
    winner.succeed('given');
    expect(await late).to.equal('given');
  });

  it('its bounds leave no timer for the next start', async () => {
    await leavesNothing(async (controller) => {
      const list = trials(3);
      const result = race(startsOf(list), { signal: controller.signal, stagger: 1e6 });
      controller.abort();
      await rejection(result, CallCancelledError);
      await rejection(race(startsOf(list), { stagger: 1e6, deadline: 200 }), CallTimeoutError);
      expect(started(list)).to.deep.equal([2, 0, 0]);
    });
  });
});

describeOn(contractEngines.slice(0, 1), laneKinds, 'races of native calls (M11)', (engine) => {
  it('the losers are cancelled in native code, and their lanes are free again', async () => {
    await withPool(engine, { lanes: 3, grace: 5_000 }, async (lib, pool) => {
      const losers = [lib.ot_spin_until_cancelled(6_000), lib.ot_spin_until_cancelled(6_000)] as const;
      await until(() => losers.every(({ state }) => state === 'running'), 'the losers to run');
      const sum = await race([...losers, () => lib.ot_add(1, 2)]);
      expect(sum).to.equal(3);
      for (const loser of losers) {
        expect(loser.cancel(), 'it has been asked').to.equal(false);
        const record = await loser.settled();
        expect(record.status).to.equal('cancelled');
        expect(record.error?.message).to.equal(
          'ot_spin_until_cancelled was cancelled: Another start won the race.',
        );
        expect(record.ranMs, 'it came back before its end').to.be.below(6_000);
      }
      await until(() => pool.stats().lanes.busy === 0, 'idle lanes');
      expect(pool.stats()).to.include({ lanesLost: 0, cancelled: 2, queued: 0, running: 0 });
    });
  });

  it('a start that ignores its signal is cancelled, and one that passes it on is cancelled once', async () => {
    await withPool(engine, { lanes: 3, grace: 5_000 }, async (lib, pool) => {
      const states: (() => string)[] = [];
      const go = new Trial();
      const result = race([
        () => {
          const call = lib.ot_spin_until_cancelled(6_000);
          states.push(() => call.state);
          return call;
        },
        (signal) => {
          const call = lib.ot_spin_until_cancelled.with({ signal })(6_000);
          states.push(() => call.state);
          return call;
        },
        go.start,
      ]);
      await until(() => states.every((state) => state() === 'running'), 'both to run');
      go.succeed('won');
      expect(await result).to.equal('won');
      await until(() => states.every((state) => state() === 'cancelled'), 'both to come back');
      expect(pool.stats()).to.include({ lanesLost: 0, cancelled: 2 });
    });
  });

  it('losers in the queue never start', async () => {
    await withPool(engine, { lanes: 1 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const queued = [lib.ot_nothing(), lib.ot_nothing()] as const;
      expect(await race([...queued, () => 'won'])).to.equal('won');
      expect(queued.map(({ state }) => state)).to.deep.equal(['cancelled', 'cancelled']);
      gate.open();
      await held;
      expect(pool.stats()).to.include({ succeeded: 1, cancelled: 2 });
    });
  });

  it('does not wait for native code that cannot be stopped', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      expect(await race([held, () => lib.ot_add(1, 2)])).to.equal(3);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(held.state).to.equal('cancelled');
    });
  });

  it('all failed in native code', async () => {
    await withPool(engine, { lanes: 2 }, async (lib) => {
      const error = await rejection(race([() => lib.ot_fail(3), () => lib.ot_add(0.5, 1)]), RaceError);
      expect(error.errors[0]).to.be.instanceOf(NativeError);
      expect(error.errors[1]).to.be.instanceOf(ArgumentError);
      expect(error.message).to.include('All 2 starts');
    });
  });

  it('a deadline, and a signal, cancel what runs in native code', async () => {
    await withPool(engine, { lanes: 2, grace: 5_000 }, async (lib, pool) => {
      const controller = new AbortController();
      for (const bounds of [{ deadline: 50 }, { signal: controller.signal }]) {
        const calls = [lib.ot_spin_until_cancelled(6_000), lib.ot_spin_until_cancelled(6_000)] as const;
        const result = race(calls, bounds);
        if (bounds.signal !== undefined) {
          await until(() => calls.every(({ state }) => state === 'running'), 'both to run');
          controller.abort();
        }
        await rejection(result, OffthreadError);
        for (const call of calls) expect((await call.settled()).status).to.equal('cancelled');
      }
      await until(() => pool.stats().lanes.busy === 0, 'idle lanes');
      expect(pool.stats().lanesLost).to.equal(0);
    });
  });
});
