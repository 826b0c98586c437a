/** Values as C writes them. */
import type { Scalar } from 'offthread';

/** The C type of each scalar. */
export const C_TYPE: Readonly<Record<Scalar, string>> = {
  i8: 'int8_t',
  u8: 'uint8_t',
  i16: 'int16_t',
  u16: 'uint16_t',
  i32: 'int32_t',
  u32: 'uint32_t',
  i64: 'int64_t',
  u64: 'uint64_t',
  size: 'size_t',
  f32: 'float',
  f64: 'double',
  bool: 'bool',
  pointer: 'void *',
};

/** A number, bigint or boolean as a C expression of the type. */
export function scalarLiteral(type: Scalar, value: unknown): string {
  switch (type) {
    case 'f32':
    case 'f64':
      return `(${C_TYPE[type]})${floatLiteral(Number(value))}`;
    case 'bool':
      return value === true || value === 1 ? 'true' : 'false';
    case 'pointer':
      return BigInt(value as number | bigint) === 0n
        ? 'NULL'
        : `(void *)UINT64_C(0x${(value as bigint).toString(16)})`;
    case 'i64': {
      const whole = BigInt(value as number | bigint);
      // The digits of the smallest number are out of range without their sign.
      return whole === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${whole})`;
    }
    case 'u64':
    case 'size':
      return `UINT64_C(${BigInt(value as number | bigint)})`;
    case 'i32':
      return Number(value) === -(2 ** 31) ? 'INT32_MIN' : String(value);
    case 'u32':
      return `${String(value)}u`;
    default:
      return String(value);
  }
}

function floatLiteral(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value < 0 ? '-INFINITY' : 'INFINITY';
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Characters of bytes in a line of a C string. */
const LINE = 72;

/** Bytes as the text between the quotes of a C string, or of several, one below the other. */
export function bytesLiteral(bytes: Uint8Array): string {
  const lines: string[] = [];
  let line = '';
  for (const byte of bytes) {
    line += escaped(byte);
    if (line.length < LINE) continue;
    lines.push(line);
    line = '';
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines.map((one) => `"${one}"`).join('\n    ');
}

/** Three octal digits end by themselves, so no digit that follows is taken for a part of the escape. */
function escaped(byte: number): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  // Two question marks may begin a trigraph.
  if (byte >= 0x20 && byte < 0x7f && byte !== 0x3f) return String.fromCharCode(byte);
  return `\\${byte.toString(8).padStart(3, '0')}`;
}

/** A text as a C expression; null is NULL. */
export function textLiteral(text: string | null): string {
  return text === null ? 'NULL' : bytesLiteral(Buffer.from(text, 'utf8'));
}

/** A text that can stand in a comment. */
export function inComment(text: string): string {
  return text.replaceAll('*/', '* /').replaceAll(/[^\x20-\x7e]/g, '?');
}
