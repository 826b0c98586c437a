/** M26: what `map` pulls from its source stays near a slow reader. */
import { expect } from 'chai';
import { onEveryEngine, sharedLab } from '../../helpers/contract.js';
import { wait } from '../../helpers/waiting.js';

/** Items pulled at most when so many have been read: see `pool.map`. */
const most = (read: number): number => 4_096 + 2 * read + read;
const READS = 12;
/** ms between two of them: time for a run that is not held up to pull all there is. */
const PAUSE_MS = 40;

onEveryEngine('map with a slow reader (M26)', (engine) => {
  const its = sharedLab(engine, { lanes: 2 });

  for (const ordered of [true, false]) {
    it(`pulls a little more than was read, ${ordered ? 'in order' : 'as results come'}`, async () => {
      let pulled = 0;
      const source = function* (): Generator<[number, number]> {
        for (;;) {
          pulled += 1;
          yield [pulled, 1];
        }
      };
      let read = 0;
      for await (const sum of its.pool.map(its.lib.ot_add, source(), { ordered })) {
        read += 1;
        expect(sum).to.be.a('number');
        await wait(PAUSE_MS);
        expect(pulled, `after ${read}`).to.be.at.most(most(read));
        if (read === READS) break;
      }
    });

    it(`does not hold up a fast one, ${ordered ? 'in order' : 'as results come'}`, async () => {
      const items = Array.from({ length: 200_000 }, (_, at) => [at, 1] as const);
      let read = 0;
      for await (const sum of its.pool.map(its.lib.ot_add, items, { ordered })) read += Number(sum > 0);
      expect(read).to.equal(items.length);
    });
  }
});
