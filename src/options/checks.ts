/** Checks of options. The error of each check names the option, its value, and the values that are allowed. */
import { inspect, types } from 'node:util';
import { AbortSignal } from '../builtins.js';
import { ArgumentError } from '../errors.js';
import { hasAborted } from './signal-state.js';

/** Longest duration that a timer of Node.js accepts: 2^31 - 1 ms, about 24.8 days. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** A value as a short text for a message. Never throws. */
export const show = (value: unknown): string => {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 3 });
  } catch {
    return 'a value that cannot be displayed';
  }
};

/** A thrown value as text for a message. Never throws, although reading a user's value can. */
export const thrownText = (thrown: unknown): string => {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : undefined;
    return typeof message === 'string' ? message : show(thrown);
  } catch {
    return 'a value that cannot be read';
  }
};

export function refuse(name: string, value: unknown, wanted: string): never {
  throw new ArgumentError(`Option \`${name}\` is ${show(value)}; it must be ${wanted}.`);
}

export function integer(name: string, value: unknown, least: number, most: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(name, value, `a whole number from ${least} to ${most}`);
  }
  return value;
}

/** A whole number from 1 to `most`, or Infinity. */
export function countOrInfinity(name: string, value: unknown, most: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (value === Infinity) return value;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    refuse(name, value, `a whole number from 1 to ${most}, or Infinity`);
  }
  return value;
}

export function duration(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0) || (value > LONGEST_MS && value !== Infinity)) {
    refuse(name, value, `a number of milliseconds from 0 to ${LONGEST_MS}, or Infinity`);
  }
  return value;
}

export function oneOf<const T extends string>(
  name: string,
  value: unknown,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  if (!allowed.includes(value as T))
    refuse(name, value, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`);
  return value as T;
}

/**
 * The properties of a plain object, each read once; null for any other value, and for an object that throws when it is read.
 * The copy has no prototype: properties added to Object.prototype are not options.
 */
export function plainCopy(options: unknown): Record<string, unknown> | null {
  try {
    if (typeof options !== 'object' || options === null) return null;
    const prototype: unknown = Object.getPrototypeOf(options);
    // Objects of any realm: like Object.prototype, their prototype has no prototype.
    return prototype === null || Object.getPrototypeOf(prototype) === null
      ? withoutPrototype({ ...options })
      : null;
  } catch {
    return null;
  }
}

/** Removes the prototype of the object. */
export function withoutPrototype<T extends object>(own: T): T {
  return Object.setPrototypeOf(own, null) as T;
}

/** The elements of an array, each read once, holes as undefined; null for any other value, and for an array that throws when it is read. */
export function copyOf(list: unknown): unknown[] | null {
  try {
    return Array.isArray(list) ? Array.from(list as unknown[]) : null;
  } catch {
    return null;
  }
}

const NONE: Readonly<Record<string, string>> = {};

/**
 * A copy of the options.
 * @param what the name of such an option in messages: `pool option`.
 * @param removed options of earlier versions, each with the reason why it is no longer needed.
 * @throws ArgumentError if `options` is not a plain object, or has an unknown name.
 */
export function known(
  what: string,
  options: unknown,
  names: readonly string[],
  removed: Readonly<Record<string, string>> = NONE,
): Record<string, unknown> {
  if (options === undefined) return withoutPrototype({});
  const copy = plainCopy(options);
  if (copy === null)
    throw new ArgumentError(`The ${what}s are ${show(options)}; they must be a plain object.`);
  const unknown = Object.keys(copy).find((key) => !names.includes(key));
  if (unknown !== undefined && Object.hasOwn(removed, unknown)) {
    throw new ArgumentError(`The ${what} \`${unknown}\` was removed. ${removed[unknown]}`);
  }
  if (unknown !== undefined) {
    throw new ArgumentError(`Unknown ${what} \`${unknown}\`. Known options: ${names.join(', ')}.`);
  }
  return copy;
}

/** Turns 0, which means no limit, into Infinity. */
export const unlimited = (limit: number): number => (limit === 0 ? Infinity : limit);

export function quantity(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0)) refuse(name, value, 'a number of at least 0');
  return value;
}

export function optionalFunction(name: string, value: unknown): ((value: unknown) => unknown) | undefined {
  if (value !== undefined && typeof value !== 'function') refuse(name, value, 'a function');
  return value as ((value: unknown) => unknown) | undefined;
}

/** A proxy of a signal is not accepted: its traps could run any code at any time. */
function isSignal(value: unknown): value is AbortSignal {
  try {
    return value instanceof AbortSignal && !types.isProxy(value) && typeof hasAborted(value) === 'boolean';
  } catch {
    return false;
  }
}

export function abortSignal(value: unknown): AbortSignal | undefined {
  if (value !== undefined && !isSignal(value)) refuse('signal', value, 'an AbortSignal');
  return value;
}

export function flag(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') refuse(name, value, 'true or false');
  return value;
}
