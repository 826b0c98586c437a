/** Random arguments of callbacks: as native code passes them, and as the host is to see them. */
import fc from 'fast-check';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import type { CallbackParamSpec, Scalar } from '../../../src/declare/spec.js';
import type { Engine } from '../../../src/engines/engine.js';
import { scalarValue } from '../../shared/values.js';

const COUNTS = ['i32', 'u32', 'i64', 'u64', 'u16', 'i16'] as const;

/** Memory that stands in for native code's own, and lives as long as the test. */
export class Native {
  readonly #engine: Engine;
  readonly #kept: Uint8Array[] = [];

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  bytes(bytes: Uint8Array): bigint {
    this.#kept.push(bytes);
    return this.#engine.addressOf(bytes);
  }

  text(text: string | null): bigint {
    return text === null ? 0n : this.bytes(Buffer.from(`${text}\0`));
  }

  addresses(list: readonly bigint[]): bigint {
    return this.bytes(new Uint8Array(BigUint64Array.from(list).buffer));
  }
}

/** One argument of a callback: what native code passes, and what the host is to see. */
export interface Argument {
  readonly param: CallbackParamSpec;
  readonly raw: (native: Native) => number | bigint;
  readonly seen: unknown;
}

/** Engines give 64-bit values as numbers or as bigints, unsigned ones from 2^63 on also as negative. */
function rawForm(value: number | bigint, asNumber: boolean): number | bigint {
  if (typeof value !== 'bigint' || !asNumber) return value;
  const signed = BigInt.asIntN(64, value);
  return Number.isSafeInteger(Number(signed)) ? Number(signed) : signed;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }).map((value) => value.replaceAll('\0', '')),
  fc.constantFrom('', 'a', 'Grüße', '世界 🌍', 'x'.repeat(7), 'x'.repeat(8), '🌍'.repeat(1_000), null),
);

const scalar: fc.Arbitrary<readonly Argument[]> = fc
  .constantFrom(...(Object.keys(SCALARS) as Scalar[]))
  .chain((type) =>
    fc.tuple(scalarValue(type), fc.boolean()).map(([value, asNumber]) => {
      const raw = typeof value === 'boolean' ? Number(value) : rawForm(value, asNumber);
      return [{ param: { kind: 'value', type }, raw: () => raw, seen: value } as const];
    }),
  );

const cstring: fc.Arbitrary<readonly Argument[]> = text.map((seen) => [
  { param: { kind: 'cstring' }, raw: (native) => native.text(seen), seen },
]);

/** A pointer, and behind it how much there is. Indices are those within the pair. */
function counted(
  kind: 'bytes' | 'cstrings' | 'pointers',
  content: fc.Arbitrary<{ amount: number; raw: (native: Native) => bigint; seen: unknown }>,
): fc.Arbitrary<readonly Argument[]> {
  return fc
    .tuple(content, fc.constantFrom(...COUNTS), fc.boolean())
    .map(([{ amount, raw, seen }, type, asNumber]) => {
      const wide = type === 'i64' || type === 'u64';
      const count = wide ? rawForm(BigInt(amount), asNumber) : amount;
      return [
        { param: { kind, count: 1 }, raw, seen },
        { param: { kind: 'value', type }, raw: () => count, seen: wide ? BigInt(amount) : amount },
      ] as const;
    });
}

const bytes = counted(
  'bytes',
  fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((value) => ({
      amount: value.length,
      raw: (native: Native) => native.bytes(value),
      seen: Buffer.from(value),
    })),
    fc.constant({ amount: 0, raw: () => 0n, seen: Buffer.alloc(0) }),
    fc.constantFrom(4_095, 4_096, 4_097, 20_000).map((length) => ({
      amount: length,
      raw: (native: Native) => native.bytes(Buffer.alloc(length, length & 255)),
      seen: Buffer.alloc(length, length & 255),
    })),
  ),
);

const cstrings = counted(
  'cstrings',
  fc.oneof(
    fc.array(text, { maxLength: 5 }).map((list) => ({
      amount: list.length,
      raw: (native: Native) => native.addresses(list.map((one) => native.text(one))),
      seen: list,
    })),
    fc.constant({ amount: 0, raw: () => 0n, seen: [] }),
  ),
);

const pointers = counted(
  'pointers',
  fc.oneof(
    fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 100 }).map((list) => ({
      amount: list.length,
      raw: (native: Native) => native.addresses(list),
      seen: list,
    })),
    fc.constant({ amount: 0, raw: () => 0n, seen: [] }),
  ),
);

/** The arguments of one callback, with indices within the whole of it. */
export const callbackArguments: fc.Arbitrary<readonly Argument[]> = fc
  .array(fc.oneof(scalar, cstring, bytes, cstrings, pointers), { maxLength: 6 })
  .map((groups) => {
    const all: Argument[] = [];
    for (const group of groups) {
      const first = all.length;
      for (const one of group) {
        const { param } = one;
        all.push('count' in param ? { ...one, param: { ...param, count: first + param.count } } : one);
      }
    }
    return all;
  });
