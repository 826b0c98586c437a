/** Facts about the scalar types: one table for validation, marshalling and engines. */
import type { Scalar } from '../spec.js';

/** What there is to know about a scalar. */
export interface ScalarFacts {
  /** Bytes it takes in memory; also its alignment. */
  readonly size: 1 | 2 | 4 | 8;
  /** The JavaScript type of its values. */
  readonly type: 'number' | 'bigint' | 'boolean';
  /** Neither a float nor a bool. */
  readonly integer: boolean;
  readonly signed: boolean;
  /** Least and greatest value, of the JavaScript type; null for bool. Floats also hold NaN and the infinities. */
  readonly min: number | bigint | null;
  readonly max: number | bigint | null;
}

/** Greatest finite 32-bit float. */
const F32_MAX = 3.4028234663852886e38;

function whole(size: 1 | 2 | 4, signed: boolean): ScalarFacts {
  const values = 2 ** (size * 8);
  const min = signed ? -values / 2 : 0;
  const max = signed ? values / 2 - 1 : values - 1;
  return Object.freeze({ size, type: 'number', integer: true, signed, min, max });
}

function wide(signed: boolean): ScalarFacts {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  return Object.freeze({ size: 8, type: 'bigint', integer: true, signed, min, max });
}

function float(size: 4 | 8, max: number): ScalarFacts {
  return Object.freeze({ size, type: 'number', integer: false, signed: true, min: -max, max });
}

/** Sizes are 64 bits wide in C, and exact as numbers up to 2^53. */
const SIZE: ScalarFacts = Object.freeze({
  size: 8,
  type: 'number',
  integer: true,
  signed: false,
  min: 0,
  max: Number.MAX_SAFE_INTEGER,
});

/** Every scalar and its facts. Pointers are unsigned 64-bit integers. */
export const SCALARS: Readonly<Record<Scalar, ScalarFacts>> = Object.freeze({
  i8: whole(1, true),
  u8: whole(1, false),
  i16: whole(2, true),
  u16: whole(2, false),
  i32: whole(4, true),
  u32: whole(4, false),
  i64: wide(true),
  u64: wide(false),
  size: SIZE,
  f32: float(4, F32_MAX),
  f64: float(8, Number.MAX_VALUE),
  bool: Object.freeze({
    size: 1,
    type: 'boolean',
    integer: false,
    signed: false,
    min: null,
    max: null,
  }),
  pointer: wide(false),
});
