/** M36, B8: intervals of stress runs hold the truth as often as they say, on data whose truth is known. */
import { expect } from 'chai';
import { slow } from '../../../helpers/fast-run.js';
import { Draw } from '../../../../src/cli/stress/arguments/random.js';
import {
  fitKind,
  fitLaw,
  type Law,
  type Point,
  rateWith,
} from '../../../../src/cli/stress/lanes/scalability-law.js';
import { bootstrap, mean, median, quantile } from '../../../../src/cli/stress/statistics/bootstrap.js';
import { normalBelow, student } from '../../../../src/cli/stress/statistics/normal.js';

/** Standard normal numbers, by Box and Muller. */
function normals(seed: number): () => number {
  const draw = new Draw().start(seed, 9, 9);
  return () => Math.sqrt(-2 * Math.log(1 - draw.unit())) * Math.cos(2 * Math.PI * draw.unit());
}

describe('statistics of stress runs', () => {
  it('know the normal distribution and Student’s', () => {
    expect(normalBelow(0)).to.be.closeTo(0.5, 1e-6);
    expect(normalBelow(1.959964)).to.be.closeTo(0.975, 1e-6);
    expect(normalBelow(-2.5758)).to.be.closeTo(0.005, 1e-5);
    expect(student(9)).to.equal(2.262);
    expect(student(60)).to.be.closeTo(2.0003, 2e-3);
  });

  it('find quantiles, also between two values', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).to.equal(2.5);
    expect(median([5, 1, 3])).to.equal(3);
    expect(quantile([], 0.5)).to.be.NaN;
  });

  for (const rounds of [6, 10, 20]) {
    it(`an interval of the mean of ${rounds} rounds holds the truth in about 95 % of runs`, () => {
      const runs = 200;
      let held = 0;
      for (let run = 0; run < runs; run += 1) {
        const normal = normals(run + 1);
        const values = Array.from({ length: rounds }, () => 100 + 10 * normal());
        const [[low, high] = [0, 0]] = bootstrap(values, (sample) => [mean(sample)], run);
        if (low <= 100 && 100 <= high) held += 1;
      }
      // 190 are expected, with a standard deviation of 3.1.
      expect(held / runs).to.be.within(0.92, 0.99);
    });
  }

  it('the law is found exactly where there is no noise', () => {
    for (const law of [
      { kind: 'universal' as const, single: 1_000, serialised: 0, crosstalk: 0 },
      { kind: 'universal' as const, single: 5, serialised: 1, crosstalk: 0 },
      { kind: 'universal' as const, single: 20_000, serialised: 0.3, crosstalk: 0 },
      { kind: 'universal' as const, single: 20_000, serialised: 0.05, crosstalk: 0.02 },
      { kind: 'universal' as const, single: 300, serialised: 0, crosstalk: 0.1 },
    ]) {
      const found = fitLaw([1, 2, 4, 8].map((lanes) => ({ lanes, rate: rateWith(law, lanes) })));
      expect(found.single).to.be.closeTo(law.single, law.single * 1e-6);
      expect(found.serialised).to.be.closeTo(law.serialised, 1e-6);
      expect(found.crosstalk).to.be.closeTo(law.crosstalk, 1e-6);
    }
  });

  it('the law of two numbers of lanes has no crosstalk, and that of one neither', () => {
    const law: Law = { kind: 'universal', single: 100, serialised: 0.5, crosstalk: 0 };
    const found = fitLaw([1, 2].map((lanes) => ({ lanes, rate: rateWith(law, lanes) })));
    expect(found.serialised).to.be.closeTo(0.5, 1e-6);
    expect(found.crosstalk).to.equal(0);
    expect(fitLaw([{ lanes: 1, rate: 7 }])).to.deep.equal({
      kind: 'universal',
      single: 7,
      serialised: 0,
      crosstalk: 0,
    });
  });

  it('a bottleneck is told from the universal law', () => {
    for (const serialised of [0.25, 0.5, 1]) {
      const law: Law = { kind: 'bottleneck', single: 700, serialised, crosstalk: 0 };
      const found = fitLaw([1, 2, 3, 4, 8, 16].map((lanes) => ({ lanes, rate: rateWith(law, lanes) })));
      // With all of a call serialised, both laws say the same.
      if (serialised < 1) expect(found.kind).to.equal('bottleneck');
      expect(found.serialised).to.be.closeTo(serialised, 0.01);
      expect(found.single).to.be.closeTo(700, 7);
    }
  });

  for (const serialised of [0.1, 1]) {
    slow(`an interval of the serialised part holds ${serialised} in about 95 % of runs`, () => {
      const law: Law = { kind: 'universal', single: 1_000, serialised, crosstalk: 0.005 };
      const runs = 100;
      let held = 0;
      for (let run = 0; run < runs; run += 1) {
        const normal = normals(1_000 + run);
        const rounds = Array.from({ length: 10 }, () => {
          // 2 % of the round as a whole, 3 % of each measurement.
          const ofRound = 1 + 0.02 * normal();
          return [1, 2, 4, 8].map((lanes) => ({
            lanes,
            rate: rateWith(law, lanes) * ofRound * (1 + 0.03 * normal()),
          }));
        });
        const [[low, high] = [0, 0]] = bootstrap<readonly Point[]>(
          rounds,
          (sample) => [fitKind('universal', sample.flat()).serialised],
          run,
        );
        if (low <= serialised && serialised <= high) held += 1;
      }
      // 95 are expected, with a standard deviation of 2.2; at the end of what is possible, more.
      expect(held / runs).to.be.at.least(0.89);
    });
  }
});
