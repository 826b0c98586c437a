/** The add-on of a package that loads it at its first use, not when the package is loaded. */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeLibrary } from 'offthread';

/**
 * The first add-on of the package that this machine can load; null if there is none. A file of the program itself has no
 * package of its own.
 */
export function laterAddOn(url: string | null): string | null {
  if (url === null || !url.startsWith('file:')) return null;
  const file = fileURLToPath(url);
  if (!/[/\\]node_modules[/\\]/.test(file)) return null;
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return addOnsBelow(folder).find(canBeLoaded) ?? null;
}

/** Packages inside the package are others. */
function addOnsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return addOnsBelow(path);
      return entry.name.endsWith('.node') ? [path] : [];
    });
}

function canBeLoaded(file: string): boolean {
  const { problem, needed } = describeLibrary(file);
  return problem === null && needed.every((library) => library.file !== null);
}
