/** M35: results gathered into one array, whether their number is known or not. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Collector } from '../../../src/calls/batches/collector.js';

describe('a collector of results (M35)', () => {
  it('has all that it was given, in order, whatever was expected', () => {
    const pieces = fc.array(fc.oneof(fc.integer(), fc.array(fc.integer(), { maxLength: 900 })), {
      maxLength: 40,
    });
    const expected = fc.option(fc.nat({ max: 2_000 }), { nil: undefined });
    fc.assert(
      fc.property(pieces, expected, (given, room) => {
        const collector = new Collector(room);
        for (const one of given) {
          if (Array.isArray(one)) collector.addAll(Int32Array.from([7, ...one, 7]), 1, one.length + 1);
          else collector.add(one);
        }
        expect(collector.all()).to.deep.equal(given.flat());
      }),
    );
  });

  it('keeps what is no number, and leaves no holes', () => {
    const collector = new Collector(3);
    for (const one of [undefined, 'a', null, 1n, undefined]) collector.add(one);
    const all = collector.all();
    expect(all).to.deep.equal([undefined, 'a', null, 1n, undefined]);
    expect(Object.keys(all)).to.have.length(5);
    expect(new Collector(100).all()).to.deep.equal([]);
  });
});
