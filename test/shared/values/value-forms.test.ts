/** Values between host and lanes arrive as structured cloning brings them. */
import { deepStrictEqual } from 'node:assert/strict';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import fc from 'fast-check';
import { ValueEncoder } from '../../../src/shared/values/value-encoder.js';
import { received, through } from './through-form.js';

/** -0, NaN, prototypes, holes and the order of keys count. */
function expectSame(actual: unknown, expected: unknown): void {
  deepStrictEqual(actual, expected);
  deepStrictEqual(keyOrder(actual), keyOrder(expected));
}

function keyOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  return Object.entries(value).map(([key, item]) => [key, keyOrder(item)]);
}

function expectCloned(value: unknown): void {
  expectSame(through(value), structuredClone(value));
}

/** Whether a value needed no serializer: its own kind of cell is first. */
function isPlain(value: unknown): boolean {
  const encoder = new ValueEncoder(true);
  encoder.encode(value);
  return encoder.cloned === null && ![19, 20].includes(new Int32Array(encoder.toBuffer())[0] as number);
}

describe('the form of a value', () => {
  it('brings any plain value as structured cloning does', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
      stringUnit: 'binary',
    });
    fc.assert(fc.property(anything, expectCloned), { numRuns: 1500 });
  });

  it('brings numbers exactly', () => {
    for (const value of [0, -0, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324, 0.1, -1])
      expectCloned([value]);
    fc.assert(fc.property(fc.double(), expectCloned));
  });

  it('brings bigints of any size', () => {
    for (const value of [0n, -1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 17n ** 300n])
      expectCloned({ value });
  });

  it('brings strings of every length and any characters, lone surrogates too', () => {
    for (let length = 0; length < 100; length++) {
      const text = 'abcdefghij'.repeat(10).slice(0, length);
      for (const end of ['', '\xff', '\u0100', '\ud800', '😀']) expectCloned(text + end);
    }
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), expectCloned));
  });

  it('keeps the order of keys, and takes __proto__ for a key', () => {
    const object = JSON.parse(
      '{"b":1,"10":2,"__proto__":{"x":1},"a":3,"2":4,"toString":5,"":6,"ä€":7}',
    ) as object;
    expect(isPlain(object)).to.equal(true);
    for (let round = 0; round < 3; round++) {
      const arrived = through(object) as object;
      expectSame(arrived, structuredClone(object));
      expect(Object.getPrototypeOf(arrived)).to.equal(Object.prototype);
      expect(Object.keys(arrived)).to.deep.equal(Object.keys(object));
    }
  });

  it('brings objects of many kinds, more than are remembered', () => {
    const encoder = new ValueEncoder(true);
    for (let round = 0; round < 2; round++)
      for (let i = 0; i < 700; i++) {
        const object = { same: i, [`key${i}`]: 1, [`k${i % 7}`]: { [`n${i}`]: i } };
        encoder.encode(object);
        expectSame(received(encoder), object);
      }
  });

  it('calls a getter of a plain object once, and leaves out what it removes', () => {
    let calls = 0;
    const object: Record<string, unknown> = {
      get first() {
        calls += 1;
        delete object['second'];
        delete object['toString'];
        return 'x';
      },
      second: 2,
      toString: 3,
      third: undefined,
    };
    expectSame(through(object), { first: 'x', third: undefined });
    expect(calls).to.equal(1);
    expect(() =>
      through({
        get bad() {
          throw new RangeError('of the getter');
        },
      }),
    ).to.throw(RangeError, 'of the getter');
  });

  it('leaves to V8 what is not plain', () => {
    const match = /(?<year>\d+)/.exec('in 2026');
    const extra = Object.assign([1, 2], { columns: ['a'] });
    // oxlint-disable-next-line no-sparse-arrays
    const sparse = [1, , 3];
    class Point {
      x = 1;
      readonly #hidden = 2;
      sum(): number {
        return this.x + this.#hidden;
      }
    }
    const error = new TypeError('wrong', { cause: new Error('inner') });
    const other = runInNewContext('({ a: [1] })') as unknown;
    for (const value of [
      match,
      extra,
      sparse,
      new Point(),
      new Date(5),
      /x/gi,
      new Map([[{}, new Set([1])]]),
    ]) {
      expect(isPlain(value)).to.equal(false);
      expectCloned(value);
      expectCloned([value]);
    }
    expectCloned([Object(1), Object('a'), Object(1n), other, Array(100_000)]);
    const arrived = through({ error }) as { error: TypeError };
    expect(arrived.error).to.be.instanceOf(TypeError);
    expect(arrived.error.stack).to.equal(error.stack);
    expect((structuredClone(error).cause as Error | undefined)?.message).to.equal(
      (arrived.error.cause as Error | undefined)?.message,
    );
  });

  it('keeps identities and cycles', () => {
    const node: { next?: unknown; list: unknown[] } = { list: [] };
    node.next = node;
    const bytes = new Uint8Array([1, 2]);
    const arrived = through({ a: node, b: [node.list, bytes], c: bytes }) as {
      a: { next: unknown; list: unknown };
      b: unknown[];
      c: Uint8Array;
    };
    expect(arrived.a.next).to.equal(arrived.a);
    expect(arrived.b[0]).to.equal(arrived.a.list);
    expect(arrived.b[1]).to.equal(arrived.c);
    expect([...arrived.c]).to.deep.equal([1, 2]);
  });

  it('brings what is deep, wide or long', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 200; i++) deep = i % 2 ? [deep] : { deep };
    expectCloned(deep);
    for (const shared of [true, false]) {
      for (const size of [127, 128, 129, 511, 512, 513, 5000]) {
        const list = Array.from({ length: size }, (_, i) => (i % 3 ? i : { i }));
        expectSame(through(list, [], shared), list);
        expectSame(through('x'.repeat(size * 13), [], shared), 'x'.repeat(size * 13));
        const wide = Object.fromEntries(list.map((item, i) => [`key ${i}`, item]));
        expectSame(through(wide, [], shared), wide);
      }
    }
    expectCloned(Array.from({ length: 400 }, () => 'a text of some length '.repeat(10)));
  });

  it('brings a list without looking for holes', () => {
    const encoder = new ValueEncoder(true);
    encoder.encodeList([1, 'a', { b: [2.5] }, undefined]);
    expectSame(received(encoder), [1, 'a', { b: [2.5] }, undefined]);
    encoder.encodeList([]);
    expectSame(received(encoder), []);
    encoder.encodeList([new Map([[1, 2]])]);
    expectSame(received(encoder), [new Map([[1, 2]])]);
  });

  it('is what toBuffer and copyTo give', () => {
    const encoder = new ValueEncoder(true);
    encoder.encode({ text: 'a'.repeat(500), list: [1, 2, 3] });
    const memory = new Int32Array(encoder.bytes / 4 + 2);
    encoder.copyTo(memory, 8);
    expect(encoder.bytes % 8).to.equal(0);
    expect([...memory.slice(2)]).to.deep.equal([...new Int32Array(encoder.toBuffer())]);
  });
});
