/** B15: out and inout parameters that the caller leaves out. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { ArgumentError, inout, out } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';

const CODE = `
#include <stddef.h>
int split(int n, int *half, double *root, const char **name, size_t *count) {
  int given = 0;
  if (half != NULL) { given += 1; *half = n / 2; }
  if (root != NULL) { given += 10; *root += n; }
  if (name != NULL) { given += 100; *name = n == 0 ? NULL : "name"; }
  if (count != NULL) { given += 1000; *count = (size_t)n; }
  return given;
}
`;
const optional = { optional: true } as const;
const FUNCTIONS = {
  split: {
    arguments: [
      'i32',
      out('i32', optional),
      inout('f64', optional),
      out('cstring', optional),
      out('size', optional),
    ],
    return: 'i32',
  },
  named: {
    prototype: 'int split(int n, int *half, double *root, const char **name, size_t *count)',
    out: ['half', 'name', 4],
    inout: ['root'],
    optional: ['half', 'root', 4],
    symbol: 'split',
  },
} as const;

let library: string | undefined;
const path = (): string => (library ??= compile('optional.so', CODE));

onEveryEngine('optional outs (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('are NULL for native code, and null for the caller, where they are left out', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expectTypeOf(lib.split).parameters.toEqualTypeOf<
      [number, true | null, number | null, true | null, true | null]
    >();
    expectTypeOf(await lib.split(5, true, 0, true, true)).toEqualTypeOf<
      [number, number | null, number | null, string | null, number | null]
    >();
    for (let bits = 0; bits < 16; bits++) {
      const has = (bit: number): boolean => (bits & bit) !== 0;
      const call = (await lib.split(
        9,
        has(1) ? true : null,
        has(2) ? 0.5 : null,
        has(4) ? true : null,
        has(8) ? true : null,
      )) as unknown[];
      expect(call).to.deep.equal([
        (has(1) ? 1 : 0) + (has(2) ? 10 : 0) + (has(4) ? 100 : 0) + (has(8) ? 1_000 : 0),
        has(1) ? 4 : null,
        has(2) ? 9.5 : null,
        has(4) ? 'name' : null,
        has(8) ? 9 : null,
      ]);
    }
    expect(lib.split.blocking(0, null, null, true, null)).to.deep.equal([100, null, null, null, null]);
  });

  it('are named beside a prototype', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expectTypeOf(lib.named).parameters.toEqualTypeOf<[number, true | null, number | null, true | null]>();
    expect(await lib.named(6, null, 1, true)).to.deep.equal([1_110, null, 7, 'name', 6]);
    expect(await lib.named(6, true, null, null)).to.deep.equal([101, 3, null, 'name', null]);
  });

  it('take true or null', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    for (const wrong of [false, undefined, 0, 1, 'x']) {
      const error = await rejection(lib.split(1, wrong as true, 0, null, null), ArgumentError);
      expect(error.message).to.match(
        /argument 1 \(optional out\) is .*Pass true for an out that is wanted, or null/,
      );
    }
    await rejection(lib.split(1, null, undefined as unknown as null, null, null), ArgumentError);
    await rejection(lib.split(1, null, '1' as unknown as null, null, null), ArgumentError);
  });
});
