/** M35: items become columns by the rules of arguments: what a call would take, and no other. */
import { expect } from 'chai';
import fc from 'fast-check';
import { argumentsOf, newColumns, packItems } from '../../../src/calls/map/pack-items.js';
import type { Scalar } from '../../../src/declare/spec.js';
import { checkArguments } from '../../../src/declare/values/validate.js';
import { COLUMN_OF, type BatchPlan, planBatch } from '../../../src/shared/memory/batch-layout.js';
import { declare } from '../../lanes/fixture.js';

const SCALARS = Object.keys(COLUMN_OF) as Scalar[];
const odd = fc.constantFrom<unknown>(
  0,
  -0,
  1,
  -1,
  1.5,
  NaN,
  Infinity,
  255,
  256,
  -128,
  -129,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  1e300,
  3.4e38,
  3.5e38,
  0n,
  5n,
  -5n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
  2n ** 64n,
  true,
  false,
  '5',
  null,
  undefined,
  {},
  { valueOf: () => 5 },
  Symbol('s'),
);
const value = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: -5, max: 300 }) }, odd, fc.double());

describe('items packed into columns (M35)', () => {
  it('as arguments are checked, for every type and number of parameters', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...SCALARS), { minLength: 0, maxLength: 4 }),
        fc.array(fc.oneof({ weight: 4, arbitrary: fc.array(value, { maxLength: 4 }) }, value), {
          maxLength: 30,
        }),
        fc.nat({ max: 3 }),
        (params, items, skip) => {
          const { compiled } = declare({ arguments: params, return: 'void' });
          const plan = planBatch(compiled.spec) as BatchPlan;
          const from = Math.min(skip, items.length);
          const columns = newColumns(plan, items.length);
          const array = ['before', ...items];
          const misfit = packItems(
            compiled,
            columns,
            { array, start: 1, count: items.length },
            from,
            items.length,
          );
          const errors = items.map((item) => checkArguments(compiled, argumentsOf(item)));
          const first = errors.findIndex((error, at) => at >= from && error !== null);
          expect(misfit?.at ?? -1).to.equal(first);
          expect(misfit?.error.message).to.equal(errors[first]?.message);
          for (let at = from; at < (first < 0 ? items.length : first); at += 1) {
            argumentsOf(items[at]).forEach((given, param) => {
              const one = params[param] as Scalar;
              const wanted = new COLUMN_OF[one](1) as Float64Array;
              const big = typeof wanted[0] === 'bigint';
              wanted[0] = (big ? BigInt(given as number | bigint) : Number(given)) as number;
              expect(columns[param]?.[at - from], one).to.deep.equal(wanted[0]);
            });
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('runs no code of the items', () => {
    const { compiled } = declare({ arguments: ['f64', 'f64'], return: 'f64' });
    const plan = planBatch(compiled.spec) as BatchPlan;
    const trap = {
      valueOf() {
        throw new Error('called');
      },
    };
    const array = [
      [1, 2],
      [trap, 3],
    ];
    const misfit = packItems(compiled, newColumns(plan, 2), { array, start: 0, count: 2 }, 0, 2);
    expect(misfit?.at).to.equal(1);
    expect(misfit?.error.message).to.include('f64');
  });
});
