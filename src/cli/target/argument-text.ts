/**
 * From the text of an argument to the value that its parameter takes. The rules, for every verb:
 *
 *   numbers    decimal, or 0x…; for floats also 1e-3, nan, inf; for bool true and false
 *   strings    the text itself; `null` is NULL, `text:null` the four letters
 *   lists      a JSON array of strings; `null` is NULL
 *   structs    JSON, as in {"x": 1, "y": 2}: see memory-value.ts; `null` is NULL for a pointer that may be it
 *   bytes      the text's UTF-8, `null` as above; `@file`, `hex:0a1b`, `zeros:N`, `text:…` for a text that begins like one of these
 */
import type { FunctionDescription, MemoryDescription, ParameterDescription, Scalar } from 'offthread';
import { shortened } from '../console/format.js';
import { UsageError } from '../console/usage-error.js';
import { bytesOf } from './bytes-text.js';
import { exampleOf, memoryValue, type ScalarReader } from './memory-value.js';
import { scalarOf } from './scalar-text.js';

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
    case 'memory':
      return structOf(parameter, index, text);
    default:
      throw new UsageError(
        `${parameterLabel(parameter, index)} is a pointer to a function, for which the command line has no value. Call this function from a program, with pool.open().`,
      );
  }
}

/** @param read makes the values of fields that are texts. */
export function structOf(
  parameter: ParameterDescription,
  index: number,
  text: string,
  read?: ScalarReader,
): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(
      `${parameterLabel(parameter, index)} is '${shortened(text)}'. Expected JSON, as in '${exampleOf(memoryOf(parameter))}'.`,
    );
  }
  return structValue(parameter, index, value, read);
}

/** A value of JSON for a parameter that is a struct, a union or an array, or points to one. */
export function structValue(
  parameter: ParameterDescription,
  index: number,
  value: unknown,
  read?: ScalarReader,
): unknown {
  const label = parameterLabel(parameter, index);
  if (value !== null) return memoryValue(memoryOf(parameter), value, label, read);
  if (parameter.nullable === true) return null;
  throw new UsageError(
    `${label} is null, but it cannot be NULL. Expected JSON, as in '${exampleOf(memoryOf(parameter))}'.`,
  );
}

function memoryOf({ memory }: ParameterDescription): MemoryDescription {
  if (memory === undefined) throw new TypeError('a parameter without memory');
  return memory;
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
