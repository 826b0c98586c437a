/** What is said of the machine beside its figures. */
import { expect } from 'chai';
import { cpuTimes, stolenLine } from '../../benchmarks/harness/report/machine.js';

const stat = (stolen: number): string =>
  `cpu  600 0 100 ${300 - stolen} 0 0 0 ${stolen} 7 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n`;

describe('benchmarks: the machine', () => {
  it('tells how much of its CPU time others took meanwhile', () => {
    const before = cpuTimes(stat(0));
    expect(before).to.deep.equal({ total: 1_000, stolen: 0 });
    const after = { total: 3_000, stolen: 500 };
    expect(stolenLine(before, after)).to.match(/took 25 % of its CPU time/);
  });

  it('says nothing where that is not known', () => {
    expect(cpuTimes(null)).to.equal(null);
    expect(cpuTimes('cpu  1 2 3\n')).to.equal(null);
    expect(stolenLine(null, cpuTimes(stat(1)))).to.equal('');
    expect(stolenLine(cpuTimes(stat(1)), cpuTimes(stat(1)))).to.equal('');
  });
});
