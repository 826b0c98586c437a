/** B8: how many lanes to use: right on measurements of known shape, and on functions whose locks are known. */
import { expect } from 'chai';
import { judgeLanes } from '../../../../src/cli/stress/lanes/judge-lanes.js';
import type { LanesReport } from '../../../../src/cli/stress/lanes/lanes-report.js';
import { measureLanes } from '../../../../src/cli/stress/lanes/measure-lanes.js';
import { scalability } from '../../../../src/cli/stress/lanes/scalability.js';
import { type Law, rateWith } from '../../../../src/cli/stress/lanes/scalability-law.js';
import type { Slice } from '../../../../src/cli/stress/rounds/contestant.js';
import { targetOf } from '../../../../src/cli/target/target-options.js';
import { slow } from '../../../helpers/fast-run.js';
import { scalingLibrary } from '../../../helpers/scaling-library.js';

const LANES = [1, 2, 4, 8];
const ROUNDS = 8;

interface Made {
  readonly rate: number;
  readonly runMs: number;
  readonly laneCores: number;
  readonly hostCores?: number;
}

/** A report from made measurements, with 1 % of noise that is the same in each run of the test. */
function report(cores: number, make: (lanes: number) => Made, lanes = LANES): LanesReport {
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    lanes.map((count, at): Slice => {
      const { rate, runMs, laneCores, hostCores = 0.05 } = make(count);
      const noise = 1 + 0.01 * Math.sin(7 * round + 3 * at);
      const busy = { host: hostCores, lanes: laneCores, others: 0 };
      return { rate: rate * noise, runMs, runP50: runMs, failed: 0, busy };
    }),
  );
  return judgeLanes({ lanes, isolation: 'thread', seed: 1 }, { sliceMs: 100, rounds }, cores);
}

/** Calls that wait for 1 ms, by a law. */
function waiting(law: Law): (lanes: number) => Made {
  return (lanes) => {
    const rate = rateWith(law, lanes);
    return { rate, runMs: (lanes / rate) * 1_000, laneCores: 0.02 * lanes };
  };
}

/** Calls that compute for 1 ms, on so many cores. */
function computing(cores: number): (lanes: number) => Made {
  return (lanes) => {
    const busy = Math.min(lanes, cores - 0.05);
    return { rate: 1_000 * busy, runMs: (1 / busy) * lanes, laneCores: busy };
  };
}

describe('how many lanes: measurements of known shape', () => {
  it('a function without a lock scales, and nothing is said of more than twice the lanes', () => {
    const made = report(2, waiting({ kind: 'universal', single: 1_000, serialised: 0, crosstalk: 0 }));
    const verdict = scalability(made);
    expect(verdict).to.include({ verdict: 'scales', lanes: 8 });
    expect(verdict.serialised).to.be.below(0.02);
    expect(verdict.reason).to.include('Of more than 16 lanes nothing can be said');
    expect(made.law?.curve.at(-1)?.lanes).to.equal(16);
  });

  it('a global lock: all is serialised, one lane is enough', () => {
    const verdict = scalability(
      report(64, waiting({ kind: 'universal', single: 1_000, serialised: 1, crosstalk: 0 })),
    );
    expect(verdict).to.include({ verdict: 'limited', lanes: 1 });
    expect(verdict.serialised).to.be.closeTo(1, 0.03);
    expect(verdict.interval?.[0]).to.be.within(0.9, 1);
  });

  for (const kind of ['universal', 'bottleneck'] as const) {
    it(`half in a lock: half is serialised (${kind})`, () => {
      const verdict = scalability(
        report(64, waiting({ kind, single: 1_000, serialised: 0.5, crosstalk: 0 })),
      );
      expect(verdict.verdict).to.equal('limited');
      expect(verdict.serialised).to.be.closeTo(0.5, 0.03);
      expect(verdict.reason).to.match(/No number of lanes does more than (1\.9|2\.0|2\.1) times/);
      if (kind === 'bottleneck') expect(verdict.lanes).to.equal(2);
    });
  }

  it('crosstalk: more lanes are slower', () => {
    const verdict = scalability(
      report(64, waiting({ kind: 'universal', single: 1_000, serialised: 0.02, crosstalk: 0.08 })),
    );
    expect(verdict).to.include({ verdict: 'worse', lanes: 4 });
    expect(verdict.reason).to.include('8 lanes are slower than 4');
  });

  it('cores that are all busy are the machine, not the library', () => {
    const made = report(2, computing(2));
    const verdict = scalability(made);
    expect(made.points.map(({ use }) => use)).to.deep.equal([
      'fitted',
      'fitted',
      'beyond-cores',
      'beyond-cores',
    ]);
    expect(verdict).to.include({ verdict: 'machine', lanes: 2 });
    expect(verdict.serialised).to.be.below(0.05);
    expect(verdict.reason).to.include('2 cores');
  });

  it('a lock around calls that compute is the library, on two cores, too', () => {
    const verdict = scalability(report(2, (lanes) => ({ rate: 1_000, runMs: lanes, laneCores: 1 })));
    expect(verdict).to.include({ verdict: 'limited', lanes: 1 });
    expect(verdict.serialised).to.be.closeTo(1, 0.05);
  });

  it('a function that is shorter than the way to it is undecided', () => {
    const verdict = scalability(
      report(8, () => ({ rate: 500_000, runMs: 0.0002, laneCores: 0.5, hostCores: 0.99 })),
    );
    expect(verdict).to.include({ verdict: 'undecided', lanes: null, serialised: null });
    expect(verdict.reason).to.include('too short');
  });

  it('points at which the host thread was the limit are left out', () => {
    const made = report(8, (lanes) => ({
      rate: Math.min(1_000 * lanes, 4_000),
      runMs: 1,
      laneCores: Math.min(lanes, 4),
      hostCores: lanes >= 4 ? 0.98 : lanes * 0.24,
    }));
    expect(made.points.map(({ use }) => use)).to.deep.equal(['fitted', 'fitted', 'host-busy', 'host-busy']);
    expect(made.law?.serialised).to.be.below(0.02);
  });

  it('a run without two rounds is undecided', () => {
    const empty = judgeLanes({ lanes: [1, 2], isolation: 'thread', seed: 1 }, { sliceMs: 1, rounds: [] }, 2);
    expect(scalability(empty).verdict).to.equal('undecided');
  });
});

describe('how many lanes: functions whose locks are known', () => {
  /** Waits are long, so that a busy machine adds little to them. */
  async function measure(symbol: string, us: number, lanes = [1, 2, 4]): Promise<LanesReport> {
    const options = { outParameter: [], inoutParameter: [], engine: 'auto' } as const;
    const measured = await measureLanes(
      {
        target: targetOf(scalingLibrary(), `int ${symbol}(unsigned us)`, options),
        source: { fixed: true, values: () => [us] },
        isolation: 'thread',
        lanes,
        rounds: 4,
        budgetMs: 1_000,
        timeoutMs: 30_000,
        seed: 1,
      },
      new AbortController().signal,
      () => {},
    );
    return measured.lanes;
  }

  /**
   * Checks a verdict: it is never a wrong one. Where other programs take the cores, it may be undecided, and the part
   * that is serialised is not looked at.
   */
  function check(made: LanesReport, verdicts: readonly string[], low: number, high: number): void {
    const verdict = scalability(made);
    const disturbed = made.otherCores > 0.5;
    expect(verdict.verdict).to.be.oneOf(disturbed ? [...verdicts, 'undecided'] : verdicts);
    if (!disturbed) expect(verdict.serialised).to.be.within(low, high);
  }

  slow('waiting without a lock scales beyond the cores', async function () {
    this.retries(2);
    const made = await measure('rests', 10_000);
    expect(made.points.every(({ use }) => use === 'fitted')).to.equal(true);
    check(made, ['scales'], 0, 0.15);
  });

  it('waiting in a lock is serialised', async function () {
    this.retries(2);
    check(await measure('rests_locked', 10_000), ['limited', 'worse'], 0.75, 1);
  });

  slow('waiting in a lock half of the time is serialised by half', async function () {
    this.retries(2);
    check(await measure('rests_half_locked', 10_000), ['limited', 'worse'], 0.35, 0.65);
  });

  slow('computing in a lock is serialised, also where cores are left', async function () {
    this.retries(2);
    check(await measure('computes_locked', 2_000, [1, 2]), ['limited', 'worse'], 0.6, 1);
  });
});
