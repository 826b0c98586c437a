/** Numbers and times among the options of a verb. */
import { UsageError } from './usage-error.js';

/** @throws UsageError for anything but a whole number from `least` on. */
export function wholeNumber(option: string, text: string, least: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= least) return value;
  throw new UsageError(`${option} is '${text}'. Expected a whole number from ${least} on.`);
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** ms of `500ms`, `10s`, `2m`, `1h`. @throws UsageError */
export function timeOf(option: string, text: string): number {
  const [, digits = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (digits !== '') return Number(digits) * (UNITS[unit] as number);
  if (text === '0') return 0;
  throw new UsageError(`${option} is '${text}'. Expected a time with its unit: 500ms, 10s, 2m.`);
}

/** ms of `5s`, as `timeOf`, or of a number alone, which is ms. @throws UsageError */
export function millisecondsOf(option: string, text: string): number {
  if (/^\d+$/.test(text)) return wholeNumber(option, text, 0);
  if (/^\d+(\.\d+)?(ms|s|m|h)$/.test(text)) return Math.round(timeOf(option, text));
  throw new UsageError(`${option} is '${text}'. Expected a time: 500 (ms), 500ms, 10s, 2m.`);
}
