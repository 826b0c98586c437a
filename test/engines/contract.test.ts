import { expect } from 'chai';

import type { Scalar } from '../../src/declare/spec.js';
import type { Engine, EngineLibrary, NativeFunction } from '../../src/engines/engine.js';
import { LIBC } from '../../src/engines/system/libc.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { SymbolNotFoundError } from '../../src/errors.js';
import { probeLibrary } from '../helpers/engine-probe.js';
import { ENGINES } from '../helpers/contract.js';

type Value = number | bigint;

const MAX_U64 = 2n ** 64n - 1n;
const NUMBERS: { readonly [type in Scalar]: readonly Value[] } = {
  i8: [-128, -1, 0, 1, 127],
  u8: [0, 1, 127, 128, 255],
  i16: [-32_768, -1, 0, 1, 32_767],
  u16: [0, 1, 32_767, 32_768, 65_535],
  i32: [-(2 ** 31), -1, 0, 1, 2 ** 31 - 1],
  u32: [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u64: [0n, 1n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 63n + 12_345n, MAX_U64],
  size: [0, 1, 2 ** 32, Number.MAX_SAFE_INTEGER],
  f32: [-3.4028234663852886e38, -1, -0, 0, 0.5, 1.401298464324817e-45, Infinity, -Infinity, NaN],
  f64: [-Number.MAX_VALUE, -1, -0, 0, 0.1, Number.MIN_VALUE, Infinity, -Infinity, NaN],
  bool: [0, 1],
  pointer: [0n, 1n, 0x7fff_1234_5678n, 2n ** 63n, MAX_U64],
};
const SCALARS = Object.keys(NUMBERS) as Scalar[];
const NARROW = SCALARS.filter((type) => !['i64', 'u64', 'size', 'f32', 'f64', 'pointer'].includes(type));

/** More than the integer and the floating-point registers hold: what follows goes over the stack. */
const SPILL_TYPES: readonly Scalar[] = [...Array<Scalar>(6).fill('i64'), ...Array<Scalar>(8).fill('f64')];
const SPILL_VALUES: readonly Value[] = [
  1n,
  -2n,
  3n,
  -4n,
  5n,
  -6n,
  0.5,
  -1.5,
  2.5,
  -3.5,
  4.5,
  -5.5,
  6.5,
  -7.5,
];

for (const name of ENGINES) {
  describe(`engine ${name} (B6)`, () => {
    let engine: Engine;
    let library: EngineLibrary;

    before(() => {
      engine = loadEngine(name);
      library = engine.open(probeLibrary());
    });

    const bind = (symbol: string, types: readonly Scalar[], returns: Scalar | 'void'): NativeFunction =>
      library.bind(symbol, { arguments: types, returns });

    it('is one of its kind, and opens a path once', () => {
      expect(engine.name).to.equal(name);
      expect(loadEngine(name)).to.equal(engine);
      expect(engine.open(probeLibrary())).to.equal(library);
      expect(library.path).to.equal(probeLibrary());
    });

    for (const type of SCALARS) {
      const returnable = type !== 'f32' || name !== 'ffi-rs';

      if (returnable) {
        it(`passes and returns ${type}`, () => {
          const echo = bind(`echo_${type}`, [type], type);
          for (const value of NUMBERS[type]) expectSame(echo(value), value);
        });

        it(`passes ${type} over the stack`, () => {
          const spill = bind(`spill_${type}`, [...SPILL_TYPES, type], type);
          for (const value of NUMBERS[type]) expectSame(spill(...SPILL_VALUES, value), value);
        });
      }

      it(`stores and loads ${type} through a pointer`, () => {
        const store = bind(`store_${type}`, ['pointer', type], 'void');
        const bytes = new Uint8Array(16).fill(0xaa);
        for (const value of NUMBERS[type]) {
          store(engine.addressOf(bytes), value);
          expectSame(loadFrom(type, bytes), value);
          expect(bytes[8], 'the byte behind a cell').to.equal(0xaa);
        }
      });
    }

    for (const type of NARROW) {
      it(`extends ${type} as C callers do`, () => {
        const widen = bind(`widen_${type}`, [type], 'i64');
        for (const value of NUMBERS[type]) expect(widen(value)).to.equal(BigInt(value));
      });

      it(`sees only the bits of ${type} in what returns`, () => {
        const dirty = bind('dirty', ['i64'], type);
        for (const value of NUMBERS[type]) {
          const width = type === 'bool' ? 8 : Number(type.slice(1));
          const register = (0x5aa5_a55a_1234_5678n << BigInt(width)) | BigInt.asUintN(width, BigInt(value));
          expect(dirty(BigInt.asIntN(64, register))).to.equal(value);
        }
      });
    }

    it('passes f32 rounded to single precision', () => {
      const bits = bind('bits_f32', ['f32'], 'u32');
      expect(bits(0.1)).to.equal(0x3dcccccd);
      expect(bits(-0)).to.equal(0x80000000);
    });

    it('keeps narrow types apart among their neighbours', () => {
      const types: Scalar[] = [
        'i8',
        'u8',
        'i16',
        'u16',
        'i32',
        'u32',
        'bool',
        'f32',
        'f64',
        'i8',
        'u16',
        'f32',
      ];
      const mixed = bind('mixed', types, 'i64');
      const values = [-128, 255, -32_768, 65_535, -(2 ** 31), 2 ** 32 - 1, 1, -0.5, 1.5, -1, 65_534, 2];
      const factors = [1, 3, 5, 7, 11, 13, 17, 20, 22, 29, 31, 37];
      const sum = values.reduce((total, value, index) => total + value * (factors[index] as number), 0);
      expect(mixed(...values)).to.equal(BigInt(sum));
    });

    it('returns undefined of void, and calls once', () => {
      const counter = bind('read_counter', [], 'i32');
      const before = counter() as number;
      const bump = bind('bump', [], 'void');
      expect(counter(), 'after bind alone').to.equal(before);
      expect(bump()).to.equal(undefined);
      expect(counter()).to.equal(before + 1);
    });

    it('binds one symbol with two prototypes', () => {
      const narrow = bind('echo_i64', ['i32'], 'i32');
      const wide = bind('echo_i64', ['i64'], 'i64');
      expect(narrow(-7)).to.equal(-7);
      expect(wide(-(2n ** 60n))).to.equal(-(2n ** 60n));
      expect(narrow(8)).to.equal(8);
    });

    it('names a symbol that the library lacks', () => {
      for (const method of ['bind', 'bindErrno'] as const) {
        const attempt = (): unknown =>
          library[method]('no_such_function', { arguments: ['i32'], returns: 'i32' });
        expect(attempt)
          .to.throw(SymbolNotFoundError, /probe\.so' has no function 'no_such_function'/)
          .with.property('symbol', 'no_such_function');
      }
    });

    describe('addresses', () => {
      const buffers = { ArrayBuffer: new ArrayBuffer(4096), SharedArrayBuffer: new SharedArrayBuffer(4096) };

      for (const [kind, buffer] of Object.entries(buffers)) {
        it(`of views over a ${kind} reach its bytes`, () => {
          const first = bind('first_byte', ['pointer'], 'u8');
          const store = bind('store_byte', ['pointer', 'u32', 'u8'], 'void');
          const base = engine.addressOf(new Uint8Array(buffer));
          const view = new Uint8Array(buffer, 17, 100);
          expect(engine.addressOf(view) - base).to.equal(17n);
          view[0] = 200;
          expect(first(engine.addressOf(view))).to.equal(200);
          store(base, 18, 201);
          expect(view[1]).to.equal(201);
        });

        it(`of an empty view over a ${kind} keep its offset`, () => {
          const base = engine.addressOf(new Uint8Array(buffer));
          expect(engine.addressOf(new Uint8Array(buffer, 9, 0)) - base).to.equal(9n);
        });
      }

      it('of empty buffers are never null', () => {
        expect(engine.addressOf(new Uint8Array(0)) > 0n).to.equal(true);
        expect(engine.addressOf(new Uint8Array(new SharedArrayBuffer(0))) > 0n).to.equal(true);
      });

      it('of pooled Buffers include the offset in the pool', () => {
        const first = bind('first_byte', ['pointer'], 'u8');
        expect(first(engine.addressOf(Buffer.from('offthread')))).to.equal('o'.charCodeAt(0));
      });
    });

    describe('libc', () => {
      it('binds everything that lanes use of it', () => {
        for (const [symbol, prototype] of Object.entries(LIBC)) {
          expect(engine.libc().bind(symbol, prototype)).to.be.a('function');
        }
      });

      it('measures and copies', () => {
        const source = Buffer.from('native\0text');
        const target = Buffer.alloc(11);
        const strlen = engine.libc().bind('strlen', LIBC.strlen);
        const memcpy = engine.libc().bind('memcpy', LIBC.memcpy);
        expect(strlen(engine.addressOf(source))).to.equal(6n);
        expect(memcpy(engine.addressOf(target), engine.addressOf(source), 11n)).to.equal(
          engine.addressOf(target),
        );
        expect(target.toString()).to.equal('native\0text');
      });
    });

    describe('errno', () => {
      it('is that of the call, and 0 of a call that set none', () => {
        const fail = library.bindErrno('fail_with', { arguments: ['i32'], returns: 'i32' });
        const succeed = library.bindErrno('echo_i32', { arguments: ['i32'], returns: 'i32' });
        expect(fail(22)).to.equal(-1);
        expect(engine.errno()).to.equal(22);
        expect(succeed(5)).to.equal(5);
        expect(engine.errno()).to.equal(0);
      });

      it('comes with every kind of result', () => {
        for (const type of SCALARS.filter((candidate) => candidate !== 'f32' || name !== 'ffi-rs')) {
          const fail = library.bindErrno(`fail_${type}`, { arguments: ['i32', type], returns: type });
          const value = NUMBERS[type].at(-1) as Value;
          expectSame(fail(33, value), value);
          expect(engine.errno(), type).to.equal(33);
        }
        const fail = library.bindErrno('fail_void', { arguments: ['i32'], returns: 'void' });
        expect(fail(34)).to.equal(undefined);
        expect(engine.errno()).to.equal(34);
      });
    });
  });
}

function expectSame(actual: unknown, expected: Value): void {
  expect(typeof actual).to.equal(typeof expected);
  expect(Object.is(actual, expected), `${String(actual)} is ${String(expected)}`).to.equal(true);
}

function loadFrom(type: Scalar, bytes: Uint8Array): Value {
  const view = new DataView(bytes.buffer);
  switch (type) {
    case 'i8':
      return view.getInt8(0);
    case 'u8':
    case 'bool':
      return view.getUint8(0);
    case 'i16':
      return view.getInt16(0, true);
    case 'u16':
      return view.getUint16(0, true);
    case 'i32':
      return view.getInt32(0, true);
    case 'u32':
      return view.getUint32(0, true);
    case 'i64':
      return view.getBigInt64(0, true);
    case 'f32':
      return view.getFloat32(0, true);
    case 'f64':
      return view.getFloat64(0, true);
    case 'size':
      return Number(view.getBigUint64(0, true));
    default:
      return view.getBigUint64(0, true);
  }
}
