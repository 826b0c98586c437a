/**
 * The option `attempts`: the maximum number of starts, including the first.
 *
 * Its former names are still accepted: `retry` of a call and `retries` of `pool.map`. They did not count the first start.
 */
import { ArgumentError, type ErrorKind } from '../errors.js';
import { countOrInfinity, integer, known, plainCopy, refuse } from './checks.js';

/** A larger number counts as Infinity. */
const MOST = 1_000_000;

/** @throws ArgumentError */
export function attemptsOption(name: string, value: unknown, fallback: number): number {
  return countOrInfinity(name, value, MOST, fallback);
}

/** @deprecated Use `MapAttempts`. */
export interface MapRetries {
  /** Maximum number of restarts of an item, not including the first start. */
  readonly retries: number;
  /** ms before the first restart. Default 100. */
  readonly delay?: number;
  /** Factor by which each further wait grows. Default 2. */
  readonly factor?: number;
  /** The longest wait, in ms. Default 30,000. */
  readonly maxDelay?: number;
}

/** @deprecated Use `AttemptsByKind`. */
export type RetriesByKind = { readonly [K in ErrorKind | 'other']?: number | MapRetries };

/**
 * Renames the former option to `attempts`.
 * @param given a private copy of the options; it is changed.
 * @returns the name that was used, for messages.
 * @throws ArgumentError if both names are set, or the value is not valid.
 */
export function takeAttempts(given: Record<string, unknown>, former: 'retry' | 'retries'): string {
  const further = given[former];
  Reflect.deleteProperty(given, former);
  if (further === undefined) return 'attempts';
  if (given['attempts'] !== undefined) {
    throw new ArgumentError(
      `Options \`attempts\` and \`${former}\` are both set, but have the same meaning. Use only \`attempts\`, which also counts the first start.`,
    );
  }
  given['attempts'] = former === 'retry' ? startsOf(former, further) : byKind(further);
  return former;
}

function startsOf(name: string, further: unknown): number {
  const count = integer(name, further, 0, 2 ** 31, 0);
  return count < MOST ? count + 1 : Infinity;
}

function byKind(further: unknown): unknown {
  if (typeof further === 'number') return startsOf('retries', further);
  const kinds = plainCopy(further);
  if (kinds === null) refuse('retries', further, 'a number, or an object with error kinds as keys');
  for (const [kind, rule] of Object.entries(kinds)) kinds[kind] = ruleOf(`retries.${kind}`, rule);
  return kinds;
}

function ruleOf(name: string, rule: unknown): unknown {
  if (typeof rule !== 'object') return startsOf(name, rule);
  const { retries, ...waits } = known(`\`${name}\` option`, rule, [
    'retries',
    'delay',
    'factor',
    'maxDelay',
  ] satisfies (keyof MapRetries)[]);
  return { ...waits, attempts: startsOf(`${name}.retries`, retries) };
}
