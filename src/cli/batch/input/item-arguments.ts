/**
 * Which arguments an item has: the values of an array in order; of an object by the names of the parameters, or by paths
 * (`--arg a=.path`); a single value for a function of one parameter.
 */
import type { ParameterDescription } from 'offthread';
import { shortened } from '../../console/format.js';
import { UsageError } from '../../console/usage-error.js';
import { askedParameters, parameterLabel } from '../../target/argument-text.js';
import { type Target, indexOf } from '../../target/target-options.js';
import { dataArgument } from './data-argument.js';
import { parsePath, valueAt } from './value-path.js';

/** An item without arguments that can be called: it fails without a call. */
export class Unusable {
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/** A parameter for which an item has a value. */
interface Asked {
  readonly parameter: ParameterDescription;
  readonly index: number;
  /** Where the value is in an object; null if only an array has it. */
  readonly path: ReturnType<typeof parsePath> | null;
}

/** Integers and floats that JSON has as they are: an item of only these is passed on unchanged. */
const NUMBERS: ReadonlySet<unknown> = new Set([
  'i8',
  'u8',
  'i16',
  'u16',
  'i32',
  'u32',
  'i64',
  'u64',
  'f32',
  'f64',
  'size',
]);

export class ItemArguments {
  readonly #asked: readonly Asked[];
  readonly #fills: ReadonlyMap<number, number>;
  /** Indices of the parameters that get an argument. */
  readonly #given: readonly number[];
  readonly #byPath: boolean;
  readonly #plain: boolean;

  /** @param paths what `--arg` says: `name=.path`. @throws UsageError */
  constructor({ description, fills }: Target, paths: readonly string[]) {
    const chosen = new Map<number, string>();
    for (const text of paths) {
      const at = text.indexOf('=');
      if (at < 1) throw new UsageError(`--arg is '${text}'. Expected PARAMETER=.path, such as a=.user.age.`);
      chosen.set(indexOf(description, text.slice(0, at), '--arg'), text.slice(at + 1));
    }
    this.#byPath = chosen.size > 0;
    this.#asked = askedParameters(description, fills).map(([index, parameter]) => {
      const text = chosen.get(index);
      if (text !== undefined) return { parameter, index, path: parsePath(text, '--arg') };
      return { parameter, index, path: parameter.name === '' ? null : [parameter.name] };
    });
    for (const index of chosen.keys()) {
      if (this.#asked.some((one) => one.index === index)) continue;
      throw new UsageError(`--arg names a parameter that the function fills itself. Leave it out.`);
    }
    this.#fills = fills;
    this.#given = description.parameters.flatMap(({ given }, index) => (given ? [index] : []));
    this.#plain =
      fills.size === 0 &&
      this.#asked.every(({ parameter: { kind, type } }) => kind === 'value' && NUMBERS.has(type));
  }

  /** Names of the parameters that an item has values for; null for a parameter without a name. */
  get names(): readonly (string | null)[] {
    return this.#asked.map(({ parameter: { name } }) => (name === '' ? null : name));
  }

  /** The arguments of an item; what is wrong with it otherwise. */
  of(value: unknown): unknown[] | Unusable {
    if (this.#plain && !this.#byPath && Array.isArray(value) && this.#isPlain(value)) return value;
    try {
      const values = this.#select(value);
      const made = this.#asked.map(({ parameter, index }, at) => dataArgument(parameter, index, values[at]));
      return this.#fills.size === 0 ? made : this.#filled(made);
    } catch (error) {
      if (error instanceof UsageError) return new Unusable(error.message);
      throw error;
    }
  }

  #isPlain(values: readonly unknown[]): boolean {
    if (values.length !== this.#asked.length) return false;
    for (const value of values) if (typeof value !== 'number') return false;
    return true;
  }

  #select(value: unknown): readonly unknown[] {
    const count = this.#asked.length;
    if (!this.#byPath && Array.isArray(value)) {
      if (value.length === count) return value;
      throw new UsageError(`The item has ${value.length} values, and the function takes ${count}.`);
    }
    if (this.#byPath || isRecord(value)) return this.#asked.map((asked) => this.#valueIn(value, asked));
    if (count === 1) return [value];
    throw new UsageError(
      `The item is ${shortened(JSON.stringify(value))}, and the function takes ${count} arguments. Expected an array or an object.`,
    );
  }

  #valueIn(value: unknown, { parameter, index, path }: Asked): unknown {
    if (path === null) {
      throw new UsageError(
        `The item is an object, but the prototype has no name for ${parameterLabel(parameter, index)}. Name it there, or use --arg ${index}=.path.`,
      );
    }
    const found = valueAt(value, path);
    if (found !== undefined) return found;
    throw new UsageError(
      `The item has no value for ${parameterLabel(parameter, index)} at .${path.join('.')}.`,
    );
  }

  /** Arguments for all parameters: memory that the function fills is made anew for each item. */
  #filled(made: readonly unknown[]): unknown[] {
    let next = 0;
    return this.#given.map((index) => {
      const bytes = this.#fills.get(index);
      return bytes === undefined ? made[next++] : Buffer.alloc(bytes);
    });
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
