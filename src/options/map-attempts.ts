/** Decides whether a failed item of `pool.map` is run again, and when. */
import { Math } from '../builtins.js';
import { kindOf } from '../errors.js';
import { LONGEST_MS, duration, known, plainCopy, refuse, withoutPrototype } from './checks.js';
import type { MapAttempts } from './map-options.js';
import { attemptsOption } from './attempts.js';
import { ERROR_KINDS, mayGoWell } from './retry-options.js';

/** ms to wait before an item that has failed `failures` times is run again; null if it is not run again. */
export type Again = (error: unknown, failures: number) => number | null;

/**
 * @param name the name by which the caller has set the option: `attempts`, or the former `retries`.
 * @throws ArgumentError naming the option.
 */
export function againOf(name: string, value: unknown): Again {
  if (value === undefined || value === 1) return () => null;
  if (typeof value === 'number') {
    const same = ruleOf(name, value);
    return (error, failures) => (mayGoWell(error) ? same(failures) : null);
  }
  if (plainCopy(value) === null) refuse(name, value, 'a number, or an object with error kinds as keys');
  const given = known(`\`${name}\` option`, value, [...ERROR_KINDS, 'other']);
  const rules = new Map(Object.entries(given).map(([kind, rule]) => [kind, ruleOf(`${name}.${kind}`, rule)]));
  return (error, failures) => {
    return rules.get(kindOf(error) ?? 'other')?.(failures) ?? null;
  };
}

function ruleOf(name: string, value: unknown): (failures: number) => number | null {
  const given =
    typeof value === 'object' && value !== null
      ? known(`\`${name}\` option`, value, [
          'attempts',
          'delay',
          'factor',
          'maxDelay',
        ] satisfies (keyof MapAttempts)[])
      : withoutPrototype<Record<string, unknown>>({ attempts: value });
  const attempts = attemptsOption(
    `${name}${typeof value === 'object' && value !== null ? '.attempts' : ''}`,
    given['attempts'],
    1,
  );
  const delay = duration(`${name}.delay`, given['delay'], 100);
  const maxDelay = Math.min(duration(`${name}.maxDelay`, given['maxDelay'], 30_000), LONGEST_MS);
  const factor = given['factor'] ?? 2;
  if (typeof factor !== 'number' || !(factor >= 1))
    refuse(`${name}.factor`, factor, 'a number of at least 1');
  // Half of each wait is random, so that items which failed together are not run again together.
  return (failures) =>
    failures >= attempts
      ? null
      : Math.min(maxDelay, delay * factor ** (failures - 1)) * (0.5 + Math.random() / 2);
}
