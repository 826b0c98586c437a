/** `--retries`: how often items run again, by the kind of their error. */
import type { AttemptsByKind, MapAttempts } from 'offthread';
import { millisecondsOf, wholeNumber } from '../../console/numbers.js';
import { UsageError } from '../../console/usage-error.js';

export type Retries = AttemptsByKind;

/** The kinds of error that an item can fail with and that a retry may resolve. */
const KINDS = ['timeout', 'crash', 'native', 'lost'] as const;

/** @throws UsageError */
export function retryRules(text: string | undefined, delayText: string): Retries | undefined {
  const delay = millisecondsOf('--retry-delay', delayText);
  if (text === undefined) return undefined;
  const rule = (count: string): MapAttempts => ({
    attempts: wholeNumber('--retries', count, 0) + 1,
    delay,
    factor: 2,
    maxDelay: 30_000,
  });
  if (!text.includes('=')) return Object.fromEntries(KINDS.map((kind) => [kind, rule(text)]));
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [kind = '', count = ''] = part.split('=');
      if ((KINDS as readonly string[]).includes(kind)) return [kind, rule(count)];
      throw new UsageError(
        `--retries has '${part}'. Expected a number, or KIND=NUMBER with one of ${KINDS.join(', ')}.`,
      );
    }),
  );
}
