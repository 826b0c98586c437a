/**
 * From a value of the input to the argument of a parameter. Numbers, booleans and null are taken as they are. Texts are
 * parsed by the type of the parameter, as on the command line: 64-bit integers are strings of digits in JSON, and cells of
 * CSV are always texts. For a parameter that is itself a text, every text is taken as it is, also `null`.
 */
import type { ParameterDescription } from 'offthread';
import { UsageError } from '../../console/usage-error.js';
import { argumentOf, parameterLabel, structValue } from '../../target/argument-text.js';

/** @throws UsageError when the value cannot be one for the parameter. */
export function dataArgument(parameter: ParameterDescription, index: number, value: unknown): unknown {
  const { kind, type } = parameter;
  if (typeof value === 'string') return kind === 'cstring' ? value : argumentOf(parameter, index, value);
  if (kind === 'memory') return structValue(parameter, index, value);
  if (kind === 'buffer') return bytesOf(parameter, index, value);
  if (value === null && type === 'pointer') return 0n;
  return value;
}

function bytesOf(parameter: ParameterDescription, index: number, value: unknown): unknown {
  if (value === null) return null;
  if (typeof value === 'object' && 'base64' in value && typeof value.base64 === 'string') {
    return Buffer.from(value.base64, 'base64');
  }
  throw new UsageError(
    `${parameterLabel(parameter, index)} is ${JSON.stringify(value)}. Expected bytes: a text, which may begin with @, hex: or zeros:, or { "base64": "…" }.`,
  );
}
