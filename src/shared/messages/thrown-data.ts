/**
 * A thrown value as plain data. Structured cloning would lose an error's own properties and the name of its class, and
 * fails for errors with properties that cannot be cloned.
 *
 * Guarantee: never throws, whatever was thrown: its properties may be getters that throw.
 */
import { Math, structuredClone } from '../../builtins.js';
import type { ThrownData } from './module-messages.js';

/** Causes within causes. */
const DEPTH = 8;
/** Own properties, and errors of an AggregateError. */
const MANY = 64;
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

export function thrownData(thrown: unknown, depth: number = DEPTH): ThrownData {
  try {
    if (!isError(thrown)) return { kind: 'value', value: cloneable(thrown) ? thrown : textOf(thrown) };
    const { name, message, stack, cause, errors } = thrown as Error & { errors?: unknown };
    const nested = (value: unknown): ThrownData => thrownData(value, depth - 1);
    return {
      kind: 'error',
      name: typeof name === 'string' ? name : 'Error',
      message: typeof message === 'string' ? message : textOf(message),
      stack: typeof stack === 'string' ? stack : null,
      cause: cause === undefined || depth === 0 ? null : nested(cause),
      errors: Array.isArray(errors) && depth > 0 ? errors.slice(0, MANY).map(nested) : null,
      properties: propertiesOf(thrown),
    };
  } catch {
    return { kind: 'value', value: 'an error that cannot be read' };
  }
}

function isError(value: unknown): value is Error {
  // Also errors of other realms, and DOMExceptions.
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
}

function propertiesOf(error: object): [string, unknown][] {
  const found: [string, unknown][] = [];
  for (const key of Object.keys(error).slice(0, Math.max(MANY, 0))) {
    if (OWN.has(key)) continue;
    const value = (error as Record<string, unknown>)[key];
    if (cloneable(value)) found.push([key, value]);
  }
  // A DOMException has its code on its prototype.
  const { code } = error as { code?: unknown };
  if (!Object.hasOwn(error, 'code') && (typeof code === 'string' || typeof code === 'number')) {
    found.push(['code', code]);
  }
  return found;
}

function cloneable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null)
    return typeof value !== 'function' && typeof value !== 'symbol';
  try {
    structuredClone(value);
    // Processes share no memory, and move no ports.
    return !(value instanceof SharedArrayBuffer);
  } catch {
    return false;
  }
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'function' ? `the function ${value.name}` : String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}
