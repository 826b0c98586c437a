/**
 * Names for successive files at the same path.
 *
 * The loader of glibc identifies a library by the name with which it was opened, and returns the old library for that
 * name for ever, even if the file has changed. So a file that has replaced another is opened by a different name for
 * the same path: `/a/./b.so` for `/a/b.so`. The name contains the identity of the file, so that every thread and
 * process of a pool finds the same one.
 */
import { basename, dirname, normalize } from 'node:path';
import { builtinModule } from '../../builtins.js';
import type { FileIdentity } from '../../shared/messages/load-terms.js';

/** Enough to distinguish the files of one path. */
const BITS = 32;

/** Another name of a path, for the current file. */
export function nameOfOwn(path: string, { device, inode, born, bytes, version }: FileIdentity): string {
  const digest = builtinModule('node:crypto')
    .createHash('sha256')
    .update([device, inode, born, bytes, version].join())
    .digest();
  const word = digest.readUInt32LE(0);
  const steps = Array.from({ length: BITS }, (_, bit) => (((word >>> bit) & 1) === 0 ? '/' : '/.'));
  return `${dirname(path)}/.${steps.join('')}/${basename(path)}`;
}

/** The path of such a name; other names are returned unchanged. */
export function pathOfName(name: string): string {
  return name.includes('/') ? normalize(name) : name;
}
