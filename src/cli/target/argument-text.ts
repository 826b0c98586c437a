/**
 * From the text of an argument to the value that its parameter takes. The rules, for every verb:
 *
 *   numbers    decimal, or 0x…; for floats also 1e-3, nan, inf; for bool true and false
 *   strings    the text itself; `null` is NULL, `text:null` the four letters
 *   lists      a JSON array of strings; `null` is NULL
 *   bytes      the text's UTF-8, `null` as above; `@file`, `hex:0a1b`, `zeros:N`, `text:…` for a text that begins like one of these
 */
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { FunctionDescription, ParameterDescription, Scalar } from 'offthread';
import { shortened } from '../console/format.js';
import { UsageError } from '../console/usage-error.js';

/** How an error calls the parameter. */
export function parameterLabel({ name }: ParameterDescription, index: number): string {
  return name === '' ? `argument ${index + 1}` : `argument '${name}'`;
}

/** The parameters for which a user gives an argument, with their indices: those that native code fills are left out. */
export function askedParameters(
  { parameters }: FunctionDescription,
  fills: ReadonlyMap<number, number>,
): readonly (readonly [index: number, parameter: ParameterDescription])[] {
  return [...parameters.entries()].filter(([index, { given }]) => given && !fills.has(index));
}

/** @throws UsageError when the text is no value for the parameter. */
export function argumentOf(parameter: ParameterDescription, index: number, text: string): unknown {
  const wrong = (expected: string): UsageError =>
    new UsageError(`${parameterLabel(parameter, index)} is '${shortened(text)}'. Expected ${expected}.`);
  switch (parameter.kind) {
    case 'value':
    case 'inout':
      return scalarOf(parameter.type as Scalar, text, wrong);
    case 'cstring':
      if (text === 'null') return null;
      return text.startsWith('text:') ? text.slice('text:'.length) : text;
    case 'buffer':
      return text === 'null' ? null : bytesOf(text, wrong);
    case 'cstrings':
      return textsOf(text, wrong);
    default:
      throw new UsageError(
        `${parameterLabel(parameter, index)} is a pointer to a function, for which the command line has no value. Call this function from a program, with pool.open().`,
      );
  }
}

function scalarOf(type: Scalar, text: string, wrong: (expected: string) => UsageError): unknown {
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

function textsOf(text: string, wrong: (expected: string) => UsageError): unknown {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    // Reported below.
  }
  if (list === null || (Array.isArray(list) && list.every((one) => one === null || typeof one === 'string')))
    return list;
  throw wrong('a JSON array of strings, as in \'["a", "b"]\'');
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

function bytesOf(text: string, wrong: (expected: string) => UsageError): Uint8Array {
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
