/** The error for a native function that has reported failure. */
import { getSystemErrorName } from 'node:util';
import { type ErrorContext, NativeError } from '../errors.js';
import type { DeclaredFunction } from '../lanes/declared-function.js';

/** What it returned, and what else it said. */
export interface Failure extends Pick<ErrorContext, 'call' | 'lane'> {
  readonly returned: unknown;
  /** 0, or left out: not known. */
  readonly errno?: number;
  readonly lastError?: string | null;
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
        : ' Its documentation says what that value means; declare `errno` or `lastError` to have the reason read.'),
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
