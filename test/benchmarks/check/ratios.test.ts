import { expect } from 'chai';
import { ATTEMPTS, compareQuestion } from '../../../benchmarks/check/compare-question.js';
import { compare } from '../../../benchmarks/check/compare.js';
import { COMPARED } from '../../../benchmarks/check/compared.js';
import { QUESTIONS } from '../../../benchmarks/harness/command/question-list.js';
import type { RecordedTarget } from '../../../benchmarks/page/recording.js';

function target(what: string, value: number | null, better: 'higher' | 'lower' = 'higher'): RecordedTarget {
  return { what, measured: '', wanted: '', met: true, value, bound: 1, better };
}

const half = { question: 'small-calls', target: 'us against *, 64 in flight', share: 0.5 };
const recorded = [target('us against tinypool, 64 in flight', 16)];

describe('benchmarks: ratios against the recorded ones', () => {
  const verdict = (before: readonly RecordedTarget[], now: readonly RecordedTarget[]): string =>
    compare(half, before, now).verdict;

  it('hold while the tolerated share is left, whoever is the best peer now', () => {
    expect(verdict(recorded, [target('us against piscina (koffi), 64 in flight', 8)])).to.equal('holds');
    expect(verdict(recorded, [target('us against piscina (koffi), 64 in flight', 7.99)])).to.equal('FELL');
    expect(verdict(recorded, [target('us against tinypool, 64 in flight', 160)])).to.equal('holds');
    expect(compare(half, recorded, [target('us against x, 64 in flight', 12)]).left).to.equal(0.75);
  });

  it('fall by rising, where less is better', () => {
    const before = [target('us against tinypool, 64 in flight', 0.2, 'lower')];
    expect(verdict(before, [target('us against tinypool, 64 in flight', 0.4, 'lower')])).to.equal('holds');
    expect(verdict(before, [target('us against tinypool, 64 in flight', 0.41, 'lower')])).to.equal('FELL');
    expect(verdict(before, [target('us against tinypool, 64 in flight', 0.01, 'lower')])).to.equal('holds');
  });

  it('are not taken for good when one of the two is missing', () => {
    const now = [target('us against tinypool, 64 in flight', 16)];
    const { value, ...old } = target('us against tinypool, 64 in flight', 16);
    expect(value).to.equal(16);
    expect(verdict([], now)).to.equal('NOT RECORDED');
    expect(verdict([old], now)).to.equal('NOT RECORDED');
    expect(verdict([target('us against tinypool, 64 in flight', null)], now)).to.equal('NOT RECORDED');
    expect(verdict(recorded, [])).to.equal('NOT MEASURED');
    expect(verdict(recorded, [target('us against tinypool, 64 in flight', null)])).to.equal('NOT MEASURED');
    expect(verdict(recorded, [target('us against tinypool, 1,024 in flight', 16)])).to.equal('NOT MEASURED');
  });

  describe('are looked at again before they count as fallen', () => {
    const list = [half, { ...half, target: 'others *' }];
    const before = [...recorded, target('others with x', 4)];
    const looks = (...values: readonly (readonly [us: number, others: number])[]) => {
      const left = [...values];
      return async (): Promise<RecordedTarget[]> => {
        const [us, others] = left.shift() ?? expect.fail('looked once too often');
        return [target('us against y, 64 in flight', us), target('others with y', others)];
      };
    };

    it('once is enough when all hold', async () => {
      const { comparisons, attempts } = await compareQuestion(list, before, looks([16, 4]));
      expect(attempts).to.equal(1);
      expect(comparisons.map(({ verdict }) => verdict)).to.deep.equal(['holds', 'holds']);
    });

    it('the best look counts, for each ratio its own', async () => {
      const { comparisons, attempts } = await compareQuestion(list, before, looks([12, 1], [3, 3]));
      expect(attempts).to.equal(2);
      expect(comparisons.map(({ now, verdict }) => [now, verdict])).to.deep.equal([
        [12, 'holds'],
        [3, 'holds'],
      ]);
    });

    it('it fell when it did every time', async () => {
      const { comparisons, attempts } = await compareQuestion(list, before, looks([1, 4], [3, 4], [2, 4]));
      expect(attempts).to.equal(ATTEMPTS);
      expect(comparisons.map(({ now, verdict }) => [now, verdict])).to.deep.equal([
        [3, 'FELL'],
        [4, 'holds'],
      ]);
    });

    it('what was not there in one look may be there in the next', async () => {
      const { comparisons } = await compareQuestion(list, before, looks([NaN, 4], [16, NaN]));
      expect(comparisons.map(({ verdict }) => verdict)).to.deep.equal(['holds', 'holds']);
    });

    it('nothing is measured when nothing is recorded: that would change nothing', async () => {
      const { comparisons, attempts } = await compareQuestion(list, [], looks());
      expect(attempts).to.equal(0);
      expect(comparisons.map(({ verdict }) => verdict)).to.deep.equal(['NOT RECORDED', 'NOT RECORDED']);
    });

    it('what fails to run fails', async () => {
      const broken = new Error('exit code 1');
      const outcome = compareQuestion(list, before, () => Promise.reject(broken));
      expect(await outcome.catch((error: unknown) => error)).to.equal(broken);
    });
  });

  it('are of questions that there are, each with a share that means something', () => {
    const names = QUESTIONS.map(({ name }) => name);
    for (const { question, share } of COMPARED) {
      expect(names).to.include(question);
      expect(share).to.be.within(0.2, 1);
    }
  });
});
