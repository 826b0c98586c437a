/** What a file is, whatever its name: so that one that was replaced is not taken for what it was. */
import { statSync } from 'node:fs';
import type { FileIdentity } from '../../shared/messages/load-terms.js';
import { ElfImage } from '../object-files/elf-image.js';

/** Null where there is no such file, where it is no regular one, or where it may not be looked at. */
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

/** Whether it is the same code: the same file as it was, or a copy of it. */
export function isSameCode(one: FileIdentity, other: FileIdentity): boolean {
  if (one.bytes !== other.bytes || one.version !== other.version) return false;
  return (one.built && other.built) || isSameFile(one, other);
}

/** Whether it is the same file, whatever has been written into it. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return one.device === other.device && one.inode === other.inode && one.born === other.born;
}
