/** Checks a value against a JSON schema, as far as the schemas of this project go. */
import { isDeepStrictEqual } from 'node:util';

export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, JsonSchema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** What the value breaks, each with its place; empty when it fits. */
export function schemaProblems(schema: JsonSchema, value: unknown): string[] {
  return problems(schema, schema, value, '$');
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function hasType(types: string | readonly string[], value: unknown): boolean {
  const type = typeOf(value);
  return [types].flat().some((one) => one === type || (one === 'number' && type === 'integer'));
}

function problems(root: JsonSchema, schema: JsonSchema, value: unknown, place: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.replace('#/$defs/', '');
    const referred = root.$defs?.[name];
    return referred === undefined
      ? [`${schema.$ref} is not defined`]
      : problems(root, referred, value, place);
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) {
    const tried = choices.map((one) => problems(root, one, value, place));
    return tried.some((found) => found.length === 0) ? [] : tried.flat();
  }
  if (schema.type !== undefined && !hasType(schema.type, value)) {
    return [`${place} is ${typeOf(value)}, not ${[schema.type].flat().join(' or ')}`];
  }
  if ('const' in schema && value !== schema.const) return [`${place} is not ${String(schema.const)}`];
  if (schema.enum !== undefined && !schema.enum.some((one) => isDeepStrictEqual(one, value))) {
    return [`${place} is not one of ${schema.enum.join(', ')}`];
  }
  if (Array.isArray(value)) return ofArray(root, schema, value, place);
  return typeof value === 'object' && value !== null ? ofObject(root, schema, value, place) : [];
}

function ofArray(root: JsonSchema, schema: JsonSchema, value: readonly unknown[], place: string): string[] {
  const { items, minItems = 0, maxItems = Infinity } = schema;
  const found =
    items === undefined ? [] : value.flatMap((one, at) => problems(root, items, one, `${place}[${at}]`));
  if (value.length < minItems || value.length > maxItems) found.push(`${place} has ${value.length} items`);
  return found;
}

function ofObject(root: JsonSchema, schema: JsonSchema, value: object, place: string): string[] {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const missing = required.filter((name) => !(name in value)).map((name) => `${place}.${name} is missing`);
  const found = Object.entries(value).flatMap(([name, one]) => {
    const known = properties[name] ?? additionalProperties;
    if (typeof known === 'object') return problems(root, known, one, `${place}.${name}`);
    return known ? [] : [`${place}.${name} is not in the schema`];
  });
  return [...missing, ...found];
}
