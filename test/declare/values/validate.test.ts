import { expect } from 'chai';
import * as fc from 'fast-check';
import vm from 'node:vm';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import type { Scalar } from '../../../src/declare/spec.js';
import { checkArguments } from '../../../src/declare/values/validate.js';
import { inout, out } from '../../../src/declare/language/wrappers.js';
import { ArgumentError } from '../../../src/errors.js';
import { taking } from '../fixture.js';
import { slow } from '../../helpers/fast-run.js';

/** The error's message for one value of that type; null when it is accepted. */
function complaint(type: unknown, value: unknown): string | null {
  const error = checkArguments(taking(type), [value]);
  if (error === null) return null;
  expect(error).to.be.instanceOf(ArgumentError);
  expect(error.symbol).to.equal('f');
  expect(error.message).to.include('f of libtest.so: argument 0 (');
  return error.message;
}

const accepts = (type: unknown, ...values: unknown[]): void => {
  for (const value of values) expect(complaint(type, value)).to.equal(null);
};
const refuses = (type: unknown, value: unknown, message: RegExp): void => {
  expect(complaint(type, value)).to.match(message);
};

const NUMBERS: Scalar[] = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32'];
const BIGINTS: Scalar[] = ['i64', 'u64', 'pointer'];

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(8);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

describe('checkArguments: numbers (M4)', () => {
  for (const type of NUMBERS) {
    it(`accepts exactly the integers of ${type}`, () => {
      const { min, max } = SCALARS[type] as { min: number; max: number };
      accepts(type, min, max, 0, -0, 1);
      refuses(type, min - 1, /out of range/);
      refuses(type, max + 1, new RegExp(`is ${max + 1}\\. The value is out of range: ${min} to ${max}`));
      const fits = (value: number): boolean => Number.isInteger(value) && value >= min && value <= max;
      const any = fc.oneof(
        fc.double(),
        fc.integer(),
        fc.integer({ min: min - 3, max: max + 3 }),
        fc.constantFrom(2 ** 32, 2 ** 53, -(2 ** 31)),
      );
      fc.assert(
        fc.property(any, (value) => (complaint(type, value) === null) === fits(value)),
        { numRuns: 300 },
      );
    });
  }

  it('says what to do about a fraction, NaN, and values of other types', () => {
    refuses('i32', 1.5, /is 1\.5\. The value has a fraction\. Round it/);
    refuses('u8', NaN, /NaN is not an integer/);
    refuses('i32', Infinity, /out of range/);
    refuses('i32', 5n, /is 5n\. Pass a number: write 5, not 5n/);
    for (const value of ['5', null, undefined, true, {}, [], Symbol('s'), () => 1]) {
      for (const type of [...NUMBERS, 'f32', 'f64']) refuses(type, value, /Pass a number/);
    }
  });

  it('passes NaN and the infinities as floats, but nothing that would become infinite', () => {
    accepts('f64', 1.5, NaN, Infinity, -Infinity, -0, Number.MAX_VALUE);
    accepts('f32', 1.5, NaN, Infinity, -Infinity, -0, SCALARS.f32.max, 0.1, 5e-324);
    refuses('f32', 1e39, /too large for a 32-bit float/);
    refuses('f32', -1e39, /too large/);
  });
});

describe('checkArguments: 64-bit integers, pointers, bools (M4)', () => {
  for (const type of BIGINTS) {
    it(`accepts exactly the bigints of ${type}`, () => {
      const { min, max } = SCALARS[type] as { min: bigint; max: bigint };
      accepts(type, min, max, 0n);
      refuses(type, min - 1n, /out of range/);
      refuses(type, max + 1n, /out of range/);
      refuses(type, 10n ** 5_000n, /more than 256 bits\. The value is out of range/);
      const any = fc.oneof(fc.bigInt(), fc.bigInt({ min: min - 3n, max: max + 3n }));
      fc.assert(
        fc.property(any, (value) => (complaint(type, value) === null) === (value >= min && value <= max)),
        { numRuns: 300 },
      );
    });
  }

  it('accepts numbers for 64-bit integers, where they are exact', () => {
    accepts('u64', 0, 5, -0, Number.MAX_SAFE_INTEGER);
    accepts('i64', 5, -0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER);
    refuses('u64', -1, /is -1\. The value is out of range: 0 to/);
    for (const type of ['i64', 'u64'] as const) {
      refuses(type, 1.5, /not an exact integer/);
      refuses(type, 2 ** 53, /not an exact integer/);
      refuses(type, Number.NaN, /not an exact integer/);
      refuses(type, '5', /a number that is a safe integer/);
    }
  });

  it('asks for a bigint where an address is given as a number', () => {
    refuses('pointer', 5, /is 5\. Pass a bigint: write 5n\./);
    refuses('pointer', -0, /write 0n/);
    refuses('pointer', 1.5, /not an exact integer/);
  });

  it('says how to write NULL, and how to pass bytes as an address', () => {
    refuses('pointer', null, /NULL is 0n/);
    refuses('pointer', Buffer.alloc(1), /declare the parameter as 'buffer'/);
    refuses('pointer', {}, /address as a bigint/);
  });

  it('takes booleans only', () => {
    accepts('bool', true, false);
    for (const value of [0, 1, 'true', null, undefined, 1n]) refuses('bool', value, /Pass true or false/);
  });
});

describe('checkArguments: strings (M4)', () => {
  it('takes what survives the way to UTF-8', () => {
    accepts('cstring', '', 'plain', 'grüße', '€', '😀', null, 'x'.repeat(100_000));
    refuses('cstring', 'a\0b', /NUL at index 1/);
    refuses('cstring', '\ud83d', /half of a surrogate pair.*toWellFormed/);
    refuses('cstring', 'ab\ude00', /half of a surrogate pair/);
    refuses('cstring', undefined, /null for NULL/);
    refuses('cstring', 5, /Pass a string or null/);
    refuses('cstring', new String('x'), /Pass a string or null/);
    refuses('cstring', Buffer.from('x'), /declare the parameter as 'buffer'/);
  });

  slow('accepts exactly the strings that come back the same', () => {
    const back = (text: string): boolean => Buffer.from(text).toString() === text && !text.includes('\0');
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => (complaint('cstring', text) === null) === back(text),
      ),
    );
    const units = fc.array(fc.constantFrom('\ud83d', '\ude00', 'a', '\0')).map((list) => list.join(''));
    fc.assert(fc.property(units, (text) => (complaint('cstring', text) === null) === back(text)));
  });
});

describe('checkArguments: bytes (M4)', () => {
  it('takes buffers, views and live memory, empty ones too', () => {
    accepts(
      'buffer',
      Buffer.from('x'),
      new Uint8Array(0),
      new Float64Array(2),
      new ArrayBuffer(0),
      new ArrayBuffer(2),
    );
    accepts(
      'buffer',
      new SharedArrayBuffer(0),
      new SharedArrayBuffer(8),
      new Uint8Array(new SharedArrayBuffer(8)),
    );
    accepts(
      'buffer',
      new DataView(new ArrayBuffer(2)),
      new DataView(new ArrayBuffer(0)),
      new BigInt64Array(1),
    );
    accepts('buffer', vm.runInNewContext('new Uint8Array(2)'), vm.runInNewContext('new ArrayBuffer(0)'));
    accepts(inout('buffer'), Buffer.alloc(1));
  });

  it('refuses memory that is gone', () => {
    const view = new Uint8Array(8);
    const data = new DataView(view.buffer);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    for (const value of [view, data, detached()])
      refuses('buffer', value, /Its memory is no longer available/);
  });

  it('refuses views that a resize left out of bounds, not the empty ones', () => {
    const memory = new (
      ArrayBuffer as unknown as new (
        size: number,
        options: object,
      ) => ArrayBuffer & { resize(size: number): void }
    )(16, { maxByteLength: 16 });
    const fixed = new Uint8Array(memory, 8, 8);
    const tracking = new Uint8Array(memory, 8);
    const data = new DataView(memory, 8, 8);
    const whole = new Uint8Array(memory);
    accepts('buffer', fixed, tracking, data, whole, memory);
    memory.resize(8);
    accepts('buffer', tracking, whole, memory);
    for (const value of [fixed, data]) refuses('buffer', value, /out of bounds/);
    memory.resize(4);
    refuses('buffer', tracking, /out of bounds/);
  });

  it('refuses what only looks like bytes', () => {
    refuses('buffer', 'text', /Buffer\.from/);
    refuses('buffer', undefined, /or null for NULL, or an address/);
    refuses('buffer', -1n, /not an address.*Declare the parameter as 'pointer'/);
    refuses('buffer', 2n ** 52n, /not an address/);
    accepts('buffer', null, 0n, 2n ** 52n - 1n);
    for (const value of [
      [1, 2],
      {},
      5,
      Object.create(Uint8Array.prototype),
      Object.create(ArrayBuffer.prototype),
      new Proxy(new Uint8Array(1), {}),
    ]) {
      refuses('buffer', value, /Pass a Buffer/);
    }
  });

  it('is not misled by the properties of a subclass', () => {
    class Liar extends Uint8Array {
      override get byteLength(): number {
        return 4;
      }
      override get length(): number {
        throw new Error('no');
      }
    }
    accepts('buffer', new Liar(2), new Liar(0));
    const gone = new Liar(new ArrayBuffer(4));
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    refuses('buffer', gone, /Its memory is no longer available/);
  });
});

describe('checkArguments: the whole call (M4)', () => {
  it('wants the count that the caller gives, without outs and special parameters', () => {
    const fn = taking('i32', out('i32'), 'cancelFlag', inout('u64'), 'progress');
    expect(checkArguments(fn, [1, 2n])).to.equal(null);
    expect(checkArguments(fn, [1])?.message).to.equal(
      'f of libtest.so: takes 2 arguments (i32, u64), but 1 was passed. Out parameters and special parameters are not passed.',
    );
    expect(checkArguments(fn, [1, 2, 3])?.message).to.match(/but 3 were passed/);
    expect(checkArguments(taking(), [undefined])?.message).to.match(
      /takes 0 arguments \(\), but 1 was passed\.$/,
    );
  });

  it('names the argument as given and as declared', () => {
    const fn = taking('i32', out('i32'), 'u64');
    expect(checkArguments(fn, [1, 2.5])?.message).to.match(
      /argument 1 \(u64, declared as arguments\[2\]\) is 2\.5\./,
    );
  });

  it('reports any value without throwing, in a bounded message', () => {
    const bomb = (): never => {
      throw new Error('trap');
    };
    const traps = {
      get: bomb,
      ownKeys: bomb,
      has: bomb,
      getPrototypeOf: bomb,
      getOwnPropertyDescriptor: bomb,
    };
    const strangeView = Object.setPrototypeOf(new Uint8Array(0), new Proxy({}, traps)) as unknown;
    const values = [
      new Proxy({}, traps),
      new Proxy([], traps),
      Object.create(new Proxy({}, traps)),
      strangeView,
      {
        get x() {
          return bomb();
        },
      },
      'y\0'.repeat(1e6),
    ];
    const types = [...Object.keys(SCALARS), 'cstring', 'buffer'];
    for (const type of types) {
      for (const value of values) expect(complaint(type, value)?.length ?? 0).to.be.below(600);
    }
    fc.assert(
      fc.property(
        fc.constantFrom(...types),
        fc.anything({ withBigInt: true, withTypedArray: true }),
        (type, value) => (complaint(type, value)?.length ?? 0) < 600,
      ),
    );
  });
});
