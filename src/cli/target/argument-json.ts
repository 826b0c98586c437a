/** Arguments in JSON, in the form in which a file of inputs takes them back: see `argument-text.ts`. */
import { jsonValue } from './value-text.js';

/** What stands for something else at the beginning of a text. */
const FORMS = /^(?:@|hex:|zeros:|text:)/;

/** Numbers are numbers, or strings of digits; strings and bytes are texts, bytes that are no text `hex:…` or `zeros:N`. */
export function argumentJson(value: unknown): unknown {
  if (typeof value === 'string')
    return value === 'null' || value.startsWith('text:') ? `text:${value}` : value;
  return value instanceof Uint8Array
    ? bytesText(Buffer.from(value.buffer, value.byteOffset, value.length))
    : jsonValue(value);
}

function bytesText(bytes: Buffer): string {
  if (bytes.length > 0 && bytes.every((byte) => byte === 0)) return `zeros:${bytes.length}`;
  const text = bytes.toString('latin1');
  // ASCII, with a zero at its end where C has one.
  if (!/^[\x20-\x7e]*\0?$/.test(text)) return `hex:${bytes.toString('hex')}`;
  return FORMS.test(text) || text === 'null' ? `text:${text}` : text;
}
