/** Values of the options of `offthread stress`. */
import { UsageError } from '../console/usage-error.js';

/** Calls a second. @throws UsageError */
export function rateOf(option: string, text: string): number {
  const value = Number(text.replace(/\/s$/, ''));
  if (text.trim() !== '' && value >= 0.01 && value <= 1e7) return value;
  throw new UsageError(`${option} is '${text}'. Expected calls a second, from 0.01 to 10,000,000.`);
}

/** @throws UsageError */
export function rampOf(text: string): readonly [number, number] {
  const [, from, to] = /^(.+?)\.\.(.+)$/.exec(text) ?? [];
  if (from === undefined || to === undefined) {
    throw new UsageError(`--ramp is '${text}'. Expected two rates: 100..5000.`);
  }
  return [rateOf('--ramp', from), rateOf('--ramp', to)];
}

/** Numbers of lanes, in ascending order, each once. @throws UsageError */
export function lanesOf(text: string): readonly number[] {
  const lanes = text.split(',').map(Number);
  if (lanes.every((count) => Number.isSafeInteger(count) && count >= 1 && count <= 256)) {
    const different = [...new Set(lanes)].sort((one, other) => one - other);
    if (different.length > 1 || lanes.length === 1) return different;
    throw new UsageError(
      `--lanes is '${text}': the same number again. Give different numbers to compare them, as in 1,2,4,8, or one number for a load.`,
    );
  }
  throw new UsageError(`--lanes is '${text}'. Expected a number from 1 to 256, or several: 1,2,4,8.`);
}

/** A part of 1, of `5%`. @throws UsageError */
export function percentOf(option: string, text: string): number {
  const value = Number(text.replace(/%$/, ''));
  if (text.trim() !== '' && value >= 0 && value <= 1_000) return value / 100;
  throw new UsageError(`${option} is '${text}'. Expected a percentage: 5%.`);
}
