/** B6: a 64-bit integer may be given as a number, where that is exact. Results stay bigints. */
import { expect } from 'chai';
import { inout } from 'offthread';
import { onEveryEngine, withPool } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';

const FUNCTIONS = {
  ot_add_i64: { arguments: ['i64', 'i64'], return: 'i64' },
  ot_add_u64: { arguments: ['u64', 'u64'], return: 'u64' },
  ot_inout_u64: { arguments: [inout('u64'), 'u64'], return: 'void' },
} as const;

onEveryEngine('safe numbers for 64-bit integers (B6)', (engine) => {
  it('as arguments', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const most = Number.MAX_SAFE_INTEGER;
      expect(await lib.ot_add_i64(-5, 7n)).to.equal(2n);
      expect(await lib.ot_add_i64(-most, -0)).to.equal(BigInt(-most));
      expect(await lib.ot_add_u64(most, most)).to.equal(2n * BigInt(most));
      expect(await lib.ot_inout_u64(3, 4)).to.deep.equal([undefined, 7n]);
      expect(lib.ot_add_u64.blocking(1, 2n ** 63n)).to.equal(2n ** 63n + 1n);
    });
  });

  it('as items of map, and as values of mapColumns', async () => {
    await withPool(engine, { lanes: 1 }, async (_, pool) => {
      const lib = await pool.open(testlib, FUNCTIONS, { engine });
      const results: bigint[] = [];
      for await (const result of pool.map(lib.ot_add_i64, [
        [1, 2],
        [-3n, 4],
        [5, 6n],
      ]))
        results.push(result);
      expect(results).to.deep.equal([3n, 1n, 11n]);
      const { out } = await pool.mapColumns(lib.ot_add_i64, [BigInt64Array.of(1n, 2n), 40]);
      expect(out).to.deep.equal(BigInt64Array.of(41n, 42n));
    });
  });
});
