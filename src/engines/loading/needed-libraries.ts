/** The dependencies of a library that the loader would load, direct and indirect. */
import { dirname } from 'node:path';
import { ElfImage } from '../object-files/elf-image.js';
import { foldersOf } from './loader-search.js';

/** Maximum number of libraries to visit: more than any library needs. */
const MOST_LIBRARIES = 200;

/**
 * Visits a library and its dependencies, in the order of the loader. Files that cannot be read are skipped.
 * @param loaded names that are already loaded: these are not searched for.
 * @param find returns the file that the loader would use for a name; null if there is none.
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
