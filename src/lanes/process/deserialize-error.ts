/** An error that came as plain data, as what it was: structured cloning loses classes. */
import * as errors from '../../errors.js';
import type { ErrorData } from '../../shared/messages/messages.js';

type ErrorClass = new (message: string, context: errors.ErrorContext) => errors.OffthreadError;

/** What opening a library may fail with. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  LibraryNotFoundError: errors.LibraryNotFoundError,
  SymbolNotFoundError: errors.SymbolNotFoundError,
  EngineError: errors.EngineError,
};

/** The class of an error that a library may have failed with in a lane. */
export function classOf(name: string | undefined): ErrorClass {
  return CLASSES[name ?? ''] ?? errors.EngineError;
}

/** @returns an error of the class that it was; of any other, an EngineError that says what was thrown. */
export function deserializeError({ name, message, code, symbol }: ErrorData): errors.OffthreadError {
  const type = CLASSES[name];
  if (type !== undefined) return new type(message, { code, symbol });
  return new errors.EngineError(`The library could not be opened: ${message}.`, { symbol, cause: message });
}
