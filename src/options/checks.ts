/** What options are checked by: each check names the option, what it is, and what it has to be. */
import { inspect, types } from 'node:util';
import { AbortSignal } from '../builtins.js';
import { ArgumentError } from '../errors.js';
import { hasAborted } from './signal-state.js';

/** Longest duration Node's timers take: 2^31 - 1 ms, about 24.8 days. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** A value for a message: short, and never throws. */
export const show = (value: unknown): string => {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 3 });
  } catch {
    return 'a value that cannot be shown';
  }
};

/** What was thrown, for a message. It is a user's value: reading it may throw. */
export const thrownText = (thrown: unknown): string => {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : undefined;
    return typeof message === 'string' ? message : show(thrown);
  } catch {
    return 'a value that cannot be read';
  }
};

export function refuse(name: string, value: unknown, wanted: string): never {
  throw new ArgumentError(`Option \`${name}\` is ${show(value)}; it has to be ${wanted}.`);
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
 * The properties of a plain object, each read once; null for anything else, also for one that throws when it is read.
 * The copy has no prototype: what somebody has put on Object.prototype is no option.
 */
export function plainCopy(options: unknown): Record<string, unknown> | null {
  try {
    if (typeof options !== 'object' || options === null) return null;
    const prototype: unknown = Object.getPrototypeOf(options);
    // Of any realm: its prototype is the last, as Object.prototype is.
    return prototype === null || Object.getPrototypeOf(prototype) === null
      ? withoutPrototype({ ...options })
      : null;
  } catch {
    return null;
  }
}

/** The same object, which inherits nothing from now on. */
export function withoutPrototype<T extends object>(own: T): T {
  return Object.setPrototypeOf(own, null) as T;
}

/** The elements of an array, each read once, holes as undefined; null for anything else, also for one that throws when it is read. */
export function copyOf(list: unknown): unknown[] | null {
  try {
    return Array.isArray(list) ? Array.from(list as unknown[]) : null;
  } catch {
    return null;
  }
}

const NONE: Readonly<Record<string, string>> = {};

/**
 * The options, copied.
 * @param removed names of earlier versions, each with the reason why it is not needed.
 * @throws ArgumentError for what is no plain object, and for unknown names.
 */
export function known(
  what: string,
  options: unknown,
  names: readonly string[],
  removed: Readonly<Record<string, string>> = NONE,
): Record<string, unknown> {
  if (options === undefined) return withoutPrototype({});
  const copy = plainCopy(options);
  if (copy === null) throw new ArgumentError(`${what} are ${show(options)}; they have to be a plain object.`);
  const unknown = Object.keys(copy).find((key) => !names.includes(key));
  if (unknown !== undefined && Object.hasOwn(removed, unknown)) {
    throw new ArgumentError(`${what} have no \`${unknown}\` any more: it was removed. ${removed[unknown]}`);
  }
  if (unknown !== undefined) {
    throw new ArgumentError(`${what} have no \`${unknown}\`. There are: ${names.join(', ')}.`);
  }
  return copy;
}

/** 0 stands for no limit. */
export const unlimited = (limit: number): number => (limit === 0 ? Infinity : limit);

export function quantity(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0)) refuse(name, value, 'a number from 0 up');
  return value;
}

export function optionalFunction(name: string, value: unknown): ((value: unknown) => unknown) | undefined {
  if (value !== undefined && typeof value !== 'function') refuse(name, value, 'a function');
  return value as ((value: unknown) => unknown) | undefined;
}

/** Proxies of one are none: what a trap does, and when, nobody knows. */
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
