/** M10, M26: the work that a call would wait for: what is counted is what waits, whatever comes and goes. */
import { expect } from 'chai';
import fc from 'fast-check';
import { QueuedWork } from '../../../src/calls/admission/queued-work.js';
import { CallQueue, type Queued } from '../../../src/calls/admission/queue.js';

/** A function, and how long its runs take at the moment. */
interface Timed {
  ms: number;
  expectedMs(): number;
}

class Item implements Queued<Item> {
  queue: Queued<Item>['queue'] = null;
  before: Item | null = null;
  after: Item | null = null;
  readonly fn: Timed;
  readonly priority: number;
  readonly items: { readonly count: number } | null;
  constructor(fn: Timed, priority: number, count: number) {
    this.fn = fn;
    this.priority = priority;
    this.items = count === 1 ? null : { count };
  }
}

const priority = fc.constantFrom(0, 0, 0, 1, -1, 127, -128);
const which = fc.nat(2);
const step = fc.oneof(
  fc.record({
    what: fc.constantFrom<'push' | 'unshift'>('push', 'unshift'),
    which,
    priority,
    count: fc.constantFrom(1, 1, 1, 40),
    second: fc.boolean(),
  }),
  fc.record({ what: fc.constant('take' as const), second: fc.boolean() }),
  fc.record({ what: fc.constant('remove' as const), at: fc.nat(20) }),
  fc.record({ what: fc.constant('measure' as const), which, ms: fc.nat(500) }),
);

describe('QueuedWork (M10, M26)', () => {
  it('is the sum over what waits in two queues, by the estimates of now', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const fns = [0, 1, 2].map(
          (): Timed => ({
            ms: 0,
            expectedMs() {
              return this.ms;
            },
          }),
        );
        const queued = new QueuedWork();
        const queues = [new CallQueue<Item>('queued', queued), new CallQueue<Item>('waiting', queued)];
        const model = new Set<Item>();
        const queueOf = (second: boolean): CallQueue<Item> => queues[second ? 1 : 0] as CallQueue<Item>;
        for (const one of steps) {
          if (one.what === 'measure') (fns[one.which] as Timed).ms = one.ms;
          else if (one.what === 'push' || one.what === 'unshift') {
            const item = new Item(fns[one.which] as Timed, one.priority, one.count);
            queueOf(one.second)[one.what](item);
            model.add(item);
          } else {
            const gone =
              one.what === 'remove'
                ? [...model][one.at % Math.max(model.size, 1)]
                : queueOf(one.second).peek();
            if (gone === null || gone === undefined) continue;
            (gone.queue as CallQueue<Item>).remove(gone);
            model.delete(gone);
          }
          for (const of of [-128, -1, 0, 1, 127]) {
            const before = [...model].filter((item) => item.priority >= of);
            const ms = before.reduce((sum, { fn, items }) => sum + fn.ms * (items?.count ?? 1), 0);
            expect(queued.ahead(of, 0)).to.deep.equal({ calls: before.length, ms });
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
