/** What can be said of a library without loading it. */
import { existsSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { ElfImage } from '../object-files/elf-image.js';
import { type StaticData, readStaticData } from '../object-files/elf-sections.js';
import { ElfSymbols } from '../object-files/elf-symbols.js';
import { inspectLibraryFile } from './library-format.js';
import { PROGRAM, findLibrary } from './loader-search.js';
import { visitNeeded } from './needed-libraries.js';

/** A library that another one needs. */
export interface NeededLibrary {
  /** As the library that needs it names it. */
  readonly name: string;
  /** Where the loader finds it; null if it does not. */
  readonly file: string | null;
}

/** A library's file, read without loading it. */
export interface LibraryDescription {
  /** The file that the loader takes for the name; null if there is none. */
  readonly file: string | null;
  /** Why it is no library that this process can load, as a sentence; null if nothing speaks against it. */
  readonly problem: string | null;
  /** The build id that the linker gave it, as hexadecimal digits; null if it has none. */
  readonly buildId: string | null;
  /** What it needs, directly and indirectly, apart from what Node.js itself has loaded. Empty for files that are not ELF. */
  readonly needed: readonly NeededLibrary[];
  /** The static data of the library itself; null where the file does not tell. */
  readonly data: StaticData | null;
  /** Whether it is an add-on of Node.js, which `require` loads. */
  readonly addOn: boolean;
}

const ADD_ON_MARKS = [
  'napi_register_module_v1',
  'node_register_module_v115',
  'node_api_module_get_api_version_v1',
];

/**
 * Reads a library's file, and the files that it needs, without loading them. Linux only knows all of it.
 *
 * @param library - a path, or a name for which the loader searches, as for `pool.open`.
 */
export function describeLibrary(library: string): LibraryDescription {
  const file = fileOf(library);
  const problem = file === null ? null : inspectLibraryFile(file);
  const none = { file, buildId: null, needed: [], data: null, addOn: false };
  if (file === null) return { ...none, problem: notFound(library) };
  const needed: NeededLibrary[] = [];
  let facts: Pick<LibraryDescription, 'buildId' | 'data' | 'addOn'> | undefined;
  visitNeeded(
    file,
    ElfImage.with(PROGRAM, (image) => image.needed) ?? [],
    (name, runPath) => {
      const found = findLibrary(name, { runPath });
      needed.push({ name, file: found });
      return found;
    },
    (image) => {
      facts ??= {
        buildId: image.buildId,
        data: readStaticData(image),
        addOn: basename(file).endsWith('.node') || isAddOn(image),
      };
    },
  );
  const why = problem === null ? null : `The file ${problem.what}. ${problem.remedy}`;
  return { ...none, ...facts, needed, problem: why };
}

function notFound(library: string): string {
  return library.includes('/')
    ? `There is no file '${library}'.`
    : `The loader finds no library '${library}' in its folders. Install its package, or pass a path.`;
}

function fileOf(library: string): string | null {
  if (!library.includes('/')) return findLibrary(library);
  const path = isAbsolute(library) ? library : resolve(library);
  return existsSync(path) ? path : null;
}

function isAddOn(image: ElfImage): boolean {
  const find = new ElfSymbols(image).finder();
  return ADD_ON_MARKS.some((mark) => find(mark)?.exported === true);
}
