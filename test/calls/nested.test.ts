/** M31: calls that functions of the host make: one that would never start is ended, and no other. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Call, type CallLimits } from '../../src/calls/call.js';
import { NestedCalls } from '../../src/calls/nested.js';
import { DeadlockError, callback, createPool } from '../../src/index.js';
import { enterInvocation, leaveInvocation } from '../../src/supervisor/host-functions/host-context.js';
import type { Invocation } from '../../src/supervisor/host-functions/invocation.js';
import { testlib } from '../helpers/testlib.js';
import { declare } from '../lanes/fixture.js';
import { inTime, turn } from '../supervisor/lab.js';

const fn = declare({ arguments: [], return: 'void' });
const limits: CallLimits = {
  timeout: Infinity,
  priority: 0,
  signal: undefined,
  hostTimeout: undefined,
  highWaterMark: undefined,
  attempts: 1,
  session: null,
};

/** A pool of lanes that wait, each for a function or for none. */
class Bench {
  /** What each lane waits for. */
  readonly lanes: (Invocation | null)[];
  readonly abandoned: { readonly call: Call; readonly error: DeadlockError }[] = [];
  /** Times that somebody looked at the lanes. */
  looks = 0;
  readonly nested: NestedCalls;

  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => null);
    this.nested = new NestedCalls({
      allWait: (holds) => {
        this.looks += 1;
        return this.lanes.every((invocation) => invocation !== null && holds(invocation));
      },
      abandon: (call, error) => {
        this.abandoned.push({ call, error });
        call.settle('failed', undefined, error);
      },
    });
  }

  /** A lane waits for a function, which makes calls. */
  wait(lane: number, calls: number): { invocation: Invocation; calls: Call[] } {
    const invocation = { request: lane + 1, followed: true } as Invocation;
    this.lanes[lane] = invocation;
    const made = enterInvocation(invocation, () => Array.from({ length: calls }, () => this.make()));
    return { invocation, calls: made };
  }

  /** The function of a lane comes to its end, and the lane goes on. */
  answer(lane: number): void {
    const invocation = this.lanes[lane];
    if (invocation !== null && invocation !== undefined) leaveInvocation(invocation);
    this.lanes[lane] = null;
  }

  make(): Call {
    const id = ++ids;
    const owner = {
      stop: () => false,
      onSucceeded: (call: Call) => this.nested.settled(call),
      onSettled: (call: Call) => this.nested.settled(call),
    };
    const call = new Call(id, { plain: false, fn, limits, owner }, []);
    call.catch(() => {});
    this.nested.made(call);
    return call;
  }

  end(): void {
    for (let lane = 0; lane < this.lanes.length; lane += 1) this.answer(lane);
  }
}

let ids = 0;

async function withBench(lanes: number, test: (bench: Bench) => Promise<void> | void): Promise<void> {
  const bench = new Bench(lanes);
  try {
    await test(bench);
  } finally {
    bench.end();
  }
}

describe('NestedCalls', () => {
  it('ends the newest call when every lane waits for a function that waits for one, and then the next', async () => {
    await withBench(2, async (bench) => {
      const [first, second] = [bench.wait(0, 1), bench.wait(1, 2)] as const;
      bench.nested.changed();
      expect(bench.abandoned, 'not in the same turn').to.deep.equal([]);
      await turn();
      expect(bench.abandoned.map(({ call }) => call)).to.deep.equal([second.calls[1]]);
      expect(bench.abandoned[0]?.error).to.be.instanceOf(DeadlockError);
      expect(bench.abandoned[0]?.error).to.include({ call: second.calls[1]?.id, symbol: 'f' });
      await turn();
      await turn();
      await turn();
      // Without that one, the function of the second lane waits for none: it may go on.
      expect(bench.abandoned.map(({ call }) => call)).to.deep.equal([second.calls[1], second.calls[0]]);
      expect(first.calls[0]?.state).to.equal('queued');
    });
  });

  it('ends none while a lane is free, or waits for a function that has made none', async () => {
    await withBench(2, async (bench) => {
      bench.wait(0, 1);
      bench.nested.changed();
      await turn();
      bench.wait(1, 0);
      bench.nested.changed();
      await turn();
      expect(bench.abandoned).to.deep.equal([]);
      expect(bench.looks).to.equal(2);
    });
  });

  it('ends none of a function that has answered meanwhile, nor any that nobody waits for', async () => {
    await withBench(1, async (bench) => {
      const { invocation } = bench.wait(0, 2);
      bench.nested.changed();
      bench.answer(0);
      // The next function makes none; and what the last one left behind may call on.
      bench.wait(0, 0);
      void enterInvocation({ ...invocation, followed: false }, () => bench.make());
      void bench.make();
      await turn();
      expect(bench.abandoned).to.deep.equal([]);
    });
  });

  it('looks once a turn, and not at all while functions make no calls', async () => {
    await withBench(1, async (bench) => {
      bench.wait(0, 0);
      bench.nested.changed();
      await turn();
      expect(bench.looks).to.equal(0);
      bench.answer(0);
      const { calls } = bench.wait(0, 1);
      for (let times = 0; times < 10; times += 1) bench.nested.changed();
      calls[0]?.settle('succeeded', 1, undefined);
      await turn();
      expect([bench.looks, bench.abandoned.length]).to.deep.equal([0, 0]);
    });
  });

  it('is what a simple model says, for any lanes, functions and calls', async () => {
    const lane = fc.record({
      waits: fc.boolean(),
      calls: fc.integer({ min: 0, max: 3 }),
      settled: fc.nat(3),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(lane, { minLength: 1, maxLength: 4 }), async (lanes) => {
        await withBench(lanes.length, async (bench) => {
          const all: { call: Call; lane: number }[] = [];
          lanes.forEach(({ waits, calls, settled }, index) => {
            const made = bench.wait(index, calls);
            if (!waits) bench.answer(index);
            made.calls.forEach((call, nth) => {
              if (nth < settled) call.settle('succeeded', 1, undefined);
              else all.push({ call, lane: index });
            });
          });
          const expected: Call[] = [];
          const stuck = (): boolean =>
            lanes.every(({ waits }, index) => waits && all.some((one) => one.lane === index));
          while (stuck()) expected.push((all.pop() as { call: Call }).call);
          bench.nested.changed();
          for (let turns = 0; turns < 15; turns += 1) await turn();
          expect(bench.abandoned.map(({ call }) => call.id)).to.deep.equal(expected.map(({ id }) => id));
        });
      }),
      { numRuns: 100 },
    );
  });
});

describe('calls of functions on the host, in a pool', () => {
  const declarations = {
    call: {
      symbol: 'ot_call_callback',
      arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'],
      return: 'i32',
    },
    add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
    sleep: { symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' },
  } as const;

  it('wait for a lane that is about to be replaced, instead of being told of a deadlock', async () => {
    const pool = createPool({ lanes: 2, grace: 10 });
    try {
      const lib = await pool.open(testlib, declarations, { engine: 'koffi' });
      while (pool.stats().lanes.idle < 2) await turn();
      const stuck = lib.sleep(300);
      stuck.catch(() => {});
      while (stuck.state !== 'running') await turn();
      const outer = lib.call(async (x) => {
        // Nothing can stop it: its lane is lost, and a new one comes.
        stuck.cancel();
        return await lib.add(x, 5);
      }, 1);
      expect(await inTime(outer, 'the outer call')).to.equal(5);
    } finally {
      await pool.close({ timeout: 2_000 });
    }
  });

  it('are told of a deadlock soon when the only lane waits for them', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      const lib = await pool.open(testlib, declarations, { engine: 'koffi' });
      const seen: unknown[] = [];
      const outer = lib.call((x) => lib.add(x, 5).catch((error: unknown) => (seen.push(error), 7)), 3);
      expect(await inTime(outer, 'the outer call')).to.equal(21);
      expect(seen).to.have.length(3);
      expect(seen.every((error) => error instanceof DeadlockError)).to.equal(true);
    } finally {
      await pool.close({ timeout: 2_000 });
    }
  });
});
