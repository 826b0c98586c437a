/**
 * Finds symbols that both the program and a library, or a dependency of it, define.
 *
 * The loader of Linux searches the program first. Node.js exports the libraries that are linked into it (OpenSSL, zlib,
 * libuv ...), in its own versions; so the internal calls of a `libcrypto.so.3` would go to Node's version, with
 * structures of the other version. A symbol counts if one of the libraries to be loaded is bound to it, one of them
 * defines it, and the program defines it too.
 *
 * Not counted: C++ names, which must be unique in a process; symbols that the program has from its own libraries
 * (`stdout`, `environ`: these have the versions of those libraries); and libraries that the program has loaded itself.
 */
import { basename } from 'node:path';
import type { Clash } from '../../shared/messages/load-terms.js';
import { ElfImage } from '../object-files/elf-image.js';
import { ElfSymbols } from '../object-files/elf-symbols.js';
import { PROGRAM, findLibrary } from './loader-search.js';
import { visitNeeded } from './needed-libraries.js';

/**
 * The symbols that a library would share with the program; null if there are none, or if they cannot be determined.
 * @param path the path of the file, or the name that the loader searches for.
 * @param libraryPath LD_LIBRARY_PATH of the process that loads the library; by default that of this process.
 */
export function findClash(path: string, libraryPath?: string): Clash | null {
  if (process.platform !== 'linux') return null;
  const file = path.includes('/') ? path : findLibrary(path, { libraryPath });
  if (file === null) return null;
  return ElfImage.with(PROGRAM, (program) => {
    const { needed } = program;
    // The program is linked to the library.
    if (needed.includes(basename(file))) return null;
    const own = ownSymbols(file, needed, libraryPath);
    if (own.length === 0) return null;
    const find = new ElfSymbols(program).finder();
    const shared = own.filter((name) => {
      const symbol = find(name);
      return symbol !== null && symbol.exported && !symbol.versioned;
    });
    const [example] = shared.toSorted();
    return example === undefined
      ? null
      : { symbols: shared.length, example, mixed: shared.length < own.length };
  });
}

/** Symbols to which a library and its dependencies that are not loaded are bound, and which they define themselves. */
function ownSymbols(path: string, loaded: readonly string[], libraryPath: string | undefined): string[] {
  const bound = new Set<string>();
  const finders: ReturnType<ElfSymbols['finder']>[] = [];
  visitNeeded(
    path,
    loaded,
    (name, runPath) => (name.includes('/') ? name : findLibrary(name, { libraryPath, runPath })),
    (elf) => {
      const symbols = new ElfSymbols(elf);
      for (const name of symbols.boundSymbols()) if (!name.startsWith('_Z')) bound.add(name);
      finders.push(symbols.finder());
    },
  );
  return [...bound].filter((name) => finders.some((find) => find(name)?.exported === true));
}
