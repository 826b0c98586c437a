/**
 * Names for files that have the same path, one after another.
 *
 * The loader of glibc knows a library by the name that it was opened by, and
 * returns the old one for that name for ever, even if the file has changed. So a
 * file that has replaced another is opened by a name of its own, which leads to
 * the same place: `/a/./b.so` for `/a/b.so`. The name contains the identity of
 * the file, so that every thread and process of a pool finds the same one.
 */
import { createHash } from 'node:crypto';
import { basename, dirname, normalize } from 'node:path';
import type { FileIdentity } from '../../shared/messages/load-terms.js';

/** Enough that two files of one path do not meet. */
const BITS = 32;

/** Another name of a path, for the file that is there. */
export function nameOfOwn(path: string, { device, inode, born, bytes, version }: FileIdentity): string {
  const digest = createHash('sha256').update([device, inode, born, bytes, version].join()).digest();
  const word = digest.readUInt32LE(0);
  const steps = Array.from({ length: BITS }, (_, bit) => (((word >>> bit) & 1) === 0 ? '/' : '/.'));
  return `${dirname(path)}/.${steps.join('')}/${basename(path)}`;
}

/** The path that a name leads to; other names as they are. */
export function pathOfName(name: string): string {
  return name.includes('/') ? normalize(name) : name;
}
