/** M36: the parts that a load is measured with, on data whose answers are known. */
import { expect } from 'chai';
import { arrivalsOf } from '../../../../src/cli/stress/load/arrivals.js';
import { findLimit } from '../../../../src/cli/stress/load/find-limit.js';
import { Latencies, supports } from '../../../../src/cli/stress/record/latencies.js';
import type { LoadMeasurement, OpenModel } from '../../../../src/cli/stress/load/load-types.js';
import { judge, objectiveOf } from '../../../../src/cli/stress/load/objectives.js';
import { Recorder } from '../../../../src/cli/stress/record/recorder.js';
import { Timeline } from '../../../../src/cli/stress/record/timeline.js';
import { UsageError } from '../../../../src/cli/console/usage-error.js';

const OPEN: OpenModel = { kind: 'open', from: 100, to: 100, arrivals: 'even', maxInFlight: 10 };

/** Arrivals before a time. */
function arrivalsBefore(model: OpenModel, holdMs: number, rampMs: number, ms: number, seed = 1): number {
  const arrivals = arrivalsOf(model, holdMs, rampMs, seed);
  let count = 0;
  for (; arrivals.next < ms; arrivals.advance()) count += 1;
  return count;
}

/** What an M/M/1 queue with a service of 1 ms would show, as far as limits need it. */
function measured(rate: number): LoadMeasurement {
  const recorder = new Recorder({ model: OPEN, warmupMs: 0, durationMs: 1_000, count: Infinity, seed: 1 });
  recorder.measure(0, 1_000);
  const reached = Math.min(rate, 1_000);
  const meanMs = rate < 1_000 ? 1 / (1 - rate / 1_000) : 1_000;
  for (let call = 0; call < reached; call += 1) {
    const dueAt = (call / reached) * 990;
    recorder.due(dueAt, dueAt, true);
    const total = -Math.log(1 - (call + 0.5) / reached) * meanMs;
    recorder.succeeded({ dueAt: 0, madeAt: 0, endedAt: Math.min(999, total), startedAt: total, ranMs: 1 });
  }
  return recorder.measurement(false);
}

describe('parts of a load', () => {
  it('a percentile is shown only where 10 samples lie beyond it', () => {
    expect([supports(19, 0.5), supports(20, 0.5)]).to.deep.equal([false, true]);
    expect([supports(999, 0.99), supports(1_000, 0.99)]).to.deep.equal([false, true]);
    expect([supports(9_999, 0.999), supports(10_000, 0.999)]).to.deep.equal([false, true]);
    const few = new Latencies();
    for (let ms = 1; ms <= 50; ms += 1) few.record(ms);
    const { p50, p90, p99, max, samples } = few.digest();
    expect(p50).to.be.closeTo(25, 0.05);
    expect([p90, p99, max, samples]).to.deep.equal([null, null, 50, 50]);
    expect(new Latencies().digest()).to.include({ samples: 0, min: null, p50: null, max: null });
  });

  it('percentiles are exact to a thousandth, in memory that does not grow', () => {
    const latencies = new Latencies();
    for (let call = 1; call <= 100_000; call += 1) latencies.record(call / 1_000);
    const bytes = latencies.histogram.estimatedFootprintInBytes;
    for (const [share, ms] of [
      [0.5, 50],
      [0.99, 99],
      [0.999, 99.9],
    ] as const) {
      expect(latencies.percentile(share)).to.be.closeTo(ms, ms / 900);
    }
    for (let call = 1; call <= 100_000; call += 1) latencies.record(call / 1_000);
    expect(latencies.histogram.estimatedFootprintInBytes).to.equal(bytes);
    expect(bytes).to.be.below(500_000);
  });

  it('even arrivals come at even distances; random ones as often', () => {
    expect(arrivalsBefore(OPEN, 0, 0, 10_000)).to.equal(1_000);
    const arrivals = arrivalsOf(OPEN, 0, 0, 1);
    arrivals.advance();
    expect(arrivals.next).to.equal(10);
    const random = { ...OPEN, arrivals: 'poisson' } as const;
    // 10,000 are expected, with a standard deviation of 100.
    expect(arrivalsBefore(random, 0, 0, 100_000)).to.be.within(9_500, 10_500);
    expect(arrivalsBefore(random, 0, 0, 1_000, 2)).to.not.equal(arrivalsBefore(random, 0, 0, 1_000, 3));
  });

  it('a ramp changes the rate evenly, after a warm-up with its first rate', () => {
    const ramp = { ...OPEN, from: 100, to: 300 };
    const during = (from: number, to: number): number =>
      arrivalsBefore(ramp, 1_000, 10_000, to) - arrivalsBefore(ramp, 1_000, 10_000, from);
    expect(during(0, 1_000)).to.equal(100);
    expect(during(1_000, 2_000)).to.be.closeTo(110, 1);
    expect(during(5_500, 6_500)).to.be.closeTo(200, 1);
    expect(during(10_000, 11_000)).to.be.closeTo(290, 1);
    expect(during(1_000, 11_000)).to.be.closeTo(2_000, 1);
    const down = { ...OPEN, from: 300, to: 100 };
    expect(arrivalsBefore(down, 0, 10_000, 10_000)).to.be.closeTo(2_000, 1);
  });

  it('a long time line keeps its counts when neighbours become one', () => {
    const timeline = new Timeline();
    for (let second = 1; second <= 5_000; second += 1) {
      timeline.counts.succeeded += 3;
      for (let call = 0; call < 3; call += 1) timeline.latencies.record(second);
      timeline.close(second * 1_000, 0, () => {});
    }
    const points = timeline.points();
    expect(points.length).to.be.within(900, 1_900);
    expect(points.reduce((sum, { succeeded }) => sum + succeeded, 0)).to.equal(15_000);
    expect(points.at(-1)).to.include({ atMs: 5_000_000, max: 5_000 });
    for (const { rate } of points) expect(rate).to.be.closeTo(3, 1e-9);
  });

  it('objectives are read with their units', () => {
    for (const [text, limit] of [
      ['p99<5ms', 5],
      ['p99.9 <= 250us', 0.25],
      ['run.p50<1s', 1_000],
      ['rate>1000', 1_000],
      ['rate>=10/s', 10],
      ['errors<1%', 0.01],
      ['errors<=0', 0],
    ] as const) {
      expect(objectiveOf(text).limit, text).to.equal(limit);
    }
    for (const text of ['p99<5', 'p98<5ms', 'rate>5ms', 'run.rate>5', 'faster', 'p99=5ms', 'errors<5ms']) {
      expect(() => objectiveOf(text), text).to.throw(UsageError, text);
    }
  });

  it('an objective that too few calls can support is not met', () => {
    const few = measured(100);
    expect(judge(objectiveOf('p99<1s'), few)).to.include({ met: false, measured: null });
    expect(judge(objectiveOf('p50<1s'), few)).to.include({ met: true });
    expect(judge(objectiveOf('rate>99'), few)).to.include({ met: true });
    expect(judge(objectiveOf('rate>101'), few)).to.include({ met: false });
    expect(judge(objectiveOf('errors<1%'), few)).to.include({ met: true, measured: 0 });
  });

  it('the limit is found where the objective breaks, within 5 %', async () => {
    const limit = (start: number, ...slo: string[]): ReturnType<typeof findLimit> =>
      findLimit(
        start,
        slo.map(objectiveOf),
        (rate) => Promise.resolve(measured(rate)),
        new AbortController().signal,
        () => {},
      );
    // The median of an exponential distribution is ln 2 of its mean: 5 ms is reached at 861 calls a second.
    const found = await limit(50, 'p50<5ms');
    expect(found.rate).to.be.within(800, 865);
    expect(found.brokeAt).to.be.within(855, 910);
    expect((found.brokeAt as number) / (found.rate as number)).to.be.at.most(1.05);
    // Too high to begin with.
    expect((await limit(4_000, 'p50<5ms')).rate).to.be.within(800, 865);
    // Without an objective, it has to keep up.
    expect((await limit(50)).rate).to.be.within(950, 1_060);
    expect((await limit(50, 'p50<0.1us')).rate).to.equal(null);
  });
});
