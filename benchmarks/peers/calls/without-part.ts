/** The compiled library with one of its parts left out, in a folder of its own. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Pool, PoolOptions } from 'offthread';
import { root } from '../../harness/paths.js';
import type { Part } from './parts.js';

export interface OwnLibrary {
  createPool(options: PoolOptions): Pool;
}

/** Not in the system's temporary folder: packages are looked for upwards from here. */
const FOLDER = join(root, '.cache/without-part');

/** The library, changed; unchanged where no part is named. @throws where the part is not there as described. */
export async function libraryWithout(part: Part | null, number: number): Promise<OwnLibrary> {
  const folder = join(FOLDER, String(number));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const room of ['src', 'workers'])
    cpSync(join(root, 'dist', room), join(folder, room), { recursive: true });
  if (part !== null) leaveOut(part, join(folder, part.file));
  return (await import(pathToFileURL(join(folder, 'src/index.js')).href)) as OwnLibrary;
}

/** To be called once nothing of it runs any more. */
export function removeLibraries(): void {
  rmSync(FOLDER, { recursive: true, force: true });
}

function leaveOut(part: Part, file: string): void {
  const text = readFileSync(file, 'utf8');
  if (text.split(part.with).length !== 2) {
    throw new Error(
      `${part.file} does not have "${part.with}" once: benchmarks/peers/calls/parts.ts is out of date`,
    );
  }
  writeFileSync(file, text.replace(part.with, part.without));
}
