/** M5: the heap of deadlines against a sorted list. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Deadlines, type Due } from '../../../src/calls/admission/deadlines.js';

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 50 }) }) },
  { weight: 1, arbitrary: fc.record({ remove: fc.nat(30) }) },
  { weight: 2, arbitrary: fc.record({ now: fc.integer({ min: 0, max: 50 }) }) },
);

describe('Deadlines (M5)', () => {
  it('gives out what is due, earliest first, and forgets what was removed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const heap = new Deadlines<number>();
        const all: Due<number>[] = [];
        let model: Due<number>[] = [];
        steps.forEach((one, call) => {
          if ('add' in one) {
            const due = heap.add(call, one.add);
            expect(due).to.include({ call, at: one.add });
            all.push(due);
            model.push(due);
          } else if ('remove' in one) {
            // Also what is out already: then nothing happens.
            const due = all[one.remove];
            if (due === undefined) return;
            heap.remove(due);
            model = model.filter((other) => other !== due);
            expect(due.place).to.equal(-1);
          } else {
            const earliest = Math.min(Infinity, ...model.map(({ at }) => at));
            const taken = heap.takeDue(one.now);
            if (earliest > one.now) expect(taken).to.equal(undefined);
            else {
              const due = model.find(({ call: other }) => other === taken);
              expect(due?.at).to.equal(earliest);
              model = model.filter((other) => other !== due);
            }
          }
          expect(heap.size).to.equal(model.length);
          expect(heap.next).to.equal(Math.min(Infinity, ...model.map(({ at }) => at)));
          for (const due of model) expect(due.place).to.be.within(0, model.length - 1);
          expect(new Set(model.map(({ place }) => place)).size, 'places are distinct').to.equal(model.length);
        });
        const rest: number[] = [];
        for (let call = heap.takeDue(Infinity); call !== undefined; call = heap.takeDue(Infinity)) {
          rest.push(all.find((due) => due.call === call)?.at ?? NaN);
        }
        expect(rest).to.deep.equal(model.map(({ at }) => at).toSorted((one, other) => one - other));
      }),
      { numRuns: 100 },
    );
  });
});
