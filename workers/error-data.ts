/** An error as plain data: structured cloning would lose its class and code. */
import type { ErrorData } from '../src/shared/messages/messages.js';

export function errorData(error: unknown): ErrorData {
  try {
    if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
    // The properties may have any type: the error may come from any code.
    const { name, message, code, symbol, stack } = error as { [key in keyof ErrorData]?: unknown };
    return {
      name: String(name),
      message: String(message),
      code: typeof code === 'string' ? code : undefined,
      symbol: typeof symbol === 'string' ? symbol : undefined,
      stack: typeof stack === 'string' ? stack : undefined,
    };
  } catch {
    return { name: 'Error', message: 'an error that cannot be read' };
  }
}
