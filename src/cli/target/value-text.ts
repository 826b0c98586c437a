/** From a result to text, and to a value that JSON has. */
/** For people, and for the next command in a pipe: numbers and strings as they are, bytes in hexadecimal if they are no text, structs as JSON. */
export function valueText(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Uint8Array) return bytesText(value);
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null
    ? JSON.stringify(jsonValue(value))
    : `${value as number}`;
}

/**
 * For JSON: a bigint is a number where it is a safe integer, else a string of its digits; NaN and the infinities are
 * strings; bytes are a string in base64.
 */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : String(value);
  }
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(jsonValue);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, jsonValue(one)]));
  return value === undefined ? null : value;
}

/** What a call resolves to, apart: the returned value, and the contents of its cells in order. */
export function partsOf(
  result: unknown,
  cells: number,
): { readonly value: unknown; readonly outs: readonly unknown[] } {
  if (cells === 0) return { value: result, outs: [] };
  const [value, ...outs] = result as readonly unknown[];
  return { value, outs };
}

function bytesText(bytes: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    // A text, perhaps with the zeros of an unused rest behind it.
    const used = text.replace(/\0+$/, '');
    if (!/[^\P{Cc}\n\r\t]/u.test(used)) return used;
  } catch {
    // no UTF-8
  }
  return `hex:${Buffer.from(bytes).toString('hex')}`;
}
