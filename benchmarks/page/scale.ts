/** From figures to places. */
import { figure } from '../harness/report/table.js';

export interface Scale {
  /** Of a figure, from 0 to 1; what is beyond the scale is at its end. */
  at(value: number): number;
  /** Round figures on it, rising. */
  readonly ticks: readonly number[];
}

const clamped = (share: number): number => Math.min(1, Math.max(0, share));

/** The least 1, 2 or 5 times a power of ten that is no less. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  // A hair of room: 0.3 / 0.1 is a little less than 3.
  const digit = [1, 2, 5].find((digit) => digit * power >= value * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** Free of what binary fractions leave behind: 3 x 0.1 is 0.30000000000000004. */
const clean = (value: number): number => Number(value.toPrecision(12));

/** From 0, or from the least where that is negative. */
export function linear(values: readonly number[], about = 5): Scale {
  const least = Math.min(0, ...values);
  const most = Math.max(0, ...values);
  const step = roundUp((most - least || 1) / about);
  const first = Math.floor(least / step);
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => clean((first + index) * step));
  const [from = 0] = ticks;
  const span = clean(last * step) - from;
  return { at: (value) => clamped((value - from) / span), ticks };
}

/** Every step of 1, 2 and 5, or of 1 and 3, or of 1, from a figure to another. */
function steps(from: number, to: number, digits: readonly number[]): number[] {
  const found: number[] = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power += 1) {
    found.push(...digits.map((digit) => clean(digit * 10 ** power)));
  }
  return found.filter((step) => step >= from && step <= to);
}

/** Between the round figures around what is there. @param values of which those not above 0 are left out. */
export function logarithmic(values: readonly number[]): Scale {
  const positive = values.filter((value) => value > 0);
  const from = clean(1 / roundUp(1 / Math.min(...(positive.length > 0 ? positive : [1]))));
  const most = clean(roundUp(Math.max(...(positive.length > 0 ? positive : [1]))));
  const to = most > from ? most : from * 10;
  const decades = Math.log10(to / from);
  const span = (value: number): number => Math.log10(value / from) / decades;
  return {
    at: (value) => (value > 0 ? clamped(span(value)) : 0),
    ticks: steps(from, to, decades > 2.4 ? [1] : decades > 1.4 ? [1, 3] : [1, 2, 5]),
  };
}

/** A figure beside a mark: 1.98 M, 125 k, 0.415. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? 'never' : '-';
  const size = Math.abs(value);
  for (const [unit, letter] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ] as const) {
    // 999,600 is 1 M, not 1,000 k.
    if (size >= unit * 0.9995 && size >= 9_995)
      return `${figure(Number((value / unit).toPrecision(3)))} ${letter}`;
  }
  return figure(value);
}
