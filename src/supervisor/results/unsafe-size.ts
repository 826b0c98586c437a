/** Sizes that native code returned and that are above 2^53, so that a number does not hold them exactly. */
import { EngineError, type ErrorContext } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';

/**
 * The first size in a result that is above the limit; null if there is none.
 * @param value the result of a call: the returned value, or a tuple of it and the outs.
 */
export function unsafeSizeIn({ compiled, hasOuts }: DeclaredFunction, value: unknown): number | null {
  const { params, returns } = compiled.spec;
  const { structs } = compiled;
  const values = hasOuts ? (value as unknown[]) : [value];
  if (returns.kind === 'value' && returns.type === 'size' && isUnsafe(values[0])) return values[0];
  const inReturned = structs?.unsafeSize(null, values[0]) ?? null;
  if (inReturned !== null) return inReturned;
  let at = 0;
  for (const [index, param] of params.entries()) {
    if (structs?.comesBack(index) === true) {
      at += 1;
      const inside = structs.unsafeSize(index, values[at]);
      if (inside !== null) return inside;
      continue;
    }
    if (param.kind !== 'out' && param.kind !== 'outText' && param.kind !== 'inout') continue;
    at += 1;
    const out = values[at];
    if (param.kind !== 'outText' && param.type === 'size' && isUnsafe(out)) return out;
  }
  return null;
}

/** Whether a size is above the limit. It was rounded to a number, but never to one below 2^53. */
export function isUnsafe(size: unknown): size is number {
  return typeof size === 'number' && size > Number.MAX_SAFE_INTEGER;
}

export function unsafeSize(fn: DeclaredFunction, size: number, context: ErrorContext = {}): EngineError {
  return new EngineError(
    `${fn.name} ran, but it returned a size of about ${size}, which is above 2^53 and not exact as a number. Its side effects have happened. ` +
      `Values near 2^64 are often negative numbers that report a failure. Declare 'i64' or 'u64', whose values are bigints; in a prototype, int64_t or uint64_t.`,
    { symbol: fn.name, ...context, code: 'OFFTHREAD_ENGINE_RESULT' },
  );
}
