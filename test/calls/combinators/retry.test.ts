/** M11: attempts, waits, which errors, and what ends them. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  NativeError,
  QueueFullError,
  retry,
  type RetryOptions,
} from 'offthread';
import { contractEngines, describeOn, rejection, sharedLab, withPool } from '../../helpers/contract.js';
import { runningFill } from '../../helpers/gate.js';
import { laneKinds } from '../../helpers/lane-kind.js';
import { failureOf, isSettled, leavesNothing, Trial } from './trial.js';
import { turns, until } from '../../helpers/waiting.js';

const soon: RetryOptions = { delay: 0 };

describe('retry (M11)', () => {
  it('gives what the first attempt gives, when that succeeds', async () => {
    const attempts: number[] = [];
    const value = await retry((_signal, attempt) => {
      attempts.push(attempt);
      return 'done';
    });
    expect(value).to.equal('done');
    expect(attempts).to.deep.equal([1]);
  });

  it('starts at once, in the tick of the call', async () => {
    const trial = new Trial();
    const result = retry(trial.start);
    expect(trial.started).to.equal(1);
    trial.succeed('a');
    expect(await result).to.equal('a');
  });

  it('tries again until it succeeds: throws, rejections, in any mix', async () => {
    const seen: number[] = [];
    const value = await retry((_signal, attempt) => {
      seen.push(attempt);
      if (attempt === 1) throw new Error('thrown');
      if (attempt === 2) return Promise.reject(new Error('rejected'));
      return Promise.resolve(attempt);
    }, soon);
    expect(value).to.equal(3);
    expect(seen).to.deep.equal([1, 2, 3]);
  });

  it('throws the last error itself, and adds nothing to it', async () => {
    const errors = [1, 2, 3].map((number) => Object.freeze(new Error(`failure ${number}`)));
    const error = await failureOf(
      retry((_signal, attempt) => Promise.reject(errors[attempt - 1] as Error), soon),
    );
    expect(error).to.equal(errors[2]);
    expect(Reflect.ownKeys(errors[2] as Error)).to.have.members(['message', 'stack']);
  });

  for (const thrown of [undefined, null, 0, 'text', { code: 1 }]) {
    it(`takes ${JSON.stringify(thrown)} for an error like any other`, async () => {
      let started = 0;
      const error = await failureOf(
        retry(
          () => {
            started += 1;
            throw thrown as unknown;
          },
          { ...soon, attempts: 2 },
        ),
      );
      expect(error).to.equal(thrown);
      expect(started).to.equal(2);
    });
  }

  it('makes one attempt with `attempts: 1`, and asks no rule', async () => {
    let asked = 0;
    const error = new Error('once');
    const when = (): boolean => {
      asked += 1;
      return true;
    };
    expect(await failureOf(retry(() => Promise.reject(error), { attempts: 1, when }))).to.equal(error);
    expect(asked).to.equal(0);
  });

  it('goes on for as long as it takes with `attempts: Infinity`, and lets the event loop turn', async () => {
    let turned = 0;
    const ticking = setInterval(() => (turned += 1), 1);
    const value = await retry(
      (_signal, attempt) => {
        if (attempt < 50 || turned < 3) throw new Error('not yet');
        return attempt;
      },
      { ...soon, attempts: Infinity },
    );
    clearInterval(ticking);
    expect(value).to.be.at.least(50);
  });

  it('waits longer each time, up to the longest, and never less than half of it', async () => {
    const at: number[] = [];
    const note = (): never => {
      at.push(performance.now());
      throw new Error('no');
    };
    await failureOf(retry(note, { attempts: 4, delay: 20, factor: 3, maxDelay: 40, jitter: false }));
    const waits = at.slice(1).map((time, index) => time - (at[index] as number));
    for (const [index, least] of [20, 40, 40].entries()) expect(waits[index]).to.be.at.least(least - 2);
    at.length = 0;
    await failureOf(retry(note, { attempts: 3, delay: 20, factor: 1 }));
    for (const index of [1, 2]) {
      expect((at[index] as number) - (at[index - 1] as number)).to.be.at.least(8);
    }
  });

  it('gives each attempt a signal of its own, which aborts only when it is to stop', async () => {
    const signals: AbortSignal[] = [];
    await retry((signal, attempt) => {
      signals.push(signal);
      if (attempt === 1) throw new Error('no');
    }, soon);
    expect(new Set(signals)).to.have.lengthOf(2);
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([false, false]);
  });

  it('refuses what it cannot start, and starts nothing with wrong options', async () => {
    for (const start of [undefined, 5, Promise.reject(new Error('running already')), Promise.resolve(1)]) {
      const error = await rejection(retry(start as never), ArgumentError);
      expect(error.message).to.include('() => lib.f(1)');
    }
    let started = 0;
    const wrong: unknown[] = [{ attempts: 0 }, { attempt: 2 }, { signal: 1 }, 5, { factor: 0.5 }];
    for (const options of wrong) {
      await rejection(
        retry(() => (started += 1), options as never),
        ArgumentError,
      );
    }
    expect(started).to.equal(0);
  });
});

describe('retry, stopped (M11)', () => {
  it('starts nothing when its signal had aborted before', async () => {
    const reason = new Error('gone');
    const trial = new Trial();
    const error = await rejection(
      retry(trial.start, { signal: AbortSignal.abort(reason) }),
      CallCancelledError,
    );
    expect(error.cause).to.equal(reason);
    expect(trial.started).to.equal(0);
  });

  for (const deadline of [0, new Date(0), new Date(Date.now() - 1)]) {
    it(`starts nothing when its deadline has passed: ${String(deadline)}`, async () => {
      const trial = new Trial();
      const error = await rejection(retry(trial.start, { deadline }), CallTimeoutError);
      expect(error.code).to.equal('OFFTHREAD_DEADLINE');
      expect(trial.started).to.equal(0);
    });
  }

  it('its signal stops the attempt that runs, and no other follows', async () => {
    await leavesNothing(async (controller) => {
      const trial = new Trial();
      const result = retry(trial.start, { ...soon, signal: controller.signal });
      expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(1);
      const reason = new Error('the user left.');
      controller.abort(reason);
      expect(trial.reason).to.equal(reason);
      const error = await rejection(result, CallCancelledError);
      expect(error).to.include({ code: 'OFFTHREAD_CALL_CANCELLED', cause: reason });
      expect(error.message).to.equal('retry was cancelled in attempt 1: the user left.');
      trial.fail(new Error('late'));
      await turns(3);
      expect(trial.started).to.equal(1);
    });
  });

  it('its signal ends a wait', async () => {
    await leavesNothing(async (controller) => {
      const trial = new Trial();
      const result = retry(trial.start, { delay: 1e6, maxDelay: 1e6, signal: controller.signal });
      trial.fail(new Error('no'));
      await turns(3);
      controller.abort();
      const error = await rejection(result, CallCancelledError);
      expect(error.message).to.include('after attempt 1');
      expect(error.cause).to.equal(controller.signal.reason);
      expect(trial.started).to.equal(1);
    });
  });

  it('its signal ends the wait for a rule, and the rule may fail then', async () => {
    await leavesNothing(async (controller) => {
      const rule = new Trial<boolean>();
      const result = retry(() => Promise.reject(new Error('no')), {
        when: () => rule.start(controller.signal),
        signal: controller.signal,
      });
      await turns(3);
      expect(rule.started).to.equal(1);
      controller.abort('enough');
      await rejection(result, CallCancelledError);
      rule.fail(new Error('late'));
    });
  });

  it('a start that aborts the signal itself is stopped, whatever it answers with', async () => {
    await leavesNothing(async (controller) => {
      let given: AbortSignal | undefined;
      const result = retry(
        (signal) => {
          given = signal;
          controller.abort('by itself');
          return Promise.reject(new Error('late'));
        },
        { signal: controller.signal },
      );
      expect((await rejection(result, CallCancelledError)).cause).to.equal('by itself');
      expect(given?.aborted).to.equal(true);
    });
  });

  it('a deadline ends an attempt, and the rest', async () => {
    await leavesNothing(async ({ signal }) => {
      const trial = new Trial();
      const error = await rejection(retry(trial.start, { signal, deadline: 200 }), CallTimeoutError);
      expect(error).to.include({ code: 'OFFTHREAD_DEADLINE', kind: 'timeout' });
      expect(error).to.not.have.property('cause');
      expect(error.message).to.match(/^retry passed its deadline of 200 ms in attempt 1\. /);
      expect(trial.reason).to.equal(error);
      expect(trial.started).to.equal(1);
    });
  });

  it('a deadline may be a point in time', async () => {
    await leavesNothing(async ({ signal }) => {
      const deadline = new Date(Date.now() + 50);
      await rejection(retry(new Trial().start, { signal, deadline }), CallTimeoutError);
      expect(Date.now()).to.be.at.least(deadline.getTime() - 2);
    });
  });

  it('a deadline ends a wait, and says what failed before', async () => {
    await leavesNothing(async ({ signal }) => {
      const failure = new Error('no');
      const result = retry(() => Promise.reject(failure), {
        signal,
        delay: 1e6,
        maxDelay: 1e6,
        deadline: 100,
      });
      const error = await rejection(result, CallTimeoutError);
      expect(error.cause).to.equal(failure);
      expect(error.message).to.include('after attempt 1');
    });
  });

  it('no attempt begins after the deadline, though no timer could come', async () => {
    let started = 0;
    const error = await rejection(
      retry(
        () => {
          started += 1;
          const end = performance.now() + 250;
          while (performance.now() < end);
          throw new Error('slow');
        },
        { ...soon, attempts: 10, deadline: 200 },
      ),
      CallTimeoutError,
    );
    expect(started).to.equal(1);
    expect((error.cause as Error).message).to.equal('slow');
  });

  it('a result that is there counts, however late it is', async () => {
    const value = await retry(
      () => {
        const end = performance.now() + 250;
        while (performance.now() < end);
        return 'there';
      },
      { deadline: 200 },
    );
    expect(value).to.equal('there');
  });

  it('leaves nothing after success, failure, and wrong options', async () => {
    await leavesNothing(async ({ signal }) => {
      const options = { ...soon, signal, deadline: 60_000 };
      await retry(() => 1, options);
      await retry((_signal, attempt) => {
        if (attempt < 3) throw new Error('no');
      }, options);
      await failureOf(retry(() => Promise.reject(new Error('no')), options));
      await failureOf(retry(() => 1, { ...options, delay: -1 }));
    });
  });

  it('deadlines beyond what a timer can wait are kept', async () => {
    await leavesNothing(async ({ signal }) => {
      const trial = new Trial();
      const result = retry(trial.start, { signal, deadline: new Date(8.64e15) });
      expect(await isSettled(result)).to.equal(false);
      trial.succeed('a');
      expect(await result).to.equal('a');
    });
  });
});

describeOn(contractEngines.slice(0, 1), laneKinds, 'retry of native calls (M11)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('runs a failing call so often, and throws its own error', async () => {
    const { failed } = lab.pool.stats();
    const error = await rejection(
      retry(() => lab.lib.ot_fail(5), { ...soon, attempts: 4 }),
      NativeError,
    );
    expect(error.symbol).to.equal('ot_fail');
    expect(lab.pool.stats().failed - failed).to.equal(4);
  });

  it('does not repeat what cannot go well', async () => {
    const { submitted, refused } = lab.pool.stats();
    await rejection(
      retry(() => lab.lib.ot_add(1.5, 2), soon),
      ArgumentError,
    );
    await rejection(
      retry(() => {
        const call = lab.lib.ot_add(1, 2);
        call.cancel();
        return call;
      }, soon),
      CallCancelledError,
    );
    const { submitted: submittedAfter, refused: refusedAfter } = lab.pool.stats();
    expect(submittedAfter + refusedAfter - submitted - refused).to.be.at.most(2);
  });

  it('repeats what found the queue full, and what timed out', async () => {
    await withPool(engine, { lanes: 1, maxQueue: 0, grace: 5_000 }, async (lib) => {
      const { call } = await runningFill(lib);
      const filled = call.settled();
      let refused = 0;
      const sum = await retry(
        async (_signal, attempt) => {
          try {
            return await lib.ot_add(1, attempt);
          } catch (error) {
            expect(error).to.be.instanceOf(QueueFullError);
            refused += 1;
            call.cancel();
            throw error;
          }
        },
        { attempts: Infinity, delay: 1 },
      );
      expect((await filled).status).to.equal('cancelled');
      expect(refused).to.be.at.least(1);
      expect(sum).to.equal(refused + 2);
      const brief = lib.ot_spin_until_cancelled.with({ timeout: 10 });
      const after = await retry((_signal, attempt) => (attempt < 3 ? brief(10_000) : lib.ot_add(1, 2)), soon);
      expect(after).to.equal(3);
    });
  });

  it('its signal and its deadline cancel the call that runs, though the call ignores its own signal', async () => {
    // A call that was cancelled in the tick that made it may have cost a lane, in the tests before.
    const { lanesLost } = lab.pool.stats();
    const controller = new AbortController();
    let state = (): string => 'none';
    const spin = (): PromiseLike<number> => {
      const call = lab.lib.ot_spin_until_cancelled(6_000);
      state = () => call.state;
      return call;
    };
    const aborted = retry(spin, { signal: controller.signal });
    await until(() => state() === 'running', 'the call to run');
    controller.abort(new Error('the user left'));
    await rejection(aborted, CallCancelledError);
    await until(() => state() === 'cancelled', 'native code to come back');

    await rejection(retry(spin, { deadline: 50 }), CallTimeoutError);
    await until(() => state() === 'cancelled', 'native code to come back');
    expect(await lab.lib.ot_add(1, 2), 'the lane goes on').to.equal(3);
    await until(() => {
      const { busy, lost } = lab.pool.stats().lanes;
      return busy === 0 && lost === 0;
    }, 'idle lanes');
    expect(lab.pool.stats().lanesLost).to.equal(lanesLost);
  });
});
