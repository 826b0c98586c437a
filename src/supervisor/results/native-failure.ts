/** Decides by a `fails` rule whether a native function has reported failure, and makes the error. */
import { getSystemErrorName } from 'node:util';
import { ignoreFailure } from '../../promises.js';
import { DeclarationError, type ErrorContext, NativeError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import { isThenable, settled } from '../host-functions/thenable.js';

/** The return value of a native function, and what else it reported. */
export interface Failure extends Pick<ErrorContext, 'call' | 'lane'> {
  readonly returned: unknown;
  /** 0, or omitted, when unknown. */
  readonly errno?: number;
  readonly lastError?: string | null;
}

/**
 * Calls a `fails` rule that is a function. Runs user code.
 * @throws DeclarationError when the rule throws or returns a promise.
 */
export function failsByRule(
  { name, compiled }: DeclaredFunction,
  returned: unknown,
  context: Pick<ErrorContext, 'call' | 'lane'> = {},
): boolean {
  try {
    const verdict: unknown = compiled.failsPredicate?.(returned);
    if (!isThenable(verdict)) return Boolean(verdict);
    ignoreFailure(settled(verdict));
    throw new TypeError('it returned a promise; it must return its value directly');
  } catch (cause) {
    const what = `The \`fails\` rule of ${name} threw. The rule must return true or false.`;
    throw new DeclarationError(what, { ...context, symbol: name, cause });
  }
}

export function nativeError({ name: symbol, compiled }: DeclaredFunction, failure: Failure): NativeError {
  const { returned, errno = 0, lastError = null, call, lane } = failure;
  const { spec } = compiled;
  const name = spec.errno ? errnoName(errno) : undefined;
  const why = [lastError, name === undefined ? null : `errno ${errno}, ${name}`].filter(
    (part) => part !== null,
  );
  const shown = typeof returned === 'bigint' ? `${returned}n` : String(returned);
  return new NativeError(
    `${symbol} reported failure: it returned ${shown}${why.length > 0 ? ` (${why.join('; ')})` : ''}.` +
      (why.length > 0
        ? ''
        : ' See the documentation of the function for the meaning of that value, or declare `errno` or `lastError` so that the reason is read.'),
    {
      call,
      symbol,
      lane,
      code: name,
      returned,
      errno: spec.errno ? errno : undefined,
      lastError: lastError ?? undefined,
    },
  );
}

function errnoName(errno: number): string | undefined {
  try {
    return errno > 0 ? getSystemErrorName(-errno) : undefined;
  } catch {
    return undefined;
  }
}
