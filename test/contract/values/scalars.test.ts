/** B6: every scalar means the same on every engine, at its limits and between. */
import { expect } from 'chai';
import fc from 'fast-check';
import { EngineError, out } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../../helpers/contract.js';
import { testlib } from '../../helpers/testlib.js';

const ID = {
  i8: { arguments: ['i8'], return: 'i8', symbol: 'ot_id_i8' },
  u8: { arguments: ['u8'], return: 'u8', symbol: 'ot_id_u8' },
  i16: { arguments: ['i16'], return: 'i16', symbol: 'ot_id_i16' },
  u16: { arguments: ['u16'], return: 'u16', symbol: 'ot_id_u16' },
  i32: { arguments: ['i32'], return: 'i32', symbol: 'ot_id_i32' },
  u32: { arguments: ['u32'], return: 'u32', symbol: 'ot_id_u32' },
  i64: { arguments: ['i64'], return: 'i64', symbol: 'ot_id_i64' },
  u64: { arguments: ['u64'], return: 'u64', symbol: 'ot_id_u64' },
  f64: { arguments: ['f64'], return: 'f64', symbol: 'ot_id_f64' },
  bool: { arguments: ['bool'], return: 'bool', symbol: 'ot_id_bool' },
  pointer: { arguments: ['pointer'], return: 'pointer', symbol: 'ot_id_pointer' },
} as const;
const WIDEN = {
  i8: { arguments: ['i8'], return: 'i64', symbol: 'ot_widen_i8' },
  u8: { arguments: ['u8'], return: 'i64', symbol: 'ot_widen_u8' },
  i16: { arguments: ['i16'], return: 'i64', symbol: 'ot_widen_i16' },
  u16: { arguments: ['u16'], return: 'i64', symbol: 'ot_widen_u16' },
  i32: { arguments: ['i32'], return: 'i64', symbol: 'ot_widen_i32' },
  u32: { arguments: ['u32'], return: 'i64', symbol: 'ot_widen_u32' },
  f32: { arguments: ['f32'], return: 'i64', symbol: 'ot_widen_f32' },
  bool: { arguments: ['bool'], return: 'i64', symbol: 'ot_widen_bool' },
} as const;
const ADD = {
  i8: { arguments: ['i8', 'i8'], return: 'i8', symbol: 'ot_add_i8' },
  u8: { arguments: ['u8', 'u8'], return: 'u8', symbol: 'ot_add_u8' },
  u16: { arguments: ['u16', 'u16'], return: 'u16', symbol: 'ot_add_u16' },
  u32: { arguments: ['u32', 'u32'], return: 'u32', symbol: 'ot_add_u32' },
  i64: { arguments: ['i64', 'i64'], return: 'i64', symbol: 'ot_add_i64' },
  u64: { arguments: ['u64', 'u64'], return: 'u64', symbol: 'ot_add_u64' },
} as const;
const MIX = ['i8', 'f64', 'u8', 'f32', 'i16', 'f64', 'u16', 'i32', 'i64', 'bool', 'u32', 'pointer'] as const;
const INTS = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'i32', 'i8'] as const;

const LIMITS = {
  i8: [-128, -1, 0, 127],
  u8: [0, 128, 255],
  i16: [-32_768, -1, 0, 32_767],
  u16: [0, 32_768, 65_535],
  i32: [-(2 ** 31), -1, 0, 2 ** 31 - 1],
  u32: [0, 2 ** 31, 2 ** 32 - 1],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u64: [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  f64: [-Number.MAX_VALUE, -0, 0, 0.1, Number.MIN_VALUE, Number.MAX_SAFE_INTEGER, Infinity, -Infinity, NaN],
  bool: [true, false],
  pointer: [0n, 1n, 0x7fff_1234_5678n, 2n ** 63n, 2n ** 64n - 1n],
} as const;
type Name = keyof typeof LIMITS;
type Echo = { readonly [N in Name]: (value: never) => Promise<unknown> };

onEveryEngine('scalars (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('round-trips the least, the greatest and what lies between', async () => {
    const id = (await lab.pool.open(testlib, ID, { engine })) as unknown as Echo;
    for (const name of Object.keys(LIMITS) as Name[]) {
      for (const value of LIMITS[name]) {
        const back = await id[name](value as never);
        expect(Object.is(back, value), `${name} ${String(value)} came back as ${String(back)}`).to.equal(
          true,
        );
      }
    }
  });

  it('round-trips any value of each integer type', async () => {
    const id = await lab.pool.open(testlib, ID, { engine });
    const values = fc.record({
      i16: fc.integer({ min: -32_768, max: 32_767 }),
      u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      f64: fc.double(),
    });
    await fc.assert(
      fc.asyncProperty(values, async ({ i16, u32, i64, u64, f64 }) => {
        const back = await Promise.all([id.i16(i16), id.u32(u32), id.i64(i64), id.u64(u64), id.f64(f64)]);
        expect(back).to.deep.equal([i16, u32, i64, u64, f64]);
      }),
      { numRuns: 100 },
    );
  });

  it('gives native code the value that was meant, sign and width included', async () => {
    const widen = await lab.pool.open(testlib, WIDEN, { engine });
    expect(await widen.i8(-128)).to.equal(-128n);
    expect(await widen.u8(255)).to.equal(255n);
    expect(await widen.i16(-32_768)).to.equal(-32_768n);
    expect(await widen.u16(65_535)).to.equal(65_535n);
    expect(await widen.i32(-(2 ** 31))).to.equal(-(2n ** 31n));
    expect(await widen.u32(2 ** 32 - 1)).to.equal(2n ** 32n - 1n);
    expect(await widen.f32(-1.5)).to.equal(-1n);
    expect([await widen.bool(true), await widen.bool(false)]).to.deep.equal([1n, 0n]);
  });

  it("wraps as the type's own arithmetic does", async () => {
    const add = await lab.pool.open(testlib, ADD, { engine });
    expect(await add.i8(127, 1)).to.equal(-128);
    expect(await add.u8(255, 2)).to.equal(1);
    expect(await add.u16(65_535, 1)).to.equal(0);
    expect(await add.u32(2 ** 32 - 1, 1)).to.equal(0);
    expect(await add.i64(2n ** 63n - 1n, 1n)).to.equal(-(2n ** 63n));
    expect(await add.u64(2n ** 64n - 1n, 2n)).to.equal(1n);
  });

  it('takes more than eight arguments, of all widths, in their order', async () => {
    const many = await lab.pool.open(
      testlib,
      {
        ot_mix12: { arguments: MIX, return: 'f64' },
        ot_sum10_ints: { arguments: INTS, return: 'i64' },
      },
      { engine },
    );
    const weighed = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 11, 12].reduce(
      (sum, value, i) => sum + value * (i + 1),
      0,
    );
    expect(await many.ot_mix12(1, 2, 3, 4, 5, 6, 7, 8, 9n, true, 11, 12n)).to.equal(weighed);
    expect(await many.ot_sum10_ints(-128, 255, -32_768, 65_535, -1, 1, -5n, 7n, 100, 127)).to.equal(
      BigInt(-128 + 255 - 32_768 + 65_535 - 1 + 1 - 5 + 7 + 100 + 127),
    );
  });

  it("knows node:ffi's other names, and undefined for void", async () => {
    const alias = await lab.pool.open(
      testlib,
      {
        add: { symbol: 'ot_add', arguments: ['int32', 'int32'], return: 'int32' },
        half: { symbol: 'ot_add_f64', arguments: ['double', 'float64'], return: 'double' },
        big: { symbol: 'ot_id_u64', arguments: ['uint64'], return: 'uint64' },
        at: { symbol: 'ot_id_pointer', arguments: ['ptr'], return: 'ptr' },
        nothing: { symbol: 'ot_nothing', arguments: [], return: 'void' },
      },
      { engine },
    );
    expect(await alias.add(40, 2)).to.equal(42);
    expect(await alias.half(0.25, 0.25)).to.equal(0.5);
    expect(await alias.big(2n ** 63n)).to.equal(2n ** 63n);
    expect(await alias.at(16n)).to.equal(16n);
    expect(await alias.nothing()).to.equal(undefined);
  });

  it('returns f32, or says at once that the engine cannot', async () => {
    const opening = lab.pool.open(
      testlib,
      { ot_add_f32: { arguments: ['f32', 'f32'], return: 'f32' } },
      { engine },
    );
    if (engine === 'ffi-rs') {
      const error = await rejection(opening, EngineError);
      expect(error.code).to.equal('OFFTHREAD_ENGINE_UNSUPPORTED');
      expect(error.message).to.match(/f32/);
      return;
    }
    const lib = await opening;
    expect(await lib.ot_add_f32(0.5, 0.25)).to.equal(0.75);
    expect(await lib.ot_add_f32(0.1, 0)).to.equal(Math.fround(0.1));
    expect(await lib.ot_add_f32(3.4028234663852886e38, 0)).to.equal(3.4028234663852886e38);
  });

  it('brings f32 back through an out parameter', async () => {
    const lib = await lab.pool.open(
      testlib,
      { ot_out_f32: { arguments: [out('f32'), 'f32'], return: 'void' } },
      { engine },
    );
    expect(await lib.ot_out_f32(0.1)).to.deep.equal([undefined, Math.fround(0.1)]);
    expect(await lib.ot_out_f32(-Infinity)).to.deep.equal([undefined, -Infinity]);
  });
});
