/** M26: the queue of calls: by priority, first in first out within one, nothing lost. */
import { expect } from 'chai';
import fc from 'fast-check';
import { CallQueue, type Queued } from '../../../src/calls/admission/queue.js';
import { slow } from '../../helpers/fast-run.js';

interface Item extends Queued<Item> {
  readonly name: number;
}

const item = (name: number, priority: number): Item => ({
  name,
  priority,
  queue: null,
  before: null,
  after: null,
});

const priority = fc.constantFrom(0, 0, 0, 1, -1, 127, -128);
const step = fc.oneof(
  fc.record({ what: fc.constant('push' as const), priority }),
  fc.record({ what: fc.constant('unshift' as const), priority }),
  fc.record({ what: fc.constant('take' as const), priority }),
  fc.record({ what: fc.constant('remove' as const), priority, at: fc.nat(20) }),
);

describe('CallQueue (M26)', () => {
  slow('does what a sorted list does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const queue = new CallQueue<Item>();
        let model: Item[] = [];
        const inOrder = (): Item[] => model.toSorted((one, other) => other.priority - one.priority);
        steps.forEach((one, name) => {
          if (one.what === 'push') {
            const added = item(name, one.priority);
            queue.push(added);
            model.push(added);
          } else if (one.what === 'unshift') {
            const added = item(name, one.priority);
            queue.unshift(added);
            model.unshift(added);
          } else {
            const all = inOrder();
            const gone = one.what === 'take' ? queue.peek() : all[one.at % Math.max(all.length, 1)];
            if (one.what === 'take') expect(gone).to.equal(all[0] ?? null);
            if (gone === null || gone === undefined) return;
            queue.remove(gone);
            model = model.filter((other) => other !== gone);
            expect([gone.queue, gone.before, gone.after]).to.deep.equal([null, null, null]);
          }
          expect(queue.toArray().map((other) => other.name)).to.deep.equal(
            inOrder().map((other) => other.name),
          );
          expect(queue.size).to.equal(model.length);
          expect(queue.peek()).to.equal(inOrder()[0] ?? null);
          for (const other of model) expect(other.queue).to.equal(queue);
        });
      }),
      { numRuns: 300 },
    );
  });

  it('takes 100,000 from the front and from the middle without looking at the others', () => {
    const queue = new CallQueue<Item>();
    const items = Array.from({ length: 100_000 }, (_, name) => item(name, name % 3));
    for (const one of items) queue.push(one);
    const before = performance.now();
    for (let index = 1; index < items.length; index += 2) queue.remove(items[index] as Item);
    while (queue.peek() !== null) queue.remove(queue.peek() as Item);
    // Some 20 ms; 100,000 times half of the queue would be minutes.
    expect(performance.now() - before).to.be.below(5_000);
    expect(queue.size).to.equal(0);
  });
});
