/** M1: ids are unique, lock-free, and right past every wrap. */
import { expect } from 'chai';
import fc from 'fast-check';
import { ID_SPACE, IdSource } from '../../../src/shared/memory/ids.js';
import { race } from '../threads.js';

const BLOCK = 2 ** 20;
const counterAt = (blocks: number): Int32Array => {
  const counter = new Int32Array(new SharedArrayBuffer(4));
  counter[0] = blocks | 0;
  return counter;
};

/** Uses up a block but for the last few ids. */
function nearEndOfBlock(source: IdSource, left: number): void {
  for (let taken = 0; taken < BLOCK - left; taken += 1) source.take();
}

describe('call ids (M1)', () => {
  it('counts from 1 without gaps', () => {
    const source = new IdSource();
    expect(Array.from({ length: 5 }, () => source.take())).to.deep.equal([1, 2, 3, 4, 5]);
  });

  it('crosses 2^32 without a gap, and past it tells ids apart that share their low 32 bits', () => {
    const source = new IdSource(counterAt(2 ** 12 - 1));
    nearEndOfBlock(source, 2);
    const around = Array.from({ length: 5 }, () => source.take());
    expect(around).to.deep.equal([-1, 0, 1, 2, 3].map((step) => 2 ** 32 + step));
    expect(around.map((id) => id >>> 0)).to.deep.equal([2 ** 32 - 1, 0, 1, 2, 3]);
  });

  it('crosses the wraps of the counter word: 2^31, where its sign changes, and 2^32, where it starts again', () => {
    const sign = counterAt(2 ** 31 - 1);
    expect([new IdSource(sign).take(), new IdSource(sign).take()]).to.deep.equal([
      (2 ** 31 - 1) * BLOCK + 1,
      2 ** 31 * BLOCK + 1,
    ]);
    const end = counterAt(2 ** 32 - 1);
    const source = new IdSource(end);
    nearEndOfBlock(source, 1);
    expect(source.take()).to.equal(ID_SPACE);
    expect(Number.isSafeInteger(ID_SPACE)).to.equal(true);
    expect(source.take(), 'the id space starts again').to.equal(1);
  });

  it('two takers in turn never share an id, whatever the counter stands at', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.integer({ min: 0, max: 2 ** 32 - 1 }),
          fc.constantFrom(2 ** 12 - 1, 2 ** 31 - 1, 2 ** 32 - 2),
        ),
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 100, size: 'max' }),
        (start, order) => {
          const counter = counterAt(start);
          const takers = [new IdSource(counter), new IdSource(counter), new IdSource(counter)];
          const ids = order.map((taker) => (takers[taker] as IdSource).take());
          expect(new Set(ids).size).to.equal(ids.length);
          for (const id of ids) {
            expect(Number.isInteger(id) && id >= 1 && id <= ID_SPACE).to.equal(true);
          }
        },
      ),
    );
  });

  for (const [where, start] of [
    ['from the start', 0],
    ['across 2^32', 2 ** 12 - 2_000],
    ['across the sign of the counter', 2 ** 31 - 50_000],
    ['across the end of the counter', 2 ** 32 - 50_000],
  ] as const) {
    it(`many threads at once never share an id, ${where}`, async () => {
      const counter = counterAt(start);
      const threads = 4;
      const each = 120_000;
      const all = Array.from({ length: threads }, () => new Float64Array(new SharedArrayBuffer(each * 8)));
      const { start: go, results } = await race(all.map((ids) => ({ kind: 'ids', counter, ids })));
      go();
      const blocks = (await results).reduce((sum, taken) => sum + taken, 0);
      expect(counter[0], 'blocks taken').to.equal((start + blocks) | 0);
      const unique = new Set<number>();
      for (const ids of all) for (const id of ids) unique.add(id);
      expect(unique.size).to.equal(threads * each);
    });
  }
});
