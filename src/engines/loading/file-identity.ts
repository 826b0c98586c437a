/** The identity of a file, independent of its name, so that a replaced file is not taken for its predecessor. */
import { statSync } from 'node:fs';
import type { FileIdentity } from '../../shared/messages/load-terms.js';
import { ElfImage } from '../object-files/elf-image.js';

/** Null if the file does not exist, is not a regular file, or cannot be read. */
export function identityOf(path: string): FileIdentity | null {
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isFile()) return null;
    const build = ElfImage.with(path, ({ buildId }) => buildId);
    return {
      device: String(stat.dev),
      inode: String(stat.ino),
      born: String(stat.birthtimeNs),
      bytes: Number(stat.size),
      version: build ?? String(stat.mtimeNs),
      built: build !== null,
    };
  } catch {
    return null;
  }
}

/** Whether both have the same code: the same unchanged file, or a copy of it. */
export function isSameCode(one: FileIdentity, other: FileIdentity): boolean {
  if (one.bytes !== other.bytes || one.version !== other.version) return false;
  return (one.built && other.built) || isSameFile(one, other);
}

/** Whether both are the same file, even if its contents have changed. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.device === other.device && one.inode === other.inode && one.born === other.born;
}
