/** Numbers among the options of a verb. */
import { UsageError } from './usage-error.js';

/** @throws UsageError for anything but a whole number from `least` on. */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${option} is '${text}'. Expected a whole number from ${least} on.`);
}
