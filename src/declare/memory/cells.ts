/** Reads and writes one scalar in its C size, for out and inout parameters. */
import type { Scalar } from '../spec.js';

/** The JavaScript value of a scalar. */
export type ScalarValue = number | bigint | boolean;

/** Writes a checked value at a byte offset, in the machine's (little-endian) order. 64-bit integers may be numbers. */
export function writeCell(data: DataView, at: number, type: Scalar, value: ScalarValue): void {
  switch (type) {
    case 'i8':
      return data.setInt8(at, value as number);
    case 'u8':
      return data.setUint8(at, value as number);
    case 'bool':
      return data.setUint8(at, value === true ? 1 : 0);
    case 'i16':
      return data.setInt16(at, value as number, true);
    case 'u16':
      return data.setUint16(at, value as number, true);
    case 'i32':
      return data.setInt32(at, value as number, true);
    case 'u32':
      return data.setUint32(at, value as number, true);
    case 'i64':
      return data.setBigInt64(at, BigInt(value), true);
    case 'u64':
    case 'size':
    case 'pointer':
      return data.setBigUint64(at, BigInt(value), true);
    case 'f32':
      return data.setFloat32(at, value as number, true);
    case 'f64':
      return data.setFloat64(at, value as number, true);
  }
}

/** Reads the value at a byte offset. */
export function readCell(data: DataView, at: number, type: Scalar): ScalarValue {
  switch (type) {
    case 'i8':
      return data.getInt8(at);
    case 'u8':
      return data.getUint8(at);
    case 'bool':
      return data.getUint8(at) !== 0;
    case 'i16':
      return data.getInt16(at, true);
    case 'u16':
      return data.getUint16(at, true);
    case 'i32':
      return data.getInt32(at, true);
    case 'u32':
      return data.getUint32(at, true);
    case 'i64':
      return data.getBigInt64(at, true);
    case 'u64':
    case 'pointer':
      return data.getBigUint64(at, true);
    case 'size':
      return Number(data.getBigUint64(at, true));
    case 'f32':
      return data.getFloat32(at, true);
    case 'f64':
      return data.getFloat64(at, true);
  }
}
