/**
 * Symbols that a library, or one that it needs, has in common with the program.
 *
 * The loader of Linux looks in the program first. Node.js exports the libraries
 * that are linked into it (OpenSSL, zlib, libuv ...), in its own versions; so
 * the calls of a `libcrypto.so.3` to itself would go to Node's, with structures
 * of the other version. What counts is precise: a symbol that one of the
 * libraries to be loaded is bound to, that one of them defines, and that the
 * program defines, too.
 *
 * Not counted: C++ names, which are meant to be one in a process; symbols that
 * the program has from its own libraries (`stdout`, `environ`: they have those
 * libraries' versions); and libraries that the program has loaded itself.
 */
import { basename } from 'node:path';
import type { Clash } from '../../shared/messages/load-terms.js';
import { ElfImage } from '../object-files/elf-image.js';
import { ElfSymbols } from '../object-files/elf-symbols.js';
import { PROGRAM, findLibrary } from './loader-search.js';
import { visitNeeded } from './needed-libraries.js';

/**
 * What a library would share with the program; null where there is nothing, or where it cannot be told.
 * @param path of its file, or the name that the loader searches for.
 * @param libraryPath LD_LIBRARY_PATH of the process that is to load it; by default of this one.
 */
export function findClash(path: string, libraryPath?: string): Clash | null {
  if (process.platform !== 'linux') return null;
  const file = path.includes('/') ? path : findLibrary(path, { libraryPath });
  if (file === null) return null;
  return ElfImage.with(PROGRAM, (program) => {
    const { needed } = program;
    // The program has it, and is bound to it.
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

/** Names that a library, and those that it needs and that are not loaded, are bound to and define themselves. */
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
