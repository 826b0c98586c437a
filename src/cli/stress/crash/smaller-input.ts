/**
 * Makes the arguments of a call smaller, as long as the call still fails in the same way.
 *
 * A number that is the length of bytes or of a text stays it. Bytes whose length no argument says keep their length, and
 * so does memory that the function fills: with less of it the function would fail for another reason.
 */
import type { FunctionDescription, ParameterDescription, Scalar } from 'offthread';
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
  const { kind, type, changes } = parameters[at] as ParameterDescription;
  const isLength = [...lengths.values()].some((list) => list.includes(at));
  if (isLength || value === null || kind === 'callback') return;
  if (typeof value === 'string') {
    for (const letters of smallerSequences(Array.from(value), '0', true))
      yield withValue(given, at, letters.join(''), lengths);
  } else if (value instanceof Uint8Array) {
    const mayShorten = !changes && lengths.has(at);
    for (const bytes of smallerSequences([...value], 0, mayShorten))
      yield withValue(given, at, Buffer.from(bytes), lengths);
  } else if (typeof value === 'boolean') {
    if (value) yield withValue(given, at, false, lengths);
  } else if (type === 'f32' || type === 'f64') {
    for (const number of smallerFloats(value as number)) yield withValue(given, at, number, lengths);
  } else if (type !== 'pointer') {
    for (const number of smallerIntegers(BigInt(value as number | bigint))) {
      if (fits(type as Scalar, number))
        yield withValue(given, at, typeof value === 'bigint' ? number : Number(number), lengths);
    }
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
