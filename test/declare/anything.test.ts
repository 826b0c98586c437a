import { expect } from 'chai';
import * as fc from 'fast-check';
import { compileDeclarations } from '../../src/declare/compile.js';
import { show } from '../../src/declare/show.js';
import { DeclarationError } from '../../src/errors.js';

const KEYS = [
  'arguments',
  'return',
  'symbol',
  'fails',
  'errno',
  'lastError',
  'onCancel',
  'out',
  'inout',
  'cstring',
  'free',
  'close',
];
const WORDS = [
  ...KEYS,
  'i32',
  'u64',
  'f32',
  'bool',
  'pointer',
  'cstring',
  'buffer',
  'void',
  'cancelFlag',
  'nonzero',
  'null',
];

/** Values whose reading throws, in every way that a value can. */
function hostile(): unknown[] {
  const bomb = (): never => {
    // oxlint-disable-next-line only-throw-error -- any value can be thrown, this one cannot even be looked at
    throw revoked;
  };
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  const { proxy: revokedList, revoke: revokeList } = Proxy.revocable([], {});
  revoke();
  revokeList();
  const traps = { get: bomb, ownKeys: bomb, has: bomb, getPrototypeOf: bomb, getOwnPropertyDescriptor: bomb };
  return [
    revoked,
    revokedList,
    new Proxy({}, traps),
    new Proxy([], traps),
    new Proxy(() => true, traps),
    new Proxy(Array.from({ length: 4 }), {
      get: (list, key) => (key === 'length' ? 2 ** 40 : Reflect.get(list, key)),
    }),
    new Proxy([1], { get: (list, key) => (key === 'length' ? 'many' : Reflect.get(list, key)) }),
    Object.create(new Proxy({}, traps)),
    Object.defineProperty({}, 'arguments', { enumerable: true, get: bomb }),
    Object.defineProperty({}, Symbol.toStringTag, { get: bomb }),
    Object.defineProperty({ a: 1 }, 'constructor', { get: bomb }),
    { toString: bomb, valueOf: bomb, [Symbol.toPrimitive]: bomb },
    10n ** 10_000n,
    Symbol('s'),
    'x'.repeat(1_000_000),
    Array.from({ length: 1_000_000 }),
  ];
}

const HOSTILE = hostile();

/** Stands for a hostile value while fast-check handles it: fast-check looks into values itself. */
class Stand {
  readonly which: number;
  constructor(which: number) {
    this.which = which;
  }
}

/** Puts the hostile values in. */
function real(value: unknown): unknown {
  if (value instanceof Stand) return HOSTILE[value.which];
  if (Array.isArray(value)) return value.map(real);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, real(inner)]));
}

const leaf = fc.oneof(
  fc.anything(),
  fc.constantFrom(...WORDS),
  fc.nat(HOSTILE.length - 1).map((which) => new Stand(which)),
  fc.constant(() => true),
);
const { value: nested } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), tie('value'), { maxKeys: 5 }),
  ),
}));
const nearly = fc.record(
  {
    arguments: fc.array(nested, { maxLength: 4 }),
    return: nested,
    fails: nested,
    errno: nested,
    lastError: nested,
    onCancel: nested,
  },
  { requiredKeys: ['arguments', 'return'] },
);

function compiles(input: unknown): void {
  try {
    for (const fn of compileDeclarations('libtest.so', input)) structuredClone(fn.spec);
  } catch (error) {
    expect(error).to.be.instanceOf(DeclarationError);
    expect((error as Error).message.length).to.be.below(1_500);
  }
}

describe('any input at all (M4)', () => {
  it('compiles or is a DeclarationError', () => {
    fc.assert(
      fc.property(nested, (input) => compiles(real(input))),
      { numRuns: 1_500 },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), nested), (input) => compiles(real(input))),
      { numRuns: 1_500 },
    );
    fc.assert(
      fc.property(nearly, (f) => compiles({ f: real(f) })),
      { numRuns: 1_500 },
    );
  });

  it('is a DeclarationError where every place holds a hostile value', () => {
    for (const value of HOSTILE) {
      for (const input of [
        value,
        { f: value },
        { f: { arguments: value, return: 'i32' } },
        { f: { arguments: [value], return: 'i32' } },
        { f: { arguments: [], return: value } },
        { f: { arguments: [{ out: value }], return: 'i32' } },
        { f: { arguments: [{ inout: value }], return: 'i32' } },
        { f: { arguments: [], return: { cstring: value } } },
        { f: { arguments: [], return: 'i32', onCancel: value } },
        { f: { arguments: [], return: 'i32', errno: value } },
      ]) {
        compiles(input);
      }
    }
  });

  it('shows any value in a short line', () => {
    const line = (value: unknown): void => {
      expect(show(value)).to.have.length.within(1, 120);
      expect(show(value)).not.to.include('\n');
    };
    fc.assert(fc.property(fc.anything(), line));
    HOSTILE.forEach(line);
  });

  it('reads a getter once, so that it cannot give two answers', () => {
    let reads = 0;
    const declaration = {
      arguments: [],
      get return() {
        return reads++ === 0 ? 'i32' : 'nonsense';
      },
    };
    const [fn] = compileDeclarations('l', { f: declaration });
    expect(fn?.spec.returns).to.deep.equal({ kind: 'value', type: 'i32' });
    expect(reads).to.equal(1);
  });
});
