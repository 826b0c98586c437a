/**
 * Generators of arguments, as texts:
 *
 *   int:0..1000     whole numbers, both ends included; `int:` alone: all that the type has
 *   float:-1..1     numbers from the first to below the second
 *   text:1..20      printable ASCII of such lengths; `text:1..20:abc` of these characters only
 *   bytes:64..4096  random bytes of such lengths
 *   choice:1,2,4    one of these
 *   length:NAME     the length in bytes of the argument for another parameter
 *   {"x": "float:0..1", "n": 3}   a struct, with a form above for each number in it that is drawn
 *   fixed:…, and everything else: always the same value, written as for `offthread call`
 */
import type { ParameterDescription, Scalar } from 'offthread';
import { UsageError } from '../../console/usage-error.js';
import { argumentOf, parameterLabel } from '../../target/argument-text.js';
import { structTemplate } from './struct-template.js';
import { Draw } from './random.js';

/** Makes the arguments for one parameter. */
export interface Generator {
  /** The argument of an item: the same for the same seed and item, whatever was made before. */
  value(item: number): unknown;
  /** Whether every item gets the same value. */
  readonly fixed: boolean;
  /** Name or index of the parameter whose argument has the length that this one is; `value` takes no part then. */
  readonly lengthOf?: string;
}

/** Least and greatest values of the integers. */
const RANGES: Readonly<Partial<Record<Scalar, readonly [bigint, bigint]>>> = {
  i8: [-(2n ** 7n), 2n ** 7n - 1n],
  u8: [0n, 2n ** 8n - 1n],
  i16: [-(2n ** 15n), 2n ** 15n - 1n],
  u16: [0n, 2n ** 16n - 1n],
  i32: [-(2n ** 31n), 2n ** 31n - 1n],
  u32: [0n, 2n ** 32n - 1n],
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
  size: [0n, 2n ** 53n - 1n],
};
const PRINTABLE = Array.from({ length: 95 }, (_, code) => String.fromCharCode(32 + code)).join('');
const LONGEST = 2 ** 30;

/**
 * @param parameter - what the arguments are for.
 * @param index - of the parameter; it gets other random numbers than the others do.
 * @param text - one of the forms above.
 * @param seed - of the run: a whole number below 2^32.
 * @throws UsageError when the text does not fit the parameter.
 */
export function generator(
  parameter: ParameterDescription,
  index: number,
  text: string,
  seed: number,
): Generator {
  const [, form = '', rest = ''] = /^(int|float|text|bytes|choice|length|fixed):(.*)$/s.exec(text) ?? [];
  const wrong = (expected: string): UsageError =>
    new UsageError(`${parameterLabel(parameter, index)} is '${text}'. Expected ${expected}.`);
  const draw = new Draw();
  const random = (make: (draw: Draw) => unknown): Generator => ({
    value: (item) => make(draw.start(seed, index, item)),
    fixed: false,
  });
  if (parameter.kind === 'memory') {
    return structTemplate(parameter, index, form === 'fixed' ? rest : text, (field, place, one) =>
      generator(field, place, one, seed),
    );
  }
  const isBytes = parameter.kind === 'buffer';
  switch (form) {
    case 'int':
      return random(integers(parameter, rest, wrong));
    case 'float': {
      const [low, high] = range(rest, 0, 1, wrong);
      if (parameter.type !== 'f64' && parameter.type !== 'f32') {
        throw wrong(`a form for the type ${typeName(parameter)}; float: is for float and double`);
      }
      return random((draw) => low + draw.unit() * (high - low));
    }
    case 'text': {
      // Anything but lengths behind `text:` is a text of its own, as for `offthread call`.
      const [, lengths, , , letters = PRINTABLE] = /^((\d+)(?:\.\.(\d+))?)(?::(.+))?$/s.exec(rest) ?? [];
      if (lengths === undefined) break;
      if (!isBytes && parameter.kind !== 'cstring') throw wrong(`a form for the type ${typeName(parameter)}`);
      const [least, most] = lengthRange(lengths, wrong);
      const characters = Array.from(letters);
      const make = texts(characters, least, most);
      return random(isBytes ? (draw) => Buffer.from(make(draw), 'utf8') : make);
    }
    case 'bytes': {
      if (!isBytes)
        throw wrong(`a form for the type ${typeName(parameter)}; bytes: is for pointers to bytes`);
      const [least, most] = lengthRange(rest, wrong);
      return random((draw) => randomBytes(draw, draw.integer(least, most)));
    }
    case 'choice': {
      const values = rest.split(',').map((one) => argumentOf(parameter, index, one));
      return random((draw) => ownBytes(values[draw.integer(0, values.length - 1)], parameter));
    }
    case 'length': {
      if (RANGES[parameter.type as Scalar] === undefined) throw wrong('an integer type for length:');
      return { value: () => undefined, fixed: false, lengthOf: rest };
    }
  }
  const value = argumentOf(parameter, index, form === 'fixed' ? rest : text);
  return { value: () => ownBytes(value, parameter), fixed: true };
}

/** A copy of bytes that native code may change: they belong to one call. */
export function ownBytes(value: unknown, { changes }: ParameterDescription): unknown {
  return changes && value instanceof Uint8Array ? Buffer.from(value) : value;
}

function typeName({ kind, type }: ParameterDescription): string {
  return type ?? kind;
}

type Wrong = (expected: string) => UsageError;

function integers(parameter: ParameterDescription, text: string, wrong: Wrong): (draw: Draw) => unknown {
  const type = parameter.type as Scalar;
  if (type === 'f64' || type === 'f32') {
    const [low, high] = range(text, 0, 2 ** 31 - 1, wrong);
    return (draw) => draw.integer(Math.ceil(low), Math.floor(high));
  }
  const limits = RANGES[type];
  if (limits === undefined) throw wrong(`a form for the type ${typeName(parameter)}; int: is for numbers`);
  const [, first, last] = /^([-+]?\d+)\.\.([-+]?\d+)$/.exec(text) ?? [];
  if (text !== '' && (first === undefined || last === undefined)) throw wrong('int:LOW..HIGH, whole numbers');
  const low = first === undefined ? limits[0] : BigInt(first);
  const high = last === undefined ? limits[1] : BigInt(last);
  if (low > high) throw wrong('the lower number first');
  if (low < limits[0] || high > limits[1]) {
    throw wrong(`numbers that a ${type} has: ${limits[0]} to ${limits[1]}`);
  }
  if (type === 'i64' || type === 'u64') return (draw) => draw.bigint(low, high);
  return (draw) => draw.integer(Number(low), Number(high));
}

function range(text: string, low: number, high: number, wrong: Wrong): readonly [number, number] {
  if (text === '') return [low, high];
  const [, first = '', last = ''] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === '' || !Number.isFinite(from) || !Number.isFinite(to)) throw wrong('LOW..HIGH, two numbers');
  if (from > to) throw wrong('the lower number first');
  return [from, to];
}

function lengthRange(text: string, wrong: Wrong): readonly [number, number] {
  const [, first, last = first] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? [];
  if (first === undefined) throw wrong('a length, or two as in 1..20');
  const [least, most] = [Number(first), Number(last)];
  if (least > most) throw wrong('the shorter length first');
  if (most > LONGEST) throw wrong(`lengths up to ${LONGEST} bytes`);
  return [least, most];
}

function texts(characters: readonly string[], least: number, most: number): (draw: Draw) => string {
  return (draw) => {
    const length = draw.integer(least, most);
    let text = '';
    for (let at = 0; at < length; at += 1) text += characters[draw.integer(0, characters.length - 1)];
    return text;
  };
}

function randomBytes(draw: Draw, length: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let at = 0; at < words.length; at += 1) words[at] = draw.uint32();
  return Buffer.from(words.buffer, 0, length);
}
