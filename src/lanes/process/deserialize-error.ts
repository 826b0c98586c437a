/** Restores the class of an error that was sent as plain data: structured cloning loses classes. */
import * as errors from '../../errors.js';
import type { ErrorData } from '../../shared/messages/messages.js';

type ErrorClass = new (message: string, context: errors.ErrorContext) => errors.OffthreadError;

/** The errors with which opening a library may fail. */
const CLASSES: Readonly<Record<string, ErrorClass>> = {
  LibraryNotFoundError: errors.LibraryNotFoundError,
  SymbolNotFoundError: errors.SymbolNotFoundError,
  EngineError: errors.EngineError,
};

/** The class of an error from opening a library in a lane. */
export function classOf(name: string | undefined): ErrorClass {
  return CLASSES[name ?? ''] ?? errors.EngineError;
}

/** @returns an error of the original class; for an unknown class, an EngineError with the text of the error. */
export function deserializeError({ name, message, code, symbol }: ErrorData): errors.OffthreadError {
  const type = CLASSES[name];
  if (type !== undefined) return new type(message, { code, symbol });
  return new errors.EngineError(`The library could not be opened: ${message}.`, { symbol, cause: message });
}
