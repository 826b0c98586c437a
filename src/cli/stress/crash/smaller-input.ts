/**
 * Makes the arguments of a call smaller, as long as the call still fails in the same way.
 *
 * A number that is the length of bytes or of a text stays it. Bytes whose length no argument says keep their length, and
 * so does memory that the function fills: with less of it the function would fail for another reason.
 */
import type { FunctionDescription, MemoryDescription, ParameterDescription, Scalar } from 'offthread';
import type { GivenArguments } from '../direct/argument-memory.js';
import { plainer, shorter, smallerFloats, smallerIntegers } from './smaller-values.js';

/** Whether a call with these arguments still fails in the same way. */
export type StillFails = (given: GivenArguments) => Promise<boolean>;

/** For each argument that has a length: the arguments that say it. */
type Lengths = ReadonlyMap<number, readonly number[]>;

/** @param done whether no more time is left: then the smallest arguments so far are returned. */
export async function smallestArguments(
  description: FunctionDescription,
  given: GivenArguments,
  stillFails: StillFails,
  done: () => boolean,
): Promise<GivenArguments> {
  const parameters = description.parameters.filter((parameter) => parameter.given);
  const lengths = lengthsOf(parameters, given);
  let smallest = given;
  for (let improved = true; improved && !done(); ) {
    improved = false;
    for (const at of parameters.keys()) {
      for (;;) {
        const next = await firstThat(smallerArguments(parameters, smallest, at, lengths), stillFails, done);
        if (next === null) break;
        smallest = next;
        improved = true;
      }
    }
  }
  return smallest;
}

async function firstThat(
  candidates: Iterable<GivenArguments>,
  stillFails: StillFails,
  done: () => boolean,
): Promise<GivenArguments | null> {
  for (const candidate of candidates) {
    if (done()) return null;
    if (await stillFails(candidate)) return candidate;
  }
  return null;
}

function byteLength(value: unknown): number | null {
  if (typeof value === 'string') return Buffer.byteLength(value);
  return value instanceof Uint8Array ? value.length : null;
}

function lengthsOf(parameters: readonly ParameterDescription[], given: GivenArguments): Lengths {
  const taken = new Set<number>();
  const lengths = new Map<number, readonly number[]>();
  for (const at of parameters.keys()) {
    const length = byteLength(given[at]);
    if (length === null) continue;
    // The next number that is the length, as in most prototypes; else one before.
    const order = [...parameters.keys()].sort((one, other) => Number(one < at) - Number(other < at));
    const said = order.find((index) => {
      const { kind, type } = parameters[index] as ParameterDescription;
      return (
        !taken.has(index) &&
        kind === 'value' &&
        type !== 'pointer' &&
        Number(given[index]) === length &&
        length > 0
      );
    });
    if (said === undefined) continue;
    taken.add(said);
    lengths.set(at, [said]);
  }
  return lengths;
}

function* smallerArguments(
  parameters: readonly ParameterDescription[],
  given: GivenArguments,
  at: number,
  lengths: Lengths,
): Generator<GivenArguments> {
  const value = given[at];
  const { kind, type, changes, memory } = parameters[at] as ParameterDescription;
  const isLength = [...lengths.values()].some((list) => list.includes(at));
  if (isLength || value === null || kind === 'callback') return;
  const mayShorten = typeof value === 'string' || (!changes && lengths.has(at));
  const smaller =
    memory === undefined ? smallerValues(value, type, mayShorten) : smallerMemory(memory, value);
  for (const next of smaller) yield withValue(given, at, next, lengths);
}

/** Of a number, a string or bytes. */
function* smallerValues(value: unknown, type: ParameterDescription['type'], mayShorten: boolean): Generator {
  if (typeof value === 'string') {
    for (const letters of smallerSequences(Array.from(value), '0', mayShorten)) yield letters.join('');
  } else if (value instanceof Uint8Array) {
    for (const bytes of smallerSequences([...value], 0, mayShorten)) yield Buffer.from(bytes);
  } else if (typeof value === 'boolean') {
    if (value) yield false;
  } else if (type === 'f32' || type === 'f64') {
    yield* smallerFloats(value as number);
  } else if (type !== 'pointer' && (typeof value === 'number' || typeof value === 'bigint')) {
    for (const number of smallerIntegers(BigInt(value))) {
      if (fits(type as Scalar, number)) yield typeof value === 'bigint' ? number : Number(number);
    }
  }
}

/** Of a struct, a union or an array: fields that are left out are 0. */
function* smallerMemory(memory: MemoryDescription, value: unknown): Generator {
  switch (memory.kind) {
    case 'scalar':
      yield* smallerValues(value, memory.type, false);
      break;
    case 'text':
    case 'bytes':
      yield* smallerValues(value, undefined, memory.kind === 'text');
      break;
    case 'array':
      for (const [at, one] of Array.isArray(value) ? value.entries() : [])
        for (const next of smallerMemory(memory.of, one)) yield (value as unknown[]).with(at, next);
      break;
    default:
      yield* smallerFields(memory, value as Readonly<Record<string, unknown>>);
  }
}

function* smallerFields(
  { kind, fields }: Extract<MemoryDescription, { kind: 'struct' | 'union' }>,
  value: Readonly<Record<string, unknown>>,
): Generator {
  for (const { name, memory } of fields) {
    const { [name]: one, ...others } = value;
    if (one === undefined) continue;
    if (kind === 'struct') yield others;
    for (const next of smallerMemory(memory, one)) yield { ...others, [name]: next };
  }
}

/** An unsigned type has no numbers below zero; all other candidates are smaller than one that fits. */
function fits(type: Scalar, value: bigint): boolean {
  return value >= 0n || type.startsWith('i');
}

function* smallerSequences<T>(list: readonly T[], plain: T, mayShorten: boolean): Generator<T[]> {
  if (mayShorten) yield* shorter(list);
  yield* plainer(list, plain);
}

function withValue(given: GivenArguments, at: number, value: unknown, lengths: Lengths): GivenArguments {
  const next = [...given];
  next[at] = value;
  for (const index of lengths.get(at) ?? []) {
    const length = byteLength(value) as number;
    next[index] = typeof given[index] === 'bigint' ? BigInt(length) : length;
  }
  return next;
}
