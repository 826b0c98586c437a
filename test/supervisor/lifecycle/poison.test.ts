/** B2: which calls have crashed lanes: equal arguments are one set, others are not. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { persistent } from '../../../src/declare/language/persistent.js';
import type { DeclaredFunction } from '../../../src/lanes/rows/declared-function.js';
import { Poison } from '../../../src/supervisor/lifecycle/poison.js';
import { declare, detach } from '../../lanes/fixture.js';

const f = declare({ arguments: ['i32'], return: 'void' });
const g = declare({ arguments: ['i32'], return: 'void' });

/** Whether both are one set of arguments. */
function same(one: readonly unknown[], other: readonly unknown[]): boolean {
  const poison = new Poison(1);
  poison.killed(f, one);
  const refused = poison.refuses(f, other);
  expect(poison.killed(f, other), 'count').to.equal(refused ? 2 : 1);
  return refused;
}

/** A NaN of other bits. */
const [strangeNaN = 0] = new Float64Array(Uint8Array.of(1, 0, 0, 0, 0, 0, 0xf8, 0xff).buffer);
const apply = (): void => {};
const kept = persistent(apply);
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function detached(): Uint8Array {
  const view = new Uint8Array(4);
  detach(view.buffer);
  return view;
}

/** Sets of arguments of which no two are the same. */
const DIFFERENT: readonly (readonly unknown[])[] = [
  [],
  [1],
  [1, 1],
  [-1],
  [0],
  [-0],
  [NaN],
  [Infinity],
  [1n],
  [-1n],
  [0n],
  [16n],
  [10n],
  [49],
  ['1'],
  ['1n'],
  ['-1'],
  [''],
  ['', ''],
  ['ab', 'c'],
  ['a', 'bc'],
  ['abc'],
  ['abc', ''],
  ['', 'abc'],
  ['a\0b'],
  ['a', 'b'],
  ['ab'],
  ['\ud800'],
  ['\udfff'],
  ['\ufffd'],
  ['null'],
  ['true'],
  [bytes()],
  [bytes(), bytes()],
  [bytes(49)],
  [bytes(1)],
  [bytes(0, 0, 0, 0, 0, 0, 0, 0)],
  [bytes(1, 2), bytes(3)],
  [bytes(1), bytes(2, 3)],
  [bytes(1, 2, 3)],
  [bytes(97, 0, 98, 0)],
  [bytes(97, 98)],
  [detached()],
  [null],
  [null, null],
  [undefined],
  [true],
  [false],
  [apply],
  [() => {}],
  [kept],
  [persistent(apply)],
  [{}],
  [{}],
];

/** One value of every kind whose content counts. */
const value = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.double(),
    fc.integer({ min: -2, max: 2 }),
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }),
    fc.bigInt({ min: -2n, max: 2n }),
    fc.string(),
    fc.string({ unit: fc.constantFrom('0', '1', '\0'), maxLength: 3 }),
    fc.uint8Array(),
    fc.uint8Array({ min: 0, max: 1, maxLength: 3 }),
    fc.constantFrom(null, true, false),
  );
const values = fc.array(value(), { maxLength: 4 });

/** The same content in other memory. */
const copied = (args: readonly unknown[]): unknown[] =>
  args.map((one) => {
    if (one instanceof Uint8Array) return new Uint8Array([9, ...one, 9]).subarray(1, -1);
    return typeof one === 'string' ? JSON.parse(JSON.stringify(one)) : one;
  });

describe('Poison', () => {
  it('counts what one function has crashed with one set of arguments', () => {
    const poison = new Poison(3);
    expect([poison.killed(f, [1]), poison.killed(f, [2]), poison.killed(f, [1])]).to.deep.equal([1, 1, 2]);
    expect(poison.refuses(f, [1]), 'two of three').to.equal(false);
    expect(poison.killed(f, [1])).to.equal(3);
    expect(poison.refuses(f, [1])).to.equal(true);
    expect(poison.refuses(f, [2])).to.equal(false);
    expect(poison.killed(f, [1]), 'one that ran already').to.equal(4);
    expect(poison.refuses(f, [1])).to.equal(true);
  });

  it('counts each function by itself', () => {
    const poison = new Poison(1);
    poison.killed(f, [1]);
    expect(poison.refuses(g, [1])).to.equal(false);
    expect(poison.killed(g, [1])).to.equal(1);
  });

  it('refuses nothing where kills are unlimited, and still counts', () => {
    const poison = new Poison(0);
    for (let count = 1; count <= 5; count += 1) {
      expect(poison.killed(f, ['x'])).to.equal(count);
      expect(poison.refuses(f, ['x'])).to.equal(false);
    }
  });

  it('reads no argument of a function that has crashed nothing, or where nothing is refused', () => {
    const unread = new Proxy<unknown[]>([], {
      get: () => {
        throw new Error('read');
      },
    });
    const poison = new Poison(1);
    poison.killed(f, [1]);
    expect(poison.refuses(g, unread)).to.equal(false);
    expect(() => poison.refuses(f, unread)).to.throw('read');
    const unlimited = new Poison(0);
    unlimited.killed(f, [1]);
    expect(unlimited.refuses(f, unread)).to.equal(false);
  });

  it('tells different arguments apart', () => {
    DIFFERENT.forEach((one, row) => {
      DIFFERENT.forEach((other, column) => {
        expect(same(one, other), `${row} and ${column}`).to.equal(row === column);
      });
    });
  });

  it('takes the same content for the same, whatever it is in', () => {
    const content = [1, 2, 3, 4];
    const live = new Uint8Array(new SharedArrayBuffer(4));
    live.set(content);
    const alike: unknown[] = [
      bytes(...content),
      Buffer.from(content),
      bytes(...content).buffer,
      new DataView(bytes(0, ...content).buffer, 1),
      new Uint16Array(bytes(...content).buffer),
      live,
      live.buffer,
    ];
    for (const one of alike) for (const other of alike) expect(same([one], [other])).to.equal(true);
    // Beside a text: V8 stores lists of nothing but numbers with one NaN.
    expect(same([strangeNaN, ''], [NaN, '']), 'every NaN').to.equal(true);
    expect(same([detached()], [detached().buffer])).to.equal(true);
  });

  it('is not misled by content that looks like the next value', () => {
    for (let tag = 0; tag < 9; tag += 1) {
      for (const length of [0, 1, 2, 3]) {
        const head = Buffer.alloc(9);
        head[0] = tag;
        head.writeDoubleBE(length, 1);
        const joined = Buffer.concat([bytes(65, 0), head, bytes(66, 0), head, bytes(67, 0)]);
        const parts = [bytes(65, 0), bytes(66, 0), bytes(67, 0)];
        expect(same([joined], parts), `bytes, ${tag}, ${length}`).to.equal(false);
        expect(same([joined.toString('utf16le')], ['A', 'B', 'C']), `text, ${tag}, ${length}`).to.equal(
          false,
        );
      }
    }
  });

  it('looks at the bytes when it is asked: they may have changed', () => {
    const poison = new Poison(1);
    const buffer = bytes(1, 2);
    poison.killed(f, [buffer]);
    buffer[1] = 3;
    expect(poison.refuses(f, [buffer])).to.equal(false);
    expect(poison.refuses(f, [bytes(1, 2)])).to.equal(true);
  });

  it('reads long texts to their end', () => {
    const long = 'x'.repeat(200_000);
    expect(same([`${long}1`], [`${long}2`])).to.equal(false);
    expect(same([`${long}1`], [[long, '1'].join('')])).to.equal(true);
    expect(same([long.slice(1)], [long])).to.equal(false);
  });

  it('is the same for equal arguments and different for others', () => {
    fc.assert(
      fc.property(values, (args) => {
        expect(same(args, copied(args))).to.equal(true);
      }),
    );
    // Told by Node.js: values and types, -0 and NaN, bytes by content.
    fc.assert(
      fc.property(values, values, (one, other) => {
        expect(same(one, other)).to.equal(isDeepStrictEqual(one, other));
      }),
      { numRuns: 1_000 },
    );
    const texts = fc.array(fc.string({ unit: fc.constantFrom('a', '\0', '\x02') }), { maxLength: 4 });
    fc.assert(
      fc.property(texts, texts, (one, other) => {
        expect(same(one, other)).to.equal(isDeepStrictEqual(one, other));
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps 1,000 sets: the one recorded longest ago goes first', () => {
    const poison = new Poison(1);
    for (let n = 0; n < 1_000; n += 1) poison.killed(n % 2 === 0 ? f : g, [n]);
    expect(poison.refuses(f, [0])).to.equal(true);
    poison.killed(f, [0]);
    poison.killed(f, ['one more']);
    expect(poison.refuses(g, [1]), 'recorded longest ago').to.equal(false);
    expect(poison.refuses(f, [0]), 'recorded again').to.equal(true);
    expect(poison.refuses(f, [2])).to.equal(true);
    expect(poison.killed(g, [1]), 'counted anew').to.equal(1);
    expect(poison.refuses(f, [2]), 'for one that came back').to.equal(false);
  });

  it('forgets a function with the last of its sets', () => {
    const poison = new Poison(1);
    poison.killed(g, ['only']);
    for (let n = 0; n < 1_000; n += 1) poison.killed(f, [n]);
    let read = false;
    const watched = new Proxy<unknown[]>([], {
      get: (list, key) => {
        read = true;
        return Reflect.get(list, key);
      },
    });
    expect(poison.refuses(g, watched)).to.equal(false);
    expect(read, 'its arguments are read').to.equal(false);
  });

  it('does what a list of crashes would', () => {
    const fns: readonly DeclaredFunction[] = [f, g];
    const step = fc.record({ fn: fc.nat(1), arg: fc.integer({ min: 0, max: 5 }), kills: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3 }), fc.array(step, { maxLength: 60 }), (most, steps) => {
        const poison = new Poison(most);
        const crashes: string[] = [];
        for (const { fn, arg, kills } of steps) {
          const name = `${fn} ${arg}`;
          const before = crashes.filter((other) => other === name).length;
          expect(poison.refuses(fns[fn] as DeclaredFunction, [arg])).to.equal(most > 0 && before >= most);
          if (!kills) continue;
          crashes.push(name);
          expect(poison.killed(fns[fn] as DeclaredFunction, [arg])).to.equal(before + 1);
        }
      }),
    );
  });
});
