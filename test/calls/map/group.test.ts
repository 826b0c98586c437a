/** M35: what became of the items of a group, against a model with one state for each item. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Collector } from '../../../src/calls/batches/collector.js';
import { Group } from '../../../src/calls/map/group.js';

type Model = { state: 'open' | 'result' | 'gone'; value: unknown }[];

const groupOf = (count: number): Group =>
  new Group(100, { array: Array.from({ length: count + 5 }, (_, i) => `item ${i - 5}`), start: 5, count });

function same(group: Group, model: Model): void {
  const count = model.length;
  expect(group.left).to.equal(model.filter(({ state }) => state === 'open').length);
  const open = model.findIndex(({ state }) => state === 'open');
  expect(group.firstOpen).to.equal(open < 0 ? count : open);
  const found: [number, unknown][] = [];
  for (let at = group.nextResult(0, count); at < count; at = group.nextResult(at + 1, count)) {
    found.push([at, group.value(at)]);
  }
  const wanted = model.flatMap(({ state, value }, at) => (state === 'result' ? [[at, value]] : []));
  // A group of which every item has a result is given out from its first to its last, so it keeps no account of that.
  expect(found).to.deep.equal(wanted);
}

describe('a group of items (M35)', () => {
  it('knows what is open, what has a result, and what is gone', () => {
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom('run', 'fail', 'leave out', 'replace', 'give'),
        from: fc.nat({ max: 11 }),
        length: fc.nat({ max: 12 }),
      }),
      { maxLength: 25 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), steps, (count, all) => {
        const group = groupOf(count);
        const model: Model = Array.from({ length: count }, () => ({ state: 'open', value: undefined }));
        for (const { kind, from, length } of all) {
          const at = Math.min(from, count - 1);
          const one = model[at] as Model[number];
          if (kind === 'run') {
            let to = at;
            while (to < count && to < at + length && model[to]?.state === 'open') to += 1;
            const values = Int32Array.from({ length: to - at }, (_, i) => at + i + 1_000);
            if (to > at) group.putColumn('i32', values, at);
            group.end(at, to);
            values.forEach((value, i) => (model[at + i] = { state: 'result', value }));
          } else if (
            kind === 'fail' &&
            one.state === 'result' &&
            model.some(({ state }) => state !== 'result')
          ) {
            group.reopen(at);
            one.state = 'open';
          } else if (kind === 'leave out' && one.state === 'open') {
            group.leaveOut(at);
            one.state = 'gone';
          } else if (kind === 'replace' && one.state === 'open') {
            group.put(at, `instead of ${at}`);
            group.end(at, at + 1);
            model[at] = { state: 'result', value: `instead of ${at}` };
          } else if (
            kind === 'give' &&
            one.state === 'result' &&
            model.some(({ state }) => state !== 'result')
          ) {
            group.give(at);
            // Kept by groups that are given out item by item alone.
            if (group.nextResult(at, at + 1) !== at) one.state = 'gone';
          }
          same(group, model);
        }
        const into = new Collector(undefined);
        const results = model.filter(({ state }) => state === 'result').map(({ value }) => value);
        expect(group.drain(0, count, into)).to.equal(results.length);
        expect(into.all()).to.deep.equal(results);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is a window of the array that it came from', () => {
    const group = groupOf(3);
    expect([group.item(0), group.item(2), group.from, group.count]).to.deep.equal([
      'item 0',
      'item 2',
      100,
      3,
    ]);
  });

  it('gives out what is nothing, too', () => {
    const group = groupOf(2);
    group.end(0, 2);
    const into = new Collector(2);
    expect(group.drain(0, 2, into)).to.equal(2);
    expect(into.all()).to.deep.equal([undefined, undefined]);
  });
});
