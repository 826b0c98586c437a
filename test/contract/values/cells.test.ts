/** B6: out and inout parameters, and pointers. */
import { expect } from 'chai';
import fc from 'fast-check';
import { inout, out } from 'offthread';
import { onEveryEngine, onThreadLanes, sharedLab } from '../../helpers/contract.js';
import { nativeMemory, releaseMemory } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';

onEveryEngine('out and inout cells (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('resolves to the return value and the outs, in their order', async () => {
    const lib = await lab.pool.open(
      testlib,
      { ot_divmod: { arguments: ['i32', 'i32', out('i32'), out('i32')], return: 'i32' } },
      { engine },
    );
    expect(await lib.ot_divmod(17, 5)).to.deep.equal([0, 3, 2]);
    expect(await lib.ot_divmod(-17, 5)).to.deep.equal([0, -3, -2]);
    expect(lib.ot_divmod.blocking(100, 7)).to.deep.equal([0, 14, 2]);
  });

  it('starts an out cell at zero for each call, whatever was there before', async () => {
    const lib = await lab.pool.open(
      testlib,
      { ot_divmod: { arguments: ['i32', 'i32', out('i32'), out('i32')], return: 'i32' } },
      { engine },
    );
    expect(await lib.ot_divmod(17, 5)).to.deep.equal([0, 3, 2]);
    expect(await lib.ot_divmod(17, 0), 'cells that native code leaves alone').to.deep.equal([-1, 0, 0]);
  });

  it('fills an out cell of every type', async () => {
    const cells = [
      out('i8'),
      out('u8'),
      out('i16'),
      out('u16'),
      out('i32'),
      out('u32'),
      out('i64'),
      out('u64'),
      out('f32'),
      out('f64'),
      out('bool'),
      out('pointer'),
    ] as const;
    const lib = await lab.pool.open(
      testlib,
      { ot_out_all: { arguments: cells, return: 'void' } },
      { engine },
    );
    expect(await lib.ot_out_all()).to.deep.equal([
      undefined,
      -128,
      255,
      -32_768,
      65_535,
      -(2 ** 31),
      2 ** 32 - 1,
      -(2n ** 63n),
      2n ** 64n - 1n,
      0.5,
      0.1,
      true,
      0x1234n,
    ]);
  });

  it('gives an inout cell and brings its new value back', async () => {
    const lib = await lab.pool.open(
      testlib,
      {
        ot_increment: { arguments: [inout('i32')], return: 'void' },
        ot_swap: { arguments: [inout('i64'), inout('i64')], return: 'i64' },
        ot_inout_i8: { arguments: [inout('i8'), 'i8'], return: 'void' },
        ot_inout_u64: { arguments: [inout('u64'), 'u64'], return: 'void' },
        ot_inout_f64: { arguments: [inout('f64'), 'f64'], return: 'void' },
        ot_inout_bool: { arguments: [inout('bool'), 'bool'], return: 'void' },
      },
      { engine },
    );
    expect(await lib.ot_increment(41)).to.deep.equal([undefined, 42]);
    expect(await lib.ot_swap(-1n, 2n ** 62n)).to.deep.equal([2n ** 62n - 1n, 2n ** 62n, -1n]);
    expect(await lib.ot_inout_i8(127, 1)).to.deep.equal([undefined, -128]);
    expect(await lib.ot_inout_u64(2n ** 64n - 1n, 1n)).to.deep.equal([undefined, 0n]);
    expect(await lib.ot_inout_f64(0.1, 0.2)).to.deep.equal([undefined, 0.1 + 0.2]);
    expect(await lib.ot_inout_bool(false, true)).to.deep.equal([undefined, true]);
  });

  it('keeps the cells of calls that travel together apart', async () => {
    const lib = await lab.pool.open(
      testlib,
      { ot_swap: { arguments: [inout('i64'), inout('i64')], return: 'i64' } },
      { engine },
    );
    const pairs = fc.array(
      fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 61n }), fc.bigInt({ min: 0n, max: 99n })),
      {
        minLength: 1,
        maxLength: 100,
      },
    );
    await fc.assert(
      fc.asyncProperty(pairs, async (all) => {
        const swapped = await Promise.all(all.map(([a, b]) => lib.ot_swap(a, b)));
        expect(swapped).to.deep.equal(all.map(([a, b]) => [a + b, b, a]));
      }),
      { numRuns: 20 },
    );
  });

  it('passes pointers on: what native code made, native code finds again', async () => {
    const lib = await lab.pool.open(
      testlib,
      {
        ot_alloc: { arguments: ['u32'], return: 'pointer' },
        ot_release: { arguments: ['pointer'], return: 'void' },
        ot_live_blocks: { arguments: [], return: 'i32' },
        ot_out_pointer: { arguments: [out('pointer'), 'pointer'], return: 'void' },
        ot_add_pointer: { arguments: ['pointer', 'i64'], return: 'pointer' },
        ot_is_null: { arguments: ['pointer'], return: 'i32' },
        write: { symbol: 'ot_fill_bytes', arguments: ['pointer', 'u32', 'u8'], return: 'void' },
        sum: { symbol: 'ot_sum_bytes', arguments: ['pointer', 'u64'], return: 'u64' },
      },
      { engine },
    );
    const before = await lib.ot_live_blocks();
    const memory = await lib.ot_alloc(64);
    expect(await lib.ot_live_blocks()).to.equal(before + 1);
    expect(memory).to.be.a('bigint').that.is.not.equal(0n);
    await lib.write(await lib.ot_add_pointer(memory, 32n), 32, 3);
    expect(await lib.sum(memory, 64n)).to.equal(96n);
    expect(await lib.ot_out_pointer(memory)).to.deep.equal([undefined, memory]);
    await lib.ot_release(memory);
    expect(await lib.ot_live_blocks()).to.equal(before);
    expect(await lib.ot_is_null(0n)).to.equal(1);
    expect(await lib.ot_is_null(1n)).to.equal(0);
  });
});

onThreadLanes('pointers of this process (B6)', (engine) => {
  const lab = sharedLab(engine);

  it('reads memory that somebody else in this process allocated', async () => {
    const lib = await lab.pool.open(
      testlib,
      { sum: { symbol: 'ot_sum_bytes', arguments: ['pointer', 'u64'], return: 'u64' } },
      { engine },
    );
    const memory = nativeMemory(16);
    expect(await lib.sum(memory, 16n)).to.equal(0n);
    releaseMemory(memory);
  });
});
