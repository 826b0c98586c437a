/** M36: loads on a real library: what is counted, and from when times count. */
import { expect } from 'chai';
import { type Pool, createPool } from 'offthread';
import { Latencies } from '../../../../src/cli/stress/record/latencies.js';
import type { LoadModel, LoadPlan } from '../../../../src/cli/stress/load/load-types.js';
import {
  type LoadHooks,
  type MeasuredLoad,
  measureLoad,
} from '../../../../src/cli/stress/load/measure-load.js';
import { openTarget } from '../../../../src/cli/target/open-target.js';
import { targetOf } from '../../../../src/cli/target/target-options.js';
import { scalingLibrary } from '../../../helpers/scaling-library.js';

const CLOSED: LoadModel = { kind: 'closed', concurrency: 4 };
const PLAN: LoadPlan = { model: CLOSED, warmupMs: 0, durationMs: 300, count: Infinity, seed: 1 };

function open(rate: number, maxInFlight = 100_000): LoadModel {
  return { kind: 'open', from: rate, to: rate, arrivals: 'even', maxInFlight };
}

describe('a load on a library', () => {
  let pool: Pool;

  before(() => {
    pool = createPool({ lanes: 2, maxQueue: 100_000 });
  });
  after(() => pool.destroy());

  async function load(
    symbol: string,
    argument: number | ((item: number) => number),
    plan: Partial<LoadPlan>,
    hooks: LoadHooks = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<MeasuredLoad> {
    const options = { outParameter: [], inoutParameter: [], engine: 'auto' } as const;
    const target = targetOf(scalingLibrary(), `int ${symbol}(unsigned us)`, options);
    const { fn } = await openTarget(pool, target);
    const source = {
      fixed: true,
      values: (item: number) => [typeof argument === 'number' ? argument : argument(item)],
    };
    return measureLoad(fn, source, { ...PLAN, ...plan }, signal, hooks);
  }

  it('closed: makes as many calls as asked for, and splits their time', async () => {
    const { measurement, nextItem } = await load('rests', 2_000, { count: 100, durationMs: 1e9 });
    expect(nextItem).to.equal(100);
    expect(measurement.calls).to.deep.equal({
      arrivals: 100,
      succeeded: 100,
      failed: 0,
      failures: {},
      late: 0,
      dropped: 0,
    });
    const { total, queue, run, lag } = measurement.latency;
    for (const { samples } of [total, queue, run]) expect(samples).to.equal(100);
    expect(lag).to.equal(null);
    expect(run.min).to.be.at.least(2);
    // Four calls on two lanes: each waits for about one other.
    expect(queue.p50).to.be.at.least(1);
    expect(total.mean).to.be.at.least((queue.mean ?? 0) + (run.mean ?? 0) - 0.01);
    // Two lanes that rest for 2 ms make at most 1,000 calls a second.
    expect(measurement.rate).to.be.within(10, 1_000);
  });

  it('open: every arrival of the schedule is made or dropped, none is invented', async () => {
    const { measurement, nextItem } = await load('rests', 2_000, { model: open(5_000, 20) });
    const { arrivals, succeeded, failed, dropped } = measurement.calls;
    expect(arrivals).to.equal(1_500);
    expect(nextItem).to.equal(1_500);
    expect(succeeded + failed + dropped).to.equal(1_500);
    expect(failed).to.equal(0);
    // 1,000 a second at most are done, and 20 are in flight.
    expect(dropped).to.be.at.least(1_100);
  });

  it('open: a stall shows in every call that it held up', async () => {
    const stallMs = 150;
    const stall = (item: number): number => {
      const end = performance.now() + (item === 20 ? stallMs : 0);
      while (performance.now() < end);
      return 0;
    };
    const { measurement } = await load('rests', stall, { model: open(500) });
    expect(measurement.calls.arrivals).to.equal(150);
    expect(measurement.calls.dropped).to.equal(0);
    // 75 calls were due while this thread was stalled, before it made the next.
    expect(measurement.calls.late).to.be.at.least(70);
    expect(measurement.latency.total.max).to.be.at.least(stallMs - 5);
    expect(measurement.latency.total.p50).to.be.at.least(1);
    expect(measurement.latency.lag?.max).to.be.at.least(stallMs - 10);
  });

  it('leaves the warm-up out, and tells of every interval with its histogram', async () => {
    let intervals = 0;
    let told = 0;
    const { measurement, nextItem } = await load(
      'rests',
      1_000,
      { warmupMs: 200, durationMs: 1_700 },
      {
        onTick: (point, total) => {
          intervals += 1;
          told += total.totalCount;
          expect(total.totalCount).to.equal(point.succeeded);
        },
      },
    );
    expect(nextItem).to.be.above(measurement.calls.arrivals);
    expect(intervals).to.be.at.least(1);
    expect(measurement.timeline.length).to.equal(intervals);
    expect(measurement.timeline.at(-1)?.atMs).to.be.closeTo(1_700, 1e-6);
    expect(Math.round((measurement.rate * 1_700) / 1_000)).to.equal(told);
  });

  it('counts failed calls by kind, and tells which inputs failed', async () => {
    const target = targetOf(scalingLibrary(), 'int picky(int value)', {
      outParameter: [],
      inoutParameter: [],
      engine: 'auto',
      fails: 'negative',
    });
    const { fn } = await openTarget(pool, target);
    const source = { fixed: false, values: (item: number) => [item % 2 === 0 ? 5 : 0] };
    const items: number[] = [];
    const onFailure = (_error: unknown, item: number): unknown => items.push(item);
    const plan = { ...PLAN, count: 20 };
    const { measurement } = await measureLoad(fn, source, plan, new AbortController().signal, { onFailure });
    expect(measurement.calls).to.include({ arrivals: 20, succeeded: 10, failed: 10 });
    expect(measurement.calls.failures).to.deep.equal({ native: 10 });
    expect(items.toSorted((one, other) => one - other)).to.deep.equal([0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
    expect(measurement.errors).to.have.length(1);
    expect(measurement.errors[0]).to.include({ kind: 'native', count: 10 });
    // Two lanes end their calls in any order.
    expect(measurement.errors[0]?.item).to.equal(items[0]);
    expect(measurement.latency.total.samples).to.equal(10);
  });

  for (const model of [CLOSED, open(500)]) {
    it(`ends early when asked to, with what was measured (${model.kind})`, async () => {
      const stop = new AbortController();
      const argument = (item: number): number => {
        if (item === 20) stop.abort();
        return 2_000;
      };
      const { measurement } = await load('rests', argument, { model, durationMs: 1e9 }, {}, stop.signal);
      expect(measurement.interrupted).to.equal(true);
      expect(measurement.measuredMs).to.be.within(1, 15_000);
      expect(measurement.calls.succeeded).to.be.within(20, 200);
      expect(measurement.calls.succeeded).to.equal(measurement.calls.arrivals);
    });
  }

  it('latencies below zero, by clocks of two threads, count as zero', () => {
    const latencies = new Latencies();
    latencies.record(-0.001);
    expect(latencies.digest()).to.include({ samples: 1, min: 0, max: 0 });
  });
});
