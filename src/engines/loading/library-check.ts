/**
 * Checks every file that the dynamic loader would open for a library: its own, and those of its dependencies. A FIFO
 * among them would block the thread, and a truncated file would crash the process.
 *
 * Only these are refused here, and problems of the library's own file: the loader reports all others.
 */
import { EngineError, LibraryNotFoundError } from '../../errors.js';
import { ElfImage } from '../object-files/elf-image.js';
import { type FileProblem, inspectLibraryFile } from './library-format.js';
import { PROGRAM, type SearchFolders, loaderCandidates } from './loader-search.js';
import { visitNeeded } from './needed-libraries.js';

/**
 * Refuses paths that must not reach an engine. Call it before an engine opens a path.
 * @throws LibraryNotFoundError, EngineError
 */
export function checkLibrary(path: string): void {
  if (path === '' || path.includes('\0')) {
    // An empty name would open the process itself; a NUL would cut the name short.
    const what = path === '' ? 'is empty' : 'contains a NUL character';
    throw new LibraryNotFoundError(`Cannot open a library: its name ${what}. Pass a file or library name.`);
  }
  if (path.includes('/')) {
    const problem = inspectLibraryFile(path);
    if (problem !== null) throw unfit(path, `the file ${problem.what}`, problem);
    checkNeeded(path, path);
    return;
  }
  // Without a slash the name is not a path: the dynamic loader searches for it.
  const { file, problem } = takenFor(path);
  if (problem !== null)
    throw unfit(path, `the loader resolves it to ${file}, which ${problem.what}`, problem);
  if (file !== null) checkNeeded(path, file);
}

/** Checks the direct and indirect dependencies of a library, except those that the program loads at its start. */
function checkNeeded(path: string, file: string): void {
  if (process.platform !== 'linux') return;
  const loaded = ElfImage.with(PROGRAM, ({ needed }) => needed) ?? [];
  visitNeeded(file, loaded, (name, runPath) => {
    const { file: found, problem } = takenFor(name, { runPath });
    if (problem !== null) throw unfit(path, `it needs ${found}, which ${problem.what}`, problem);
    return found;
  });
}

/** The file that the loader would open for a name, if any, and whether opening it is harmful. */
function takenFor(
  name: string,
  folders: SearchFolders = {},
): { readonly file: string | null; readonly problem: FileProblem | null } {
  const candidates = name.includes('/') ? [name] : loaderCandidates(name, folders);
  for (const file of candidates) {
    const problem = inspectLibraryFile(file);
    // The loader skips such a file as well.
    if (problem?.code === 'OFFTHREAD_LIBRARY_ARCHITECTURE') continue;
    return { file, problem: problem?.harmful === true ? problem : null };
  }
  return { file: null, problem: null };
}

function unfit(path: string, why: string, { remedy, code }: FileProblem): EngineError {
  return new EngineError(`Cannot open the library '${path}': ${why}. ${remedy}`, { code });
}
