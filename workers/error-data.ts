/** An error as plain data: structured cloning would lose its class and code. */
import type { ErrorData } from '../src/shared/messages.js';

export function errorData(error: unknown): ErrorData {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { code, symbol } = error as { code?: unknown; symbol?: unknown };
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : undefined,
    symbol: typeof symbol === 'string' ? symbol : undefined,
    stack: error.stack,
  };
}
