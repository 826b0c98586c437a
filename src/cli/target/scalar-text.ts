/** From the text of a number to its value. */
import type { Scalar } from 'offthread';
import type { UsageError } from '../console/usage-error.js';

/** @param wrong makes the error of a text that is none, from what is expected. */
export function scalarOf(type: Scalar, text: string, wrong: (expected: string) => UsageError): unknown {
  if (type === 'bool') {
    if (text === 'true' || text === '1') return true;
    if (text === 'false' || text === '0') return false;
    throw wrong('true or false');
  }
  if (type === 'f32' || type === 'f64') return floatOf(text, wrong);
  if (type === 'pointer' && text === 'null') return 0n;
  const sign = text.startsWith('-') ? -1n : 1n;
  const digits = text.replace(/^[-+]/, '');
  if (!/^(?:\d+|0x[\da-f]+)$/i.test(digits)) throw wrong(`a whole number (${type})`);
  const value = sign * BigInt(digits);
  return type === 'i64' || type === 'u64' || type === 'pointer' ? value : Number(value);
}

function floatOf(text: string, wrong: (expected: string) => UsageError): number {
  const named = /^([-+]?)(nan|inf|infinity)$/i.exec(text);
  if (named !== null) {
    const value = named[2]?.toLowerCase() === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
    return named[1] === '-' ? -value : value;
  }
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw wrong('a number');
  return value;
}
