/** Makes the value again that code in a lane has thrown. */
import type { ThrownData } from './module-messages.js';

/** The built-in classes of errors, by their names. A program's own classes are not known here: those are Errors. */
const CLASSES: Readonly<Record<string, new (message: string) => Error>> = {
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};

/** The value that was thrown: an Error with the name, message, stack, cause and own properties of the original; or the value itself. */
export function thrownValue(thrown: ThrownData): unknown {
  if (thrown.kind === 'value') return thrown.value;
  const { name, message, stack, cause, errors, properties } = thrown;
  const error =
    errors === null
      ? new (CLASSES[name] ?? Error)(message)
      : new AggregateError(errors.map(thrownValue), message);
  define(error, 'stack', stack ?? `${name}: ${message}`);
  if (error.name !== name) define(error, 'name', name);
  if (cause !== null) define(error, 'cause', thrownValue(cause));
  for (const [key, value] of properties) {
    Object.defineProperty(error, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return error;
}

function define(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}

/** What was thrown, in a line. */
export function thrownLine(thrown: ThrownData): string {
  if (thrown.kind === 'value') {
    const { value } = thrown;
    return typeof value === 'object' && value !== null ? 'an object that is no Error' : String(value);
  }
  return `${thrown.name}: ${thrown.message}`;
}
