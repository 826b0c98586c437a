/** Names of types in koffi. */
import type { Scalar } from '../../declare/spec.js';

/** A type of koffi's: a name, or an object that koffi made. */
export type KoffiType = string | object;

export const TYPES: { readonly [type in Scalar | 'void']: string } = {
  i8: 'int8',
  u8: 'uint8',
  i16: 'int16',
  u16: 'uint16',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  u64: 'uint64',
  size: 'uint64',
  f32: 'float',
  f64: 'double',
  // koffi's own bool takes and returns true and false; the bytes are the same.
  bool: 'uint8',
  pointer: 'uintptr',
  void: 'void',
};
