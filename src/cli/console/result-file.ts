/** A file that a command writes at its end. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from './usage-error.js';

/**
 * Looks before a long run whether its result can be written. Nothing is created: a run that is interrupted leaves an
 * older file as it was.
 *
 * @throws UsageError
 */
export function requireWritable(option: string, path: string | undefined): void {
  if (path === undefined) return;
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file?.isDirectory() === true) throw new Error(`'${path}' is a directory`);
    accessSync(file === undefined ? dirname(path) : path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`The file of ${option} cannot be written: ${(error as Error).message}`);
  }
}
