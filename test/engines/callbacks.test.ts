/** B6: functions that native code calls in the midst of a call: every scalar there and back, and none left behind. */
import { expect } from 'chai';
import type { Scalar } from '../../src/declare/spec.js';
import type {
  CallbackHandler,
  Engine,
  EngineLibrary,
  NativeValue,
  Prototype,
} from '../../src/engines/engine.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { from, runWorker } from './engine-child.js';
import { compile } from '../helpers/engine-probe.js';
import { ENGINES } from '../helpers/contract.js';

type Value = number | bigint;

const EXTREMES: { readonly [type in Scalar]: readonly Value[] } = {
  i8: [-128, -1, 0, 127],
  u8: [0, 127, 128, 255],
  i16: [-32_768, -1, 0, 32_767],
  u16: [0, 32_768, 65_535],
  i32: [-(2 ** 31), -1, 0, 2 ** 31 - 1],
  u32: [0, 2 ** 31, 2 ** 32 - 1],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u64: [0n, 1n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  size: [0, 2 ** 32, Number.MAX_SAFE_INTEGER],
  f32: [-3.4028234663852886e38, -0, 0.5, 1.401298464324817e-45, Infinity, NaN],
  f64: [-Number.MAX_VALUE, -0, 0.1, Number.MIN_VALUE, -Infinity, NaN],
  bool: [0, 1],
  pointer: [0n, 1n, 0x7fff_1234_5678n, 2n ** 64n - 1n],
};
const SCALARS = Object.keys(EXTREMES) as Scalar[];
const NARROW = SCALARS.filter((type) => !['i64', 'u64', 'size', 'f32', 'f64', 'pointer'].includes(type));

const CODE = `
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef void *address;
#define BOTH(name, type) \\
  type pass_##name(type (*f)(type), type x) { return f(x); } \\
  type spill_##name(type (*f)(int64_t, int64_t, int64_t, int64_t, int64_t, int64_t, double, type), type x) \\
    { return f(1, -2, 3, -4, 5, -6, 0.5, x); } \\
  void tell_##name(void (*f)(type), type x) { f(x); }
#define NARROW(name, type) int64_t widen_##name(type (*f)(void)) { return (int64_t)f(); }
BOTH(i8, int8_t) NARROW(i8, int8_t)
BOTH(u8, uint8_t) NARROW(u8, uint8_t)
BOTH(i16, int16_t) NARROW(i16, int16_t)
BOTH(u16, uint16_t) NARROW(u16, uint16_t)
BOTH(i32, int32_t) NARROW(i32, int32_t)
BOTH(u32, uint32_t) NARROW(u32, uint32_t)
BOTH(bool, bool) NARROW(bool, bool)
BOTH(i64, int64_t)
BOTH(u64, uint64_t)
BOTH(size, size_t)
BOTH(f32, float)
BOTH(f64, double)
BOTH(pointer, address)
int mixed(int (*f)(int8_t, uint8_t, int16_t, uint16_t, float, bool, double, uint32_t, int64_t, void *)) {
  return f(-128, 255, -32768, 65535, -0.5f, true, 1.5, 4294967295u, -9007199254740993, 0);
}
int twice(int (*f)(int), int (*g)(int), int x) { return f(g(x)); }
int nothing(void (*f)(void), int times) { for (int i = 0; i < times; i++) f(); return times; }
`;

let library: string | undefined;
function callers(): string {
  library ??= compile('callers.so', CODE);
  return library;
}

/** 64-bit values come as numbers or as bigints, and koffi gives unsigned ones from 2^63 on as negative. */
function wide(type: Scalar, value: Value): Value {
  if (type === 'u64' || type === 'pointer') return BigInt.asUintN(64, BigInt(value));
  if (type === 'size') return Number(value);
  return type === 'i64' ? BigInt(value) : value;
}

function expectSame(actual: unknown, expected: Value): void {
  expect(Object.is(actual, expected), `${String(actual)} is ${String(expected)}`).to.equal(true);
}

for (const name of ENGINES.filter((name) => name !== 'ffi-rs')) {
  describe(`callbacks of the engine ${name}`, () => {
    let engine: Engine;
    let native: EngineLibrary;

    before(() => {
      engine = loadEngine(name);
      native = engine.open(callers());
    });

    /** Runs with the address of a function that native code can call. */
    function withCallback<R>(prototype: Prototype, handler: CallbackHandler, run: (address: bigint) => R): R {
      const callback = engine.callback(prototype, handler);
      try {
        return run(callback.address);
      } finally {
        callback.release();
      }
    }

    for (const type of SCALARS) {
      it(`${type} goes in and comes back as it was`, () => {
        const pass = native.bind(`pass_${type}`, { arguments: ['pointer', type], returns: type });
        for (const value of EXTREMES[type]) {
          const seen: Value[] = [];
          const handler: CallbackHandler = (...values) => {
            seen.push(...values);
            return value;
          };
          withCallback({ arguments: [type], returns: type }, handler, (address) => {
            expectSame(pass(address, value), value);
          });
          expect(seen).to.have.length(1);
          expectSame(wide(type, seen[0] as Value), value);
        }
      });

      it(`${type} goes over the stack, behind others`, () => {
        const spill = native.bind(`spill_${type}`, { arguments: ['pointer', type], returns: type });
        const types: Scalar[] = ['i64', 'i64', 'i64', 'i64', 'i64', 'i64', 'f64', type];
        for (const value of EXTREMES[type]) {
          const seen: Value[] = [];
          const handler: CallbackHandler = (...values) => {
            seen.push(...values);
            return value;
          };
          withCallback({ arguments: types, returns: type }, handler, (address) => {
            expectSame(spill(address, value), value);
          });
          expect(seen.slice(0, 7).map(Number)).to.deep.equal([1, -2, 3, -4, 5, -6, 0.5]);
          expectSame(wide(type, seen[7] as Value), value);
        }
      });

      it(`${type} goes to a function that returns nothing`, () => {
        const tell = native.bind(`tell_${type}`, { arguments: ['pointer', type], returns: 'void' });
        const seen: Value[] = [];
        withCallback(
          { arguments: [type], returns: 'void' },
          (value) => void seen.push(value),
          (address) => {
            for (const value of EXTREMES[type]) tell(address, value);
          },
        );
        expect(seen.map((value) => wide(type, value))).to.deep.equal(EXTREMES[type]);
      });
    }

    for (const type of NARROW) {
      it(`${type} comes back extended, as C callers read it`, () => {
        const widen = native.bind(`widen_${type}`, { arguments: ['pointer'], returns: 'i64' });
        for (const value of EXTREMES[type]) {
          withCallback(
            { arguments: [], returns: type },
            () => value,
            (address) => expect(widen(address)).to.equal(BigInt(value)),
          );
        }
      });
    }

    it('keeps types apart among their neighbours', () => {
      const mixed = native.bind('mixed', { arguments: ['pointer'], returns: 'i32' });
      const types: Scalar[] = ['i8', 'u8', 'i16', 'u16', 'f32', 'bool', 'f64', 'u32', 'i64', 'pointer'];
      let seen: readonly Value[] = [];
      const handler: CallbackHandler = (...values) => {
        seen = values;
        return -7;
      };
      withCallback({ arguments: types, returns: 'i32' }, handler, (address) => {
        expect(mixed(address)).to.equal(-7);
      });
      const expected = [-128, 255, -32_768, 65_535, -0.5, 1, 1.5, 2 ** 32 - 1, -9_007_199_254_740_993n, 0n];
      expect(seen.map((value, index) => wide(types[index] as Scalar, value))).to.deep.equal(expected);
    });

    it('runs callbacks in their order, many times, and calls native code from inside of one', () => {
      const nothing = native.bind('nothing', { arguments: ['pointer', 'i32'], returns: 'i32' });
      const twice = native.bind('twice', { arguments: ['pointer', 'pointer', 'i32'], returns: 'i32' });
      const int: Prototype = { arguments: ['i32'], returns: 'i32' };
      let calls = 0;
      withCallback(
        { arguments: [], returns: 'void' },
        () => void (calls += 1),
        (address) => expect(nothing(address, 10_000)).to.equal(10_000),
      );
      expect(calls).to.equal(10_000);
      const order: string[] = [];
      const inner = engine.callback(int, (x) => {
        order.push(`inner ${x}`);
        return Number(x) + 1;
      });
      const outer = engine.callback(int, (x) => {
        order.push(`outer ${x}`);
        return x === 2 ? (twice(outer.address, inner.address, 10) as NativeValue) : Number(x);
      });
      expect(twice(outer.address, inner.address, 1)).to.equal(11);
      expect(order).to.deep.equal(['inner 1', 'outer 2', 'inner 10', 'outer 11']);
      inner.release();
      outer.release();
    });

    it('has a place for each that is made, for as long as those before are given back', () => {
      // More than there are places for all of them together.
      for (let round = 0; round < 10_000; round += 1) {
        const one = engine.callback({ arguments: ['i32'], returns: 'i32' }, () => round);
        expect(one.address > 0n).to.equal(true);
        one.release();
      }
      const pass = native.bind('pass_i32', { arguments: ['pointer', 'i32'], returns: 'i32' });
      const kept = Array.from({ length: 100 }, (_, index) =>
        engine.callback({ arguments: ['i32'], returns: 'i32' }, (x) => Number(x) * 1_000 + index),
      );
      expect(new Set(kept.map(({ address }) => address)).size).to.equal(100);
      expect(kept.map(({ address }) => pass(address, 2))).to.deep.equal(
        Array.from({ length: 100 }, (_, index) => 2_000 + index),
      );
      for (const one of kept) one.release();
    });

    it('serves a lane, which gives back what it made', async () => {
      const said = await runWorker(
        `const { loadEngine } = await import(${from('load-engine')});
         const engine = loadEngine('${name}', { role: 'lane' });
         const pass = engine.open(workerData).bind('pass_u64', { arguments: ['pointer', 'u64'], returns: 'u64' });
         const sums = [];
         for (let round = 0; round < 50; round += 1) {
           const callback = engine.callback({ arguments: ['u64'], returns: 'u64' }, (x) => BigInt(x) + 1n);
           sums.push(pass(callback.address, BigInt(round)));
           callback.release();
         }
         parentPort.postMessage(sums);`,
        callers(),
      );
      expect(said).to.deep.equal(Array.from({ length: 50 }, (_, round) => BigInt(round + 1)));
    });
  });
}
