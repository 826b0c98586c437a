/** M20, M24: HostCalls against a simple model: whatever happens in whatever order, each request is answered once, or its wait was ended otherwise. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HostFunctionError } from '../../../src/errors.js';
import { RecordKind } from '../../../src/shared/memory/record.js';
import { currentInvocation } from '../../../src/supervisor/host-functions/host-context.js';
import { FakeLane, HostBench, deferred, withOptions } from '../fake-lanes.js';
import { turn } from '../lab.js';

const fn = withOptions();
const LANES = 3;

type Answer = 'value' | 'wrong' | 'throws' | 'promise' | 'thenable';
type Step =
  | { readonly kind: 'ask'; readonly lane: number; readonly answer: Answer; readonly wait: boolean }
  | { readonly kind: 'settle'; readonly which: number; readonly rejects: boolean }
  | { readonly kind: 'stop' | 'return' | 'crash' | 'fault'; readonly lane: number }
  | { readonly kind: 'due' };

const lane = fc.nat(LANES - 1);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      lane,
      answer: fc.constantFrom<Answer>('value', 'wrong', 'throws', 'promise', 'promise', 'thenable'),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('settle' as const), which: fc.nat(), rejects: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('stop' as const, 'return' as const, 'crash' as const, 'fault' as const),
      lane,
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'due' as const }) },
);

/** Lanes with a call each, and functions whose promises settle when a step says so. */
class Run {
  readonly bench = new HostBench(1_000);
  readonly lanes: FakeLane[] = [];
  readonly promises: ReturnType<typeof deferred>[] = [];
  /** Requests that a lane was still waiting in when its wait was ended otherwise. */
  readonly ended = new Map<FakeLane, Set<number>>();
  readonly asked = new Map<FakeLane, Set<number>>();
  #id = 0;
  #next: Answer = 'value';

  constructor() {
    for (let index = 0; index < LANES; index += 1) this.#replace(index);
  }

  step(one: Step): void {
    if (one.kind === 'due') {
      this.bench.calls.due(Infinity);
      return;
    }
    if (one.kind === 'settle') {
      const promise = this.promises.splice(one.which % Math.max(this.promises.length, 1), 1)[0];
      if (one.rejects) promise?.reject(new Error('rejected'));
      else promise?.resolve(1);
      return;
    }
    const lane = this.lanes[one.lane] as FakeLane;
    if (one.kind === 'ask' || one.kind === 'fault') {
      // Native code that waits asks nothing; what has failed is not let wait again.
      if (lane.waitsFor !== 0 || lane.job?.callbackState?.failure !== undefined) return;
      this.#next = one.kind === 'ask' ? one.answer : 'value';
      const wait = one.kind === 'ask' && one.wait;
      const request = lane.ask('x', { wait, kind: one.kind === 'fault' ? RecordKind.FAULT : 0 });
      if (wait) this.asked.get(lane)?.add(request);
      this.bench.calls.serve(lane.lane);
      // Asked before it noticed that it is to stop.
      if (lane.job?.stopping !== null) this.#leave(lane);
      return;
    }
    if (one.kind === 'stop') Object.assign(lane.job as object, { stopping: {} });
    this.#leave(lane);
    if (one.kind === 'stop') return;
    Object.assign(lane.job as object, { isSettled: true });
    if (one.kind === 'crash') {
      this.bench.calls.forget(lane.lane);
      this.#replace(one.lane);
    } else this.#begin(lane);
  }

  /** Native code goes on without an answer. */
  #leave(lane: FakeLane): void {
    if (lane.waitsFor !== 0) this.ended.get(lane)?.add(lane.waitsFor);
    lane.waitsFor = 0;
  }

  #begin(lane: FakeLane): void {
    this.#id += 1;
    lane.begin(fn, () => this.#called(), this.#id);
  }

  #replace(index: number): void {
    const lane = new FakeLane(`lane ${index}`);
    this.lanes[index] = lane;
    this.ended.set(lane, new Set());
    this.asked.set(lane, new Set());
    this.#begin(lane);
  }

  #called(): unknown {
    expect(currentInvocation(), 'who runs').to.not.equal(undefined);
    switch (this.#next) {
      case 'value':
        return 1;
      case 'wrong':
        return 'wrong';
      case 'throws':
        throw new Error('threw');
      default: {
        const later = deferred();
        this.promises.push(later);
        if (this.#next === 'promise') return later.promise;
        // oxlint-disable-next-line unicorn/no-thenable
        return { then: (resolve: never, reject: never) => later.promise.then(resolve, reject) };
      }
    }
  }
}

describe('HostCalls, in any order of events', () => {
  it('each request is answered once and while it is waited for, or its wait was ended otherwise', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60, size: 'max' }),
        async (steps) => {
          const run = new Run();
          for (const [one, turns] of steps) {
            run.step(one);
            if (turns) await turn();
          }
          // What still runs has a value in the end.
          for (const promise of run.promises.splice(0)) promise.resolve(1);
          await turn();
          await turn();
          for (const [lane, asked] of run.asked) {
            const ended = run.ended.get(lane) as Set<number>;
            for (const request of asked) {
              const answered = lane.answers.has(request);
              expect(answered !== ended.has(request), `request ${request} of ${lane.name}`).to.equal(true);
            }
            expect(run.bench.calls.waitingIn(lane.lane)).to.equal(null);
          }
          expect(currentInvocation()).to.equal(undefined);
          const failures = run.lanes
            .map(({ job }) => job?.callbackState?.failure ?? null)
            .filter((one) => one !== null);
          expect(
            failures.every((one) => one instanceof HostFunctionError || one.kind === 'timeout'),
          ).to.equal(true);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('nothing is followed any more once every function has come to its end or is waited for by nobody', async () => {
    const bench = new HostBench(1_000);
    const lane = new FakeLane('one');
    lane.begin(fn, () => new Promise(() => {}), 1);
    lane.ask(1);
    bench.calls.serve(lane.lane);
    bench.calls.due(Infinity);
    // Were it still followed, code after it would be taken for its own.
    let origin: unknown = 'not called';
    lane.waitsFor = 0;
    lane.begin(
      fn,
      async () => {
        await turn();
        origin = currentInvocation();
        return 1;
      },
      2,
    );
    const request = lane.ask(1);
    bench.calls.serve(lane.lane);
    await turn();
    await turn();
    expect(origin).to.include({ request });
    expect(lane.answers.get(request)).to.equal(1);
    expect(currentInvocation()).to.equal(undefined);
  });
});
