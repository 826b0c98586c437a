/** M2, M4: a call settles once, by whatever comes first; what comes later is dropped without a trace. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Call, type CallLimits, type CallOwner } from '../../src/calls/call.js';
import { CallCancelledError, CallTimeoutError, EngineError, type OffthreadError } from '../../src/errors.js';
import type { Ending } from '../../src/supervisor/job.js';
import { declare } from '../lanes/fixture.js';
import { wait } from '../helpers/waiting.js';

const fn = declare({ arguments: ['i32'], return: 'i32' });
const limits: CallLimits = {
  timeout: Infinity,
  priority: 0,
  signal: undefined,
  hostTimeout: undefined,
  highWaterMark: undefined,
  attempts: 1,
  session: null,
};

class FakeOwner implements CallOwner {
  readonly endings: Ending[] = [];
  readonly stops: Ending[] = [];
  stop(call: Call, ending: 'cancelled' | 'timed-out', error: OffthreadError): boolean {
    if (call.isSettled) return false;
    this.stops.push(ending);
    call.settle(ending, undefined, error);
    return true;
  }
  onSucceeded(): void {
    this.endings.push('succeeded');
  }
  onSettled(_: Call, ending: Ending): void {
    this.endings.push(ending);
  }
}

function make(): { call: Call; owner: FakeOwner } {
  const owner = new FakeOwner();
  const call = new Call(7, { plain: false, fn, limits, owner }, [1]);
  call.catch(() => {});
  return { call, owner };
}

describe('Call (M2, M4)', () => {
  it('the first ending wins, later ones change nothing, whoever they come from', async () => {
    const end = fc.constantFrom('succeed', 'fail', 'time out', 'cancel', 'abort', 'refuse', 'dispose');
    await fc.assert(
      fc.asyncProperty(fc.array(end, { minLength: 1, maxLength: 6 }), async (ends) => {
        const { call, owner } = make();
        const acts: Record<string, () => void> = {
          succeed: () => call.settle('succeeded', 42, undefined),
          fail: () => call.settle('failed', undefined, new EngineError('failed.')),
          'time out': () => call.settle('timed-out', undefined, new CallTimeoutError('late.')),
          cancel: () => void call.cancel('why'),
          abort: () => call.abort('signal'),
          refuse: () => call.refuse(new EngineError('refused.')),
          dispose: () => call[Symbol.dispose](),
        };
        for (const one of ends) acts[one]?.();
        const first = ends[0] as string;
        const status = {
          succeed: 'succeeded',
          fail: 'failed',
          'time out': 'timed-out',
          cancel: 'cancelled',
          abort: 'cancelled',
          refuse: 'failed',
          dispose: 'cancelled',
        }[first];
        expect(call.state).to.equal(status);
        const record = await call.settled();
        expect(record.status).to.equal(status);
        expect(await call.settled(), 'the same again').to.deep.equal(record);
        if (first === 'succeed') expect(await call).to.equal(42);
        else expect(await call.catch((error: unknown) => error)).to.equal(record.error);
        // A refused call was never its pool's.
        expect(owner.endings).to.deep.equal(first === 'refuse' ? [] : [status]);
        expect(call.cancel()).to.equal(false);
        expect(call.args, 'arguments are let go').to.deep.equal([]);
      }),
      { numRuns: 200 },
    );
  });

  it('a cancel names its reason, and keeps it as the cause', async () => {
    const reason = new Error('the user left');
    const { call } = make();
    expect(call.cancel(reason)).to.equal(true);
    const { error } = await call.settled();
    expect(error).to.be.instanceOf(CallCancelledError);
    expect(error?.message).to.contain('the user left');
    expect(error).to.include({ cause: reason, call: 7, symbol: 'f' });
  });

  it('is a promise like any other, and shows what it is', async () => {
    const { call } = make();
    expect(call).to.be.instanceOf(Promise);
    const then = call.then((value) => Number(value) + 1);
    expect(then).to.not.be.instanceOf(Call);
    expect(call.describe()).to.match(/^NativeCall #7 f <\w+>$/);
    call.settle('succeeded', 1, undefined);
    expect(await then).to.equal(2);
    expect(await Promise.all([call, call])).to.deep.equal([1, 1]);
    expect(call.timing.ranMs, 'it never started').to.equal(undefined);
    expect(call.timing.queuedMs).to.be.at.least(0);
  });

  it('a call that leaves its scope leaves no unhandled rejection', async () => {
    const unhandled: unknown[] = [];
    const hear = (reason: unknown): void => void unhandled.push(reason);
    process.on('unhandledRejection', hear);
    new Call(8, { plain: false, fn, limits, owner: new FakeOwner() }, [1])[Symbol.dispose]();
    await wait(5);
    process.off('unhandledRejection', hear);
    expect(unhandled).to.deep.equal([]);
  });
});
