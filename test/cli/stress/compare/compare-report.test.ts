/** M36: a load against a saved one: worse only beyond noise and tolerance. */
import { expect } from 'chai';
import { compareReports } from '../../../../src/cli/stress/compare/compare-report.js';
import type { StressReport } from '../../../../src/cli/stress/stress-report.js';

/** A report with so many calls a second, and a p99; both with noise from second to second. */
function report(rate: number, p99: number, noise: number, failed = 0, node = 'v20.0.0'): StressReport {
  const timeline = Array.from({ length: 10 }, (_, second) => {
    const factor = 1 + noise * Math.sin(5 * second + rate);
    return { rate: rate * factor, p50: p99 / 2, p99: p99 * factor };
  });
  return {
    version: 1,
    run: { startedAt: '2026-01-01T00:00:00.000Z', seed: 1, offthread: '1.0.0' },
    machine: { cpu: 'x', cores: 2, release: '6', node },
    target: { engine: 'koffi' },
    load: {
      rate,
      timeline,
      latency: { total: { p50: p99 / 2, p99 } },
      calls: { arrivals: 1_000, failed, dropped: 0 },
    },
  } as unknown as StressReport;
}

function verdicts(before: StressReport, after: StressReport, tolerance = 0.05): Record<string, string> {
  const { figures } = compareReports('saved.json', before, after, tolerance);
  return Object.fromEntries(figures.map(({ figure, verdict }) => [figure, verdict]));
}

describe('comparing with a saved report', () => {
  it('the same is the same', () => {
    const { regressed, differences } = compareReports(
      's',
      report(1_000, 5, 0.05),
      report(1_003, 5, 0.05),
      0.05,
    );
    expect(regressed).to.equal(false);
    expect(differences).to.deep.equal([]);
  });

  it('a change beyond noise and tolerance counts, in its direction', () => {
    const before = report(1_000, 5, 0.02);
    expect(verdicts(before, report(800, 5, 0.02))).to.include({ rate: 'worse', p99: 'same' });
    expect(verdicts(before, report(1_000, 8, 0.02))).to.include({ rate: 'same', p50: 'worse', p99: 'worse' });
    expect(verdicts(before, report(1_300, 3, 0.02))).to.include({ rate: 'better', p99: 'better' });
    expect(compareReports('s', before, report(800, 5, 0.02), 0.05).regressed).to.equal(true);
  });

  it('a change within the noise or the tolerance does not', () => {
    expect(verdicts(report(1_000, 5, 0.6), report(900, 5, 0.6))['rate']).to.equal('same');
    expect(verdicts(report(1_000, 5, 0.001), report(960, 5, 0.001))['rate']).to.equal('same');
    expect(verdicts(report(1_000, 5, 0.001), report(960, 5, 0.001), 0.01)['rate']).to.equal('worse');
  });

  it('more errors are worse', () => {
    expect(verdicts(report(1_000, 5, 0), report(1_000, 5, 0, 20))['errors']).to.equal('worse');
  });

  it('tells what else differs', () => {
    const { differences } = compareReports('s', report(1, 1, 0), report(1, 1, 0, 0, 'v26.0.0'), 0.05);
    expect(differences).to.deep.equal(['Node.js: v20.0.0, now v26.0.0']);
  });
});
