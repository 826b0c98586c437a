import { expect } from 'chai';
import { textWidth, wrapped } from '../../../benchmarks/page/words.js';

describe('benchmarks: words', () => {
  it('are as wide as their letters, and wider when bold', () => {
    expect(textWidth('mmm', '12px Arial')).to.be.greaterThan(textWidth('iii', '12px Arial'));
    expect(textWidth('mmm', '24px Arial')).to.be.closeTo(2 * textWidth('mmm', '12px Arial'), 1e-9);
    expect(textWidth('mmm', '600 12px Arial')).to.be.greaterThan(textWidth('mmm', '12px Arial'));
  });

  it('are broken where they are too wide, and nowhere lost', () => {
    const text = 'postMessage + Atomics.wait, async function that awaits';
    const lines = wrapped(text, '13px Arial', 200);
    expect(lines.join(' ')).to.equal(text);
    expect(lines.length).to.be.greaterThan(1);
    expect(lines.every((line) => textWidth(line, '13px Arial') <= 200)).to.equal(true);
    expect(wrapped(text, '13px Arial', 2_000)).to.deep.equal([text]);
  });
});
