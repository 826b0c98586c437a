/** Random values that a declaration accepts: checked arguments, as the rooms below get them. */
import fc from 'fast-check';
import { SCALARS } from '../../src/declare/language/scalars.js';
import type { Scalar } from '../../src/declare/spec.js';
import type { ScalarValue } from '../../src/declare/memory/cells.js';

/** A value that a parameter of that scalar type takes. f32: one that a float holds exactly. */
export function scalarValue(type: Scalar): fc.Arbitrary<ScalarValue> {
  const { min, max } = SCALARS[type];
  switch (type) {
    case 'bool':
      return fc.boolean();
    case 'f32':
      return fc.float().filter((value) => !Object.is(value, -0));
    case 'f64':
      return fc.double().filter((value) => !Object.is(value, -0));
    case 'i64':
    case 'u64':
    case 'pointer':
      return fc.oneof(
        fc.constantFrom(min as bigint, max as bigint, 0n),
        fc.bigInt({ min: min as bigint, max: max as bigint }),
      );
    default:
      return fc.oneof(
        fc.constantFrom(min as number, max as number, 0),
        fc.integer({ min: min as number, max: max as number }),
      );
  }
}
