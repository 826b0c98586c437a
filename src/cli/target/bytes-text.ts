/** From the text of bytes to the bytes. */
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { UsageError } from '../console/usage-error.js';

/** @param wrong makes the error of a text that is none, from what is expected. */
export function bytesOf(text: string, wrong: (expected: string) => UsageError): Uint8Array {
  if (text.startsWith('@')) return fileBytes(text.slice(1));
  const [, form = '', rest = ''] = /^(hex|zeros|text):(.*)$/s.exec(text) ?? [];
  switch (form) {
    case 'hex': {
      if (rest.length % 2 !== 0 || !/^[\da-f]*$/i.test(rest))
        throw wrong('pairs of hexadecimal digits after hex:');
      return Buffer.from(rest, 'hex');
    }
    case 'zeros': {
      const length = Number(rest);
      if (rest === '' || !Number.isSafeInteger(length) || length < 0)
        throw wrong('a number of bytes after zeros:');
      if (length > constants.MAX_LENGTH) throw wrong(`at most ${constants.MAX_LENGTH} bytes after zeros:`);
      return Buffer.alloc(length);
    }
    case 'text':
      return Buffer.from(rest, 'utf8');
    default:
      return Buffer.from(text, 'utf8');
  }
}

function fileBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(
      `The file of '@${path}' cannot be read: ${(error as Error).message}. For a text that begins with @, write 'text:@…'.`,
    );
  }
}
