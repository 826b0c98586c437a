/**
 * The option `attempts`: how often something is started at most, the first time included.
 *
 * Its former names are still taken: `retry` of a call and `retries` of `pool.map`. They counted the further starts.
 */
import { ArgumentError, type ErrorKind } from '../errors.js';
import { countOrInfinity, integer, known, plainCopy, refuse } from './checks.js';

/** More than that is Infinity. */
const MOST = 1_000_000;

/** @throws ArgumentError */
export function attemptsOption(name: string, value: unknown, fallback: number): number {
  return countOrInfinity(name, value, MOST, fallback);
}

/** @deprecated Use `MapAttempts`. */
export interface MapRetries {
  /** Times that an item is run again, without the first. */
  readonly retries: number;
  /** ms before the first of them. Default 100. */
  readonly delay?: number;
  /** Each wait is so many times the one before. Default 2. */
  readonly factor?: number;
  /** ms that a wait takes at most. Default 30,000. */
  readonly maxDelay?: number;
}

/** @deprecated Use `AttemptsByKind`. */
export type RetriesByKind = { readonly [K in ErrorKind | 'other']?: number | MapRetries };

/**
 * Puts `attempts` in the place of its former name.
 * @param given options that nobody else holds.
 * @throws ArgumentError where both are given, or the former one is wrong.
 */
export function takeAttempts(given: Record<string, unknown>, former: 'retry' | 'retries'): void {
  const further = given[former];
  Reflect.deleteProperty(given, former);
  if (further === undefined) return;
  if (given['attempts'] !== undefined) {
    throw new ArgumentError(
      `Options \`attempts\` and \`${former}\` are both given, and say the same: use \`attempts\` alone. It counts the first start, too.`,
    );
  }
  given['attempts'] = former === 'retry' ? startsOf(former, further) : byKind(further);
}

function startsOf(name: string, further: unknown): number {
  const count = integer(name, further, 0, 2 ** 31, 0);
  return count < MOST ? count + 1 : Infinity;
}

function byKind(further: unknown): unknown {
  if (typeof further === 'number') return startsOf('retries', further);
  const kinds = plainCopy(further);
  if (kinds === null) refuse('retries', further, 'a number, or an object of kinds of errors');
  for (const [kind, rule] of Object.entries(kinds)) kinds[kind] = ruleOf(`retries.${kind}`, rule);
  return kinds;
}

function ruleOf(name: string, rule: unknown): unknown {
  if (typeof rule !== 'object') return startsOf(name, rule);
  const { retries, ...waits } = known(`Options of \`${name}\``, rule, [
    'retries',
    'delay',
    'factor',
    'maxDelay',
  ] satisfies (keyof MapRetries)[]);
  return { ...waits, attempts: startsOf(`${name}.retries`, retries) };
}
