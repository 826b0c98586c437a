/** M20, M24: functions that native code calls on the host: one answer each, and only while native code waits for it. */
import { expect } from 'chai';
import { CallTimeoutError, HostFunctionError } from '../../../src/errors.js';
import { currentInvocation } from '../../../src/supervisor/host-functions/host-context.js';
import { FakeLane, HostBench, deferred, withOptions } from '../fake-lanes.js';
import { turn } from '../lab.js';

const plain = withOptions();

/** Native code asks once, and the host serves it. */
function once(
  given: unknown,
  { fn = plain, bench = new HostBench(), wait = true } = {},
): { bench: HostBench; lane: FakeLane; request: number; failure(): Error | null } {
  const lane = new FakeLane('one');
  const job = lane.begin(fn, given, 11);
  const request = lane.ask(5, { wait });
  expect(bench.calls.serve(lane.lane)).to.equal(1);
  return { bench, lane, request, failure: () => job.callbackState?.failure ?? null };
}

describe('HostCalls', () => {
  it('answers with the value, at once or when a promise has it', async () => {
    const now = once((x: number) => x + 1);
    expect(now.lane.answers.get(now.request)).to.equal(6);
    const { promise, resolve } = deferred();
    const later = once(() => promise);
    expect([later.lane.answers.size, later.bench.waits]).to.deep.equal([0, 1]);
    expect(later.bench.calls.waitingIn(later.lane.lane)?.request).to.equal(later.request);
    resolve(7);
    await turn();
    expect(later.lane.answers.get(later.request)).to.equal(7);
    expect(later.bench.calls.waitingIn(later.lane.lane)).to.equal(null);
    expect([now.failure(), later.failure()]).to.deep.equal([null, null]);
  });

  it('what a function throws is the very cause of its call’s failure, and native code gets none', async () => {
    for (const thrown of [new Error('oops'), 'oops', undefined, null, Object.create(null)]) {
      const ways: readonly ((x: number) => unknown)[] = [
        () => {
          // oxlint-disable-next-line typescript/only-throw-error
          throw thrown;
        },
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        () => Promise.reject(thrown),
      ];
      for (const way of ways) {
        const { lane, request, failure, bench } = once(way);
        await turn();
        expect(failure()).to.be.instanceOf(HostFunctionError);
        expect(failure()?.cause).to.equal(thrown);
        expect(lane.answers.get(request)).to.equal('none');
        expect([lane.trips, bench.strays]).to.deep.equal([[3], []]);
        expect(lane.nudges).to.be.above(0);
      }
    }
  });

  it('a value of another type, and a promise where none may be, are failures', async () => {
    for (const [fn, value, code] of [
      [plain, 'seven', 'OFFTHREAD_HOST_FUNCTION_RESULT'],
      [plain, 1.5, 'OFFTHREAD_HOST_FUNCTION_RESULT'],
      [plain, Promise.resolve(undefined), 'OFFTHREAD_HOST_FUNCTION_RESULT'],
      [withOptions({ sync: true }), Promise.resolve(1), 'OFFTHREAD_HOST_FUNCTION_ASYNC'],
      [withOptions({}, 'void'), 'anything', undefined],
    ] as const) {
      const { lane, request, failure } = once(() => value, { fn });
      await turn();
      expect((failure() as HostFunctionError | null)?.code).to.equal(code);
      expect(lane.answers.get(request)).to.equal(code === undefined ? 'anything' : 'none');
    }
  });

  it('objects that are meant to break it break nothing', async () => {
    const boom = (): never => {
      throw new Error('boom');
    };
    const strange = (object: object, property: string, descriptor: PropertyDescriptor): unknown =>
      Object.defineProperty(object, property, descriptor);
    const evils: readonly (() => unknown)[] = [
      () => strange({}, 'then', { get: boom }),
      () => strange({}, 'then', { value: boom }),
      () => new Proxy({}, { get: boom }),
      () => strange(Promise.resolve(1), 'constructor', { get: boom }),
      () => strange(Promise.resolve(1), 'then', { value: boom }),
      () => strange(Promise.resolve(1), 'then', { get: boom }),
    ];
    for (const evil of evils) {
      const { lane, request, failure } = once(evil);
      await turn();
      expect(failure()).to.be.instanceOf(HostFunctionError);
      expect(lane.answers.get(request)).to.equal('none');
      expect(currentInvocation()).to.equal(undefined);
    }
  });

  it('only the first answer of a thenable counts, and what runs is still known afterwards', async () => {
    const { lane, request, failure } = once(() => ({
      // oxlint-disable-next-line unicorn/no-thenable
      then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
        resolve(1);
        resolve(2);
        reject(new Error('late'));
      },
    }));
    await turn();
    await turn();
    expect([lane.answers.get(request), failure()]).to.deep.equal([1, null]);
    let seen: unknown;
    const next = once(() => {
      seen = currentInvocation();
      return 1;
    });
    expect(seen).to.include({ lane: next.lane, request: next.request });
  });

  it('an answer that comes too late is dropped: stopped, settled, out of time, lane gone, or next question', async () => {
    const ends: Record<string, (at: ReturnType<typeof once>) => void> = {
      stopped: ({ lane }) => void Object.assign(lane.job as object, { stopping: {} }),
      settled: ({ lane }) => void Object.assign(lane.job as object, { isSettled: true }),
      forgotten: ({ lane, bench }) => bench.calls.forget(lane.lane),
      overdue: ({ bench }) => void bench.calls.due(performance.now() + 60_000),
    };
    for (const [how, end] of Object.entries(ends)) {
      for (const settle of ['resolve', 'reject'] as const) {
        const late = deferred();
        const at = once(() => late.promise);
        end(at);
        at.lane.waitsFor = 0;
        late[settle](1);
        await turn();
        expect(at.lane.answers.get(at.request), how).to.equal(how === 'overdue' ? 'none' : undefined);
        expect(at.bench.calls.waitingIn(at.lane.lane)).to.equal(null);
        expect(at.bench.strays, `${how}: nobody is told`).to.deep.equal([]);
      }
    }
  });

  it('time: the call’s, else the declaration’s, else the pool’s; and its end is told once', () => {
    const never = (): Promise<unknown> => new Promise(() => {});
    for (const [own, declared, pool, ms] of [
      [50, 200, 1_000, 50],
      [undefined, 200, 1_000, 200],
      [undefined, undefined, 1_000, 1_000],
      [Infinity, 200, 1_000, Infinity],
      [undefined, 0, 1_000, Infinity],
      [undefined, undefined, Infinity, Infinity],
    ] as const) {
      const bench = new HostBench(pool);
      const lane = new FakeLane('one');
      const job = lane.begin(withOptions(declared === undefined ? {} : { timeout: declared }), never, 3);
      Object.assign(job, { hostTimeout: own });
      const before = performance.now();
      const request = lane.ask(1);
      bench.calls.serve(lane.lane);
      const due = bench.calls.due(before);
      if (ms === Infinity) expect(due).to.equal(Infinity);
      else expect(due).to.be.within(before + ms, performance.now() + ms);
      expect(bench.looks).to.deep.equal([due]);
      if (ms === Infinity) continue;
      expect(bench.calls.due(due)).to.equal(Infinity);
      expect(lane.answers.get(request)).to.equal('none');
      expect(job.callbackState?.failure)
        .to.be.instanceOf(CallTimeoutError)
        .with.property('code', 'OFFTHREAD_HOST_FUNCTION_TIMEOUT');
      expect(bench.calls.due(Infinity)).to.equal(Infinity);
    }
  });

  it('may be entered again: a function has other lanes served, and its own', () => {
    const bench = new HostBench();
    const [first, second] = [new FakeLane('first'), new FakeLane('second')];
    const order: string[] = [];
    const outer = (): number => {
      order.push('outer');
      bench.calls.serve(second.lane);
      bench.calls.serve(first.lane);
      order.push('outer ends');
      return 1;
    };
    first.begin(plain, outer, 1);
    second.begin(plain, () => order.push('inner') && 2, 2);
    const [one, two] = [first.ask(1), second.ask(2)];
    expect(bench.calls.serve(first.lane)).to.equal(1);
    expect(order).to.deep.equal(['outer', 'inner', 'outer ends']);
    expect([first.answers.get(one), second.answers.get(two)]).to.deep.equal([1, 2]);
  });

  it('requests for what is not there any more are declined: of an earlier call, or a closed callback', () => {
    const bench = new HostBench();
    const lane = new FakeLane('one');
    const job = lane.begin(plain, () => 1, 1);
    const stale = lane.ask(1);
    job.isSettled = true;
    const closed = ((): number => {
      bench.calls.serve(lane.lane);
      lane.begin(plain, () => 1, 2);
      return lane.ask(1, { target: -9 });
    })();
    bench.calls.serve(lane.lane);
    expect([lane.answers.get(stale), lane.answers.get(closed)]).to.deep.equal(['none', 'none']);
    expect(bench.strays).to.deep.equal([]);
  });

  it('a persistent callback fails the call that it was called in, or is told as a unowned', async () => {
    const bench = new HostBench();
    bench.persistent(4, () => Promise.reject(new Error('in vain')));
    const inside = new FakeLane('inside');
    const job = inside.begin(plain, null, 1);
    const outside = new FakeLane('outside');
    const requests = [inside.ask(1, { target: -4 }), outside.ask(1, { target: -4 })] as const;
    bench.calls.serve(inside.lane);
    bench.calls.serve(outside.lane);
    await turn();
    expect([inside.answers.get(requests[0]), outside.answers.get(requests[1])]).to.deep.equal([
      'none',
      'none',
    ]);
    expect(job.callbackState?.failure?.message).to.match(/in vain/);
    expect(bench.strays.map(({ message }) => message)).to.have.length(1);
  });
});
