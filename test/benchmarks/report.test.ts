import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Report } from '../../benchmarks/harness/report/benchmark-report.js';

describe('benchmarks: report', () => {
  let lines: string[] = [];
  let folder = '';
  let file = '';

  beforeEach(() => {
    lines = [];
    folder = mkdtempSync(join(tmpdir(), 'offthread-report-'));
    file = join(folder, 'report.json');
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function finish(fill: (report: Report) => void): { tables: unknown[]; targets: Record<string, unknown>[] } {
    const given = { effort: 'quick' as const, quick: true, json: file, record: false };
    const report = new Report('some', given, (line) => lines.push(line));
    fill(report);
    report.end();
    return JSON.parse(readFileSync(file, 'utf8')) as {
      tables: unknown[];
      targets: Record<string, unknown>[];
    };
  }

  it('meets a ratio by the median of its rounds, in either direction', () => {
    const { targets } = finish((report) => {
      report.ratio('fast', [1, 30, 26], 'higher', 25);
      report.ratio('slow', [1, 30, 24], 'higher', 25);
      report.ratio('short', [0.4, 0.5, 0.9], 'lower', 0.5);
      report.ratio('long', [0.4, 0.6, 0.9], 'lower', 0.5);
    });
    expect(targets.map(({ what, value, bound, met }) => [what, value, bound, met])).to.deep.equal([
      ['fast', 26, 25, true],
      ['slow', 24, 25, false],
      ['short', 0.5, 0.5, true],
      ['long', 0.6, 0.5, false],
    ]);
    expect(lines).to.include('met     fast: 26 times (1 to 30) (wanted at least 25)');
    expect(lines).to.include('MISSED  long: 0.6 times (0.4 to 0.9) (wanted at most 0.5)');
  });

  it('misses a target whose figure is none', () => {
    const { targets } = finish((report) => report.ratio('nothing', [], 'lower', 1));
    expect(targets.map(({ met }) => met)).to.deep.equal([false]);
  });

  it('keeps with a table how it is drawn, where it is', () => {
    const rows = [{ contestant: 'a', 'calls/s': 1.25, least: 1, most: 2 }];
    const plot = { value: 'calls/s', unit: 'calls/s', better: 'higher' } as const;
    const { tables } = finish((report) => {
      report.table('drawn', rows, { plot });
      report.table('not drawn', rows);
    });
    expect(tables).to.deep.equal([
      { title: 'drawn', rows, plot },
      { title: 'not drawn', rows },
    ]);
  });
});
