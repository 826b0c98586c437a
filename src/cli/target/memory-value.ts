/**
 * From JSON to the value of a struct, a union or an array. Numbers, booleans, objects and lists are taken as they are. Texts
 * are parsed by the type of the field, as arguments are: 64-bit integers are strings of digits in JSON.
 */
import type { MemoryDescription } from 'offthread';
import { shortened } from '../console/format.js';
import { UsageError } from '../console/usage-error.js';
import { bytesOf } from './bytes-text.js';
import { scalarOf } from './scalar-text.js';

/** Makes a value for a field that is a number, from its text. @param path the field, for messages: `argument 'p', field x`. */
export type ScalarReader = (
  memory: Extract<MemoryDescription, { kind: 'scalar' }>,
  text: string,
  path: string,
) => unknown;

/**
 * @param path - what an error calls the value.
 * @throws UsageError for a text that is none for its field. What else does not fit, the call refuses.
 */
export function memoryValue(
  memory: MemoryDescription,
  value: unknown,
  path: string,
  read: ScalarReader = scalarField,
): unknown {
  switch (memory.kind) {
    case 'scalar':
      if (typeof value === 'string') return read(memory, value, path);
      return value === null && memory.type === 'pointer' ? 0n : value;
    case 'text':
      return value;
    case 'bytes':
      return bytesValue(value, path);
    case 'array':
      return Array.isArray(value)
        ? value.map((one, at) => memoryValue(memory.of, one, `${path}[${at}]`, read))
        : value;
    default:
      return fieldsValue(memory, value, path, read);
  }
}

function fieldsValue(
  { fields }: Extract<MemoryDescription, { kind: 'struct' | 'union' }>,
  value: unknown,
  path: string,
  read: ScalarReader,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      const field = fields.find((known) => known.name === name);
      return [name, field === undefined ? one : memoryValue(field.memory, one, `${path}, .${name}`, read)];
    }),
  );
}

function bytesValue(value: unknown, path: string): unknown {
  if (typeof value === 'string') return bytesOf(value, (expected) => wrong(path, value, expected));
  if (typeof value === 'object' && value !== null && 'base64' in value && typeof value.base64 === 'string')
    return Buffer.from(value.base64, 'base64');
  return value;
}

/** A number from its text. */
export const scalarField: ScalarReader = ({ type }, text, path) => {
  if (type !== 'pointer' || /^(?:null|[-+]?\d+|0x[\da-f]+)$/i.test(text))
    return scalarOf(type, text, (expected) => wrong(path, text, expected));
  throw new UsageError(
    `${path} is '${shortened(text)}', but the field is a pointer. Give null, or an address. A struct with a string that a field points to needs a program: see 'structs' in docs/declarations.md.`,
  );
};

function wrong(path: string, text: string, expected: string): UsageError {
  return new UsageError(`${path} is '${shortened(text)}'. Expected ${expected}.`);
}

/** What a value of the type looks like in JSON, for messages. */
export function exampleOf(memory: MemoryDescription): string {
  switch (memory.kind) {
    case 'scalar':
      return memory.type === 'bool' ? 'true' : memory.type === 'pointer' ? 'null' : '0';
    case 'text':
      return '"text"';
    case 'bytes':
      return `"hex:${'00'.repeat(Math.min(memory.size, 4))}"`;
    case 'array':
      return `[${exampleOf(memory.of)}, …]`;
    default: {
      // Of a union, one member is given.
      const fields = memory.kind === 'union' ? memory.fields.slice(0, 1) : memory.fields;
      return `{${fields.map(({ name, memory: of }) => `"${name}": ${exampleOf(of)}`).join(', ')}}`;
    }
  }
}
