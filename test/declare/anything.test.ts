import { expect } from 'chai';
import * as fc from 'fast-check';
import { compileDeclarations } from '../../src/declare/compile/compile.js';
import { show } from '../../src/declare/values/show.js';
import { callback, chunks } from '../../src/declare/language/wrappers.js';
import { DeclarationError } from '../../src/errors.js';
import { slow } from '../helpers/fast-run.js';

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
  'callback',
  'chunks',
  'signature',
  'options',
  'bytes',
  'stream',
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
  'cancelProbe',
  'length',
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
    stream: nested,
  },
  { requiredKeys: ['arguments', 'return'] },
);

const right = fc.constantFrom<unknown>('i32', 'u64', 'bool', 'f64', 'pointer', 'cstring', 'void');
const small = fc.oneof(
  { arbitrary: fc.integer({ min: -1, max: 4 }), weight: 3 },
  { arbitrary: right, weight: 1 },
  { arbitrary: leaf, weight: 1 },
);
const signature = fc.record(
  {
    arguments: fc.oneof(
      fc.array(
        fc.oneof(
          right,
          fc.record({ bytes: small }),
          fc.record({ cstrings: small }),
          fc.record({ pointers: small }),
          nested,
        ),
        { maxLength: 4 },
      ),
      nested,
    ),
    return: fc.oneof(right, nested),
  },
  { requiredKeys: ['arguments', 'return'] },
);
const setting = fc.oneof(
  small,
  fc.constantFrom<unknown>(0n, 1n, true, false, 'length', undefined, NaN),
  leaf,
);
const options = fc.record(
  {
    timeout: setting,
    sync: setting,
    fireAndForget: setting,
    fallback: setting,
    stop: setting,
    proceed: setting,
    highWaterMark: setting,
    persistent: setting,
    bytes: fc.oneof(fc.tuple(small, small), nested),
  },
  { requiredKeys: [] },
);
const callbackLike = fc
  .tuple(fc.constantFrom('callback', 'chunks'), signature, fc.option(options))
  .map(([key, signature, options]) => ({
    [key]: options === null ? { signature } : { signature, options },
  }));

function compiles(input: unknown): void {
  try {
    for (const fn of compileDeclarations('libtest.so', input)) structuredClone(fn.spec);
  } catch (error) {
    expect(error).to.be.instanceOf(DeclarationError);
    expect((error as Error).message.length).to.be.below(1_500);
  }
}

describe('any input at all (M4)', () => {
  slow('compiles or is a DeclarationError', () => {
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

  slow('compiles callbacks and chunks, or is a DeclarationError', () => {
    const callbacks = fc.record(
      {
        arguments: fc.array(fc.oneof(callbackLike, fc.constant('cancelProbe')), { maxLength: 3 }),
        return: right,
        stream: callbackLike,
        onCancel: fc.record({ symbol: fc.constant('s'), arguments: fc.array(small, { maxLength: 2 }) }),
      },
      { requiredKeys: ['arguments', 'return'] },
    );
    fc.assert(
      fc.property(callbacks, (f) => compiles({ f: real(f) })),
      { numRuns: 3_000 },
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
        { f: { arguments: [], return: 'i32', stream: value } },
        { f: { arguments: [], return: 'i32', stream: { chunks: value } } },
        { f: { arguments: [callback(value as never)], return: 'i32' } },
        { f: { arguments: [callback({ arguments: value as never, return: 'void' })], return: 'i32' } },
        { f: { arguments: [callback({ arguments: [value as never], return: 'void' })], return: 'i32' } },
        { f: { arguments: [callback({ arguments: [], return: value as never })], return: 'i32' } },
        { f: { arguments: [chunks({ arguments: [], return: 'i32' }, value as never)], return: 'i32' } },
        ...['timeout', 'sync', 'fireAndForget', 'fallback', 'bytes'].map((key) => ({
          f: {
            arguments: [callback({ arguments: [], return: 'i32' }, { [key]: value } as never)],
            return: 'i32',
          },
        })),
        ...['bytes', 'stop', 'proceed', 'highWaterMark', 'persistent'].map((key) => ({
          f: {
            arguments: [chunks({ arguments: [], return: 'i32' }, { [key]: value } as never)],
            return: 'i32',
          },
        })),
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
