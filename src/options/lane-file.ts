/** The pool option `laneFile`. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuse } from './checks.js';

/** The absolute path; null if the option is not set. @throws ArgumentError */
export function laneFilePath(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return resolve(value);
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value);
  return refuse('laneFile', value, 'the path or file URL of offthread-lane.cjs');
}
