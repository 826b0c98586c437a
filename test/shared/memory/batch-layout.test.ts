/** M35: where the values of a batch are: both sides find the same places, in the room that there is. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { FunctionSpec, Scalar } from '../../../src/declare/spec.js';
import {
  type BatchPlan,
  COLUMN_OF,
  batchCapacity,
  batchViews,
  planBatch,
} from '../../../src/shared/memory/batch-layout.js';

const SCALARS = Object.keys(COLUMN_OF) as Scalar[];
const plans: fc.Arbitrary<BatchPlan> = fc.record({
  params: fc.array(fc.constantFrom(...SCALARS), { maxLength: 12 }),
  returns: fc.option(fc.constantFrom(...SCALARS)),
  outcomes: fc.boolean(),
});

const spec = (more: Partial<FunctionSpec>): FunctionSpec => ({
  name: 'f',
  symbol: 'f',
  params: [{ kind: 'value', type: 'i32' }],
  returns: { kind: 'value', type: 'i64' },
  fails: null,
  errno: false,
  lastError: null,
  onCancel: null,
  stream: null,
  ...more,
});

/** Bytes that so many items take. */
function bytesOf(plan: BatchPlan, count: number): number {
  const { columns, results, outcomes } = batchViews(plan, new ArrayBuffer(2_000_000), 0, count);
  const ends = [...columns, results, outcomes].map((one) => one && one.byteOffset + one.byteLength);
  return Math.max(0, ...ends.map((end) => end ?? 0));
}

describe('a batch in memory (M35)', () => {
  it('fits its block, each array aligned and for itself, as many as there is room for', () => {
    fc.assert(
      fc.property(
        plans,
        fc.integer({ min: 200, max: 40_000 }),
        fc.integer({ min: 0, max: 8 }),
        (plan, room, at) => {
          const bytes = room - (room % 8);
          const capacity = batchCapacity(plan, bytes);
          const empty = plan.params.length === 0 && plan.returns === null && !plan.outcomes;
          const count = empty ? 5 : capacity;
          if (!empty) expect(bytesOf(plan, count + 30), 'little is left over').to.be.above(bytes - 8 * 16);
          const offset = at * 8;
          const { columns, results, outcomes } = batchViews(
            plan,
            new ArrayBuffer(offset + bytes),
            offset,
            count,
          );
          const all = [...columns, results, outcomes].filter((one) => one !== null);
          let end = offset;
          for (const one of all) {
            expect(one.length).to.equal(count);
            expect(one.byteOffset % 8).to.equal(0);
            expect(one.byteOffset).to.be.at.least(end);
            end = one.byteOffset + one.byteLength;
          }
          expect(end).to.be.at.most(offset + bytes);
        },
      ),
    );
  });

  it('is for functions that take and return numbers alone', () => {
    expect(planBatch(spec({}))).to.deep.equal({ params: ['i32'], returns: 'i64', outcomes: false });
    expect(planBatch(spec({ fails: 'nonzero' }))?.outcomes).to.equal(true);
    expect(planBatch(spec({ errno: true }))?.outcomes).to.equal(true);
    expect(planBatch(spec({ fails: 'host' }))?.outcomes, 'the host looks at the results').to.equal(false);
    expect(planBatch(spec({ returns: { kind: 'void' } }))?.returns).to.equal(null);
    const others: Partial<FunctionSpec>[] = [
      { returns: { kind: 'text', text: { free: null } } },
      { lastError: { symbol: 'e', arguments: [] } },
      { onCancel: { symbol: 'stop', arguments: [] } },
      { params: [{ kind: 'cstring' }] },
      { params: [{ kind: 'out', type: 'i32' }] },
      { params: [{ kind: 'cancelFlag' }] },
    ];
    for (const more of others) expect(planBatch(spec(more)), JSON.stringify(more)).to.equal(null);
  });
});
