/** The libraries that the loader would load for one: those that it needs, those that they need, and so on. */
import { dirname } from 'node:path';
import { ElfImage } from '../object-files/elf-image.js';
import { foldersOf } from './loader-search.js';

/** Libraries that are looked at for one: more than any needs. */
const MOST_LIBRARIES = 200;

/**
 * Visits a library and what it needs, in the order of the loader. Files that cannot be read are passed over.
 * @param loaded names that are loaded already: not looked for.
 * @param find the file that the loader would take for a name; null where there is none.
 */
export function visitNeeded(
  path: string,
  loaded: readonly string[],
  find: (name: string, runPath: readonly string[]) => string | null,
  visit: (elf: ElfImage) => void = () => {},
): void {
  const seen = new Set(loaded);
  const queue = [path];
  for (let at = 0; at < queue.length && at < MOST_LIBRARIES; at++) {
    const file = queue[at] as string;
    const said = ElfImage.with(file, (elf) => {
      visit(elf);
      return { needed: elf.needed, runPath: foldersOf(elf.runPath, dirname(file)) };
    });
    if (said === null) continue;
    for (const name of said.needed) {
      if (seen.has(name)) continue;
      seen.add(name);
      const found = find(name, said.runPath);
      if (found !== null) queue.push(found);
    }
  }
}
