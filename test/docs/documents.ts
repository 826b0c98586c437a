/** Which documents there are: those of the root, and the guides. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './samples.js';

const markdownIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name))
    .toSorted();

/** Paths from the root. */
export function documents(): string[] {
  return [...markdownIn('.'), ...markdownIn('docs')];
}
