/**
 * Records which files a path has referred to, and the name by which the loader knows each file.
 *
 * A path can refer to several files in turn: a plug-in is rebuilt, a folder is replaced. Each file has its own name for
 * the loader; the same code, also in a copy, has the same name.
 */
import { isSameCode, isSameFile } from '../../engines/loading/file-identity.js';
import { nameOfOwn } from '../../engines/loading/loader-alias.js';
import { EngineError } from '../../errors.js';
import type { FileIdentity } from '../../shared/messages/load-terms.js';

interface Known {
  readonly path: string;
  readonly name: string;
  readonly identity: FileIdentity;
  /** Whether the loader is known to have loaded the file. */
  opened: boolean;
}

export class LibraryVersions {
  readonly #known: Known[] = [];

  /** Whether no file of that path has been opened. */
  isNew(path: string): boolean {
    return !this.#known.some((one) => one.path === path);
  }

  /**
   * The name by which to open a file.
   * @throws EngineError OFFTHREAD_LIBRARY_CHANGED if the loader cannot open the file in addition to those that it has
   * loaded.
   */
  nameOf(path: string, identity: FileIdentity | null): string {
    if (identity === null) return path;
    const written = this.#known.find((one) => one.opened && isSameFile(one.identity, identity));
    if (written !== undefined && !isSameCode(written.identity, identity)) throw overwritten(path);
    const before = this.#known.filter((one) => one.path === path);
    const same = before.find((one) => isSameCode(one.identity, identity));
    if (same !== undefined) return same.name;
    if (before.length === 0) return path;
    if (process.platform === 'linux') return nameOfOwn(path, identity);
    if (!before.some(({ opened }) => opened)) return path;
    throw changed(
      `Cannot open the library '${path}': its file was replaced after the library had been opened, and this system's loader ` +
        'cannot open a second file at the same path.',
    );
  }

  /** The file is about to be opened by this name: no other file gets the name, even if opening fails. */
  reserve(path: string, name: string, identity: FileIdentity | null): void {
    if (identity === null || this.#known.some((one) => one.name === name)) return;
    this.#known.push({ path, name, identity, opened: false });
  }

  /** The file has been opened by this name. */
  keep(path: string, name: string, identity: FileIdentity | null): void {
    this.reserve(path, name, identity);
    const known = this.#known.find((one) => one.name === name);
    if (known !== undefined) known.opened = true;
  }
}

function overwritten(path: string): EngineError {
  return changed(
    `Cannot open the library '${path}': its file was overwritten while it was open, so the loaded code is neither the old ` +
      'nor the new version, and can crash. Write a new file and rename it to the old name (cp writes into the existing file, mv and ' +
      'install do not).',
  );
}

function changed(what: string): EngineError {
  return new EngineError(
    `${what} Give each version its own file name, or use a new pool with { isolation: 'process' }, whose processes ` +
      'have not loaded the library yet.',
    { code: 'OFFTHREAD_LIBRARY_CHANGED' },
  );
}
