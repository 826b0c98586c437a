/**
 * A thrown value as plain data. Structured cloning would lose an error's own properties and the name of its class, and
 * fails for errors with properties that cannot be cloned.
 *
 * Guarantees:
 * - Never throws, whatever was thrown: its properties may be getters that throw.
 * - The data can be sent to every lane and host, threads and processes.
 */
import { Math, builtinModule, structuredClone } from '../../builtins.js';
import type { ThrownData } from './module-messages.js';

/** Causes within causes. */
const DEPTH = 8;
/** Own properties, and errors of an AggregateError. */
const MANY = 64;
const OWN = new Set(['name', 'message', 'stack', 'cause', 'errors']);

export function thrownData(thrown: unknown, depth: number = DEPTH): ThrownData {
  try {
    if (!isError(thrown)) return { kind: 'value', ...(copyOf(thrown) ?? { value: textOf(thrown) }) };
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
    const copy = copyOf((error as Record<string, unknown>)[key]);
    if (copy !== null) found.push([key, copy.value]);
  }
  // A DOMException has its code on its prototype.
  const { code } = error as { code?: unknown };
  if (!Object.hasOwn(error, 'code') && (typeof code === 'string' || typeof code === 'number')) {
    found.push(['code', code]);
  }
  return found;
}

/** A copy that a thread and a process can be sent, without getters that may answer differently then; null if there is none. */
function copyOf(value: unknown): { readonly value: unknown } | null {
  if (typeof value === 'function' || typeof value === 'symbol') return null;
  if (typeof value !== 'object' || value === null) return { value };
  try {
    const copy = structuredClone(value);
    // Processes share no memory, and get no objects of Node.js.
    builtinModule('node:v8').serialize(copy);
    return { value: copy };
  } catch {
    return null;
  }
}

function textOf(value: unknown): string {
  try {
    return typeof value === 'function' ? `the function ${value.name}` : String(value);
  } catch {
    return 'a value that cannot be shown';
  }
}
