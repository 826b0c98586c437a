/** The arguments of every call of a run. */
import type { FunctionDescription, ParameterDescription } from 'offthread';
import { UsageError } from '../../console/usage-error.js';
import { argumentOf, askedParameters, parameterLabel, structValue } from '../../target/argument-text.js';
import { type Target, indexOf } from '../../target/target-options.js';
import { type Generator, generator, ownBytes } from './generator.js';
import type { InputRow } from './input-file.js';

/** Makes the arguments of a call from its number. */
export interface ArgumentSource {
  /** The arguments of an item, for the function's own parameters in order: the same for the same item, always. */
  values(item: number): unknown[];
  /** Whether every item has the same arguments. */
  readonly fixed: boolean;
}

/** Where arguments come from. */
export interface ArgumentTexts {
  /** One for each parameter that is asked for, in order: a value, or the text of a generator. */
  readonly positional: readonly string[];
  /** The same, each as NAME=TEXT or as TEXT for the next parameter. */
  readonly named: readonly string[];
  /** Lists of arguments, one for each item, used again from the start when all were used; null: texts are used. */
  readonly rows: readonly InputRow[] | null;
}

interface Maker {
  /** The value of the parameter for an item; `earlier` has those of other parameters by their indices. */
  make(item: number, earlier: readonly unknown[]): unknown;
  /** Whether it is made after the others, as lengths are. */
  readonly last: boolean;
}

/** @throws UsageError when arguments are missing, left over, or do not fit. */
export function argumentSource(target: Target, texts: ArgumentTexts, seed: number): ArgumentSource {
  const asked = askedParameters(target.description, target.fills);
  if (texts.rows !== null) {
    if (texts.positional.length + texts.named.length > 0) {
      throw new UsageError('The arguments come from the file of --inputs. Leave out the other arguments.');
    }
    return sourceOf(target, rowMakers(asked, texts.rows), texts.rows.length === 1);
  }
  const given = textsByIndex(target.description, asked, texts);
  const generators = asked.map(([index, parameter]) =>
    generator(parameter, index, given.get(index) as string, seed),
  );
  const makers = new Map(
    asked.map(([index], at) => [index, makerOf(target.description, index, generators[at] as Generator)]),
  );
  return sourceOf(
    target,
    makers,
    generators.every(({ fixed }) => fixed),
  );
}

function sourceOf(
  { description, fills }: Target,
  makers: Map<number, Maker>,
  fixed: boolean,
): ArgumentSource {
  for (const [index, length] of fills) makers.set(index, { make: () => Buffer.alloc(length), last: false });
  const order = [...makers].sort(([, one], [, other]) => Number(one.last) - Number(other.last));
  const positions = description.parameters.flatMap(({ given }, index) => (given ? [index] : []));
  return {
    fixed,
    values: (item) => {
      const byIndex: unknown[] = [];
      for (const [index, maker] of order) byIndex[index] = maker.make(item, byIndex);
      return positions.map((index) => byIndex[index]);
    },
  };
}

function makerOf(description: FunctionDescription, index: number, { value, lengthOf }: Generator): Maker {
  if (lengthOf === undefined) return { make: value, last: false };
  const parameter = description.parameters[index] as ParameterDescription;
  const label = parameterLabel(parameter, index);
  const measured = indexOf(description, lengthOf, label);
  const { kind } = description.parameters[measured] as ParameterDescription;
  if (kind !== 'buffer' && kind !== 'cstring') {
    throw new UsageError(
      `${label} is 'length:${lengthOf}', but '${lengthOf}' has no length: it is neither bytes nor a string.`,
    );
  }
  return { make: (_item, earlier) => lengthOfValue(earlier[measured]), last: true };
}

function lengthOfValue(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  return typeof value === 'string' ? Buffer.byteLength(value) : 0;
}

type Asked = ReturnType<typeof askedParameters>;

/** The text for each parameter, by its index. */
function textsByIndex(
  description: FunctionDescription,
  asked: Asked,
  { positional, named }: ArgumentTexts,
): ReadonlyMap<number, string> {
  const given = new Map<number, string>();
  const inOrder = [...positional];
  for (const text of named) {
    const [, name = '', rest = ''] = /^(\w+)=(.*)$/s.exec(text) ?? [];
    if (name === '') inOrder.push(text);
    else given.set(indexOf(description, name, '--arg'), rest);
  }
  const open = asked.filter(([index]) => !given.has(index));
  if (open.length !== inOrder.length || given.size + open.length !== asked.length) {
    const names = asked.map(([index, { name }]) => (name === '' ? String(index) : name));
    const list = names.length > 0 ? ` (${names.join(', ')})` : '';
    throw new UsageError(
      `The function takes ${asked.length} arguments${list}, but ${given.size + inOrder.length} were given. Give a value or a generator for each, such as int:0..1000.`,
    );
  }
  for (const [at, [index]] of open.entries()) given.set(index, inOrder[at] as string);
  return given;
}

/** Items whose arguments are those of the rows. */
function rowMakers(asked: Asked, rows: readonly InputRow[]): Map<number, Maker> {
  return new Map(
    asked.map(([index, parameter], at) => {
      const values = rows.map((row, line) => {
        const value = Array.isArray(row)
          ? (row as readonly unknown[])[at]
          : (row as Readonly<Record<string, unknown>>)[parameter.name];
        if (value === undefined || (Array.isArray(row) && row.length !== asked.length)) {
          throw new UsageError(
            `Input ${line + 1} does not have the ${asked.length} arguments of the function: ${JSON.stringify(row)}.`,
          );
        }
        if (parameter.kind === 'memory') return structValue(parameter, index, value);
        return argumentOf(parameter, index, inputText(value, line));
      });
      return [index, { make: (item) => ownBytes(values[item % values.length], parameter), last: false }];
    }),
  );
}

/** The text of a value from JSON, in the form that arguments on the command line have. */
function inputText(value: unknown, line: number): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new UsageError(
    `Input ${line + 1} has the argument ${JSON.stringify(value)}. Expected a number, a string, true, false or null.`,
  );
}
