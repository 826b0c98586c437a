/** The compiled native/verdictlib: functions with planted faults, and clean ones that look alike. */
import { join } from 'node:path';
import { type Target, targetOf } from '../../src/cli/target/target-options.js';
import { packageRoot } from './testlib.js';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';
export const verdictlib: string = join(packageRoot(), `build/native/libverdict.${suffix}`);

/** A function of that library, or of another one. */
export function targetIn(prototype: string, library: string = verdictlib, options = {}): Target {
  return targetOf(library, prototype, { outParameter: [], inoutParameter: [], engine: 'auto', ...options });
}

/** Lists of one number each, from 0 on. */
export function numbers(count: number, factor = 37): readonly (readonly number[])[] {
  return Array.from({ length: count }, (_, at) => [(at * factor) % 997]);
}

/** Of a check that nobody ends early. */
export const unending: AbortSignal = new AbortController().signal;
