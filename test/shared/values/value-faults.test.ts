/** What cannot be sent is refused with its place; what was overwritten is a Disorder and nothing else. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Disorder } from '../../../src/shared/messages/disorder.js';
import { viewsOf } from '../../../src/shared/memory/record.js';
import { decodeValue, type ValueViews } from '../../../src/shared/values/value-decoder.js';
import { ValueEncoder } from '../../../src/shared/values/value-encoder.js';
import { AT, memoryOf, through } from './through-form.js';

function errorOf(value: unknown): DOMException {
  try {
    through(value);
  } catch (error) {
    return error as DOMException;
  }
  throw new Error('nothing was thrown');
}

/** Decodes; a Disorder is undefined, anything else is thrown. */
function attempt(views: ValueViews, at: number, end: number, attachments: ArrayBuffer[]): unknown {
  try {
    return decodeValue(views, at, end, attachments);
  } catch (error) {
    if (error instanceof Disorder) return undefined;
    throw error;
  }
}

describe('a value that cannot be sent', () => {
  const faults: readonly (readonly [unknown, string])[] = [
    [() => {}, 'The value is a function'],
    [[{ callback: () => {} }], '[0].callback is a function'],
    [{ a: { 'b c': [1, Symbol('s')] } }, 'a["b c"][1] is a symbol'],
    [[new Proxy({}, {})], '[0] is a proxy'],
    [new Proxy(() => {}, {}), 'The value is a proxy'],
    [{ later: Promise.resolve() }, 'later is a promise'],
    [{ map: new WeakMap() }, 'map is a WeakMap'],
    [[new WeakSet()], '[0] is a WeakSet'],
  ];
  for (const [value, message] of faults)
    it(`is refused as by structured cloning, with its place: ${message}`, () => {
      const error = errorOf(value);
      expect(error).to.be.instanceOf(DOMException);
      expect(error.name).to.equal('DataCloneError');
      expect(error.code).to.equal(25);
      expect(error.message).to.equal(`${message}, which cannot be cloned.`);
    });

  it('is refused inside of what V8 serializes', () => {
    for (const value of [
      new Map([[1, () => {}]]),
      new Set([Symbol('a')]),
      [new WeakRef({})],
      new Map([[1, Promise.resolve()]]),
    ]) {
      const error = errorOf(value);
      expect(error).to.be.instanceOf(DOMException);
      expect(error.name).to.equal('DataCloneError');
      expect(() => structuredClone(value)).to.throw(DOMException);
    }
  });

  it('leaves the encoder fit for the next', () => {
    const encoder = new ValueEncoder(true);
    expect(() => encoder.encode([new Uint8Array(9000), () => {}])).to.throw('[1] is a function');
    expect([encoder.bytes, encoder.attachments.length, encoder.cloned]).to.deep.equal([0, 0, null]);
    encoder.encode('next');
    expect(decodeValue(memoryOf(encoder), AT, AT + encoder.bytes, [])).to.equal('next');
  });
});

describe('an overwritten form', () => {
  it('of random cells is a value or a Disorder', () => {
    const cell = fc.tuple(
      fc.oneof(
        fc.nat(22),
        fc.nat(15).map((type) => 16 | (type << 8)),
        fc.nat(15).map((type) => 18 | (type << 8)),
        fc.integer(),
      ),
      fc.oneof(
        fc.nat(8),
        fc.integer({ min: -8, max: 200 }),
        fc.constantFrom(2 ** 31 - 1, -(2 ** 31), 2 ** 30),
      ),
    );
    fc.assert(
      fc.property(fc.array(cell, { maxLength: 40 }), (cells) => {
        const views = viewsOf(Int32Array.from(cells.flat()).buffer);
        attempt(views, 0, views.bytes.length, [new ArrayBuffer(32)]);
      }),
      { numRuns: 20_000 },
    );
  });

  it('of a value with some words changed, or cut short, is a value or a Disorder', () => {
    const encoder = new ValueEncoder(true);
    const values = fc.oneof(
      fc.jsonValue(),
      fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withDate: true }),
    );
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(64), fc.integer()));
    fc.assert(
      fc.property(values, fc.array(change, { maxLength: 3 }), fc.nat(), (value, changes, cut) => {
        encoder.encode(value);
        const views = memoryOf(encoder);
        for (const [where, word] of changes) views.i32[(AT >> 2) + (where % (encoder.bytes >> 2))] = word;
        const attachments = encoder.attachments as ArrayBuffer[];
        attempt(views, AT, AT + encoder.bytes, attachments);
        attempt(views, AT, AT + ((cut % encoder.bytes) & ~7), attachments);
      }),
      { numRuns: 5000 },
    );
  });

  it('that V8 serialized reaches V8 only as it was written', () => {
    const encoder = new ValueEncoder(true);
    encoder.encode(new Map([['key', new Date(0)]]));
    for (let at = AT + 16; at < AT + encoder.bytes; at++) {
      const views = memoryOf(encoder);
      views.bytes[at] = (views.bytes[at] as number) ^ 4;
      expect(() => decodeValue(views, AT, AT + encoder.bytes, [])).to.throw(Disorder);
    }
  });

  it('is a Disorder where it would be too deep, too long or outside', () => {
    const nested = Int32Array.from({ length: 20_000 }, (_, i) => (i % 2 ? 1 : 12));
    const wrong: readonly (readonly number[])[] = [
      [],
      [12, 2 ** 30],
      [12, -1],
      [13, 2 ** 30],
      [13, -1],
      [8, 64],
      [9, 2 ** 30],
      [17, 0],
      [17, -1],
      [20, 3],
      [15, 2 ** 31 - 1],
      [0, 0],
      [255, 0],
    ];
    for (const words of [nested, ...wrong]) {
      const views = viewsOf(Int32Array.from(words).buffer);
      expect(() => decodeValue(views, 0, views.bytes.length, [])).to.throw(Disorder);
    }
    const views = viewsOf(new ArrayBuffer(16));
    expect(() => decodeValue(views, 0, 24, [])).to.throw(Disorder);
    expect(() => decodeValue(views, 4, 16, [])).to.throw(Disorder);
  });
});
