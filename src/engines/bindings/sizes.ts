/**
 * Sizes for engines that have only 64-bit integers, as bigints. Above 2^53, a number is no longer exact, but never below
 * 2^53: the host recognizes it.
 */
import type { CallbackHandler, NativeFunction, NativeValue, Prototype } from '../engine.js';

/** The function with sizes as numbers; the same function if it has none. */
export function withSizes(
  { arguments: parameters, returns }: Prototype,
  native: NativeFunction,
): NativeFunction {
  const sizes = parameters.flatMap((type, index) => (type === 'size' ? [index] : []));
  const takes: NativeFunction =
    sizes.length === 0
      ? native
      : (...values) => {
          for (const index of sizes) values[index] = BigInt(values[index] as number);
          return native(...values);
        };
  return returns === 'size' ? (...values) => Number(takes(...values)) : takes;
}

/** The handler of a callback, whose result is in the form of the engine. */
export function sizedHandler({ returns }: Prototype, handler: CallbackHandler): CallbackHandler {
  if (returns !== 'size') return handler;
  return (...values): NativeValue => BigInt(handler(...values) as number);
}
