/** What identifies the contents of a library file: its build id, or a digest. */
import { closeSync, openSync, readSync } from 'node:fs';
import { builtinModule } from '../../builtins.js';
import { ElfImage } from './elf-image.js';

const CHUNK_BYTES = 2 ** 20;

/**
 * Identifies the build of a library: two files with the same answer have the same code.
 *
 * @param file - the path of a file, such as `library.file`.
 * @returns `build-id:…`, the id that the linker has written into an ELF file; for a file without one, `sha256:…`, a digest
 * of its contents.
 * @throws the error of Node.js when the file cannot be read.
 */
export function libraryBuild(file: string): string {
  const id = ElfImage.with(file, ({ buildId }) => buildId);
  return id === null ? `sha256:${digestOf(file)}` : `build-id:${id}`;
}

function digestOf(file: string): string {
  const hash = builtinModule('node:crypto').createHash('sha256');
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const fd = openSync(file, 'r');
  try {
    for (let bytes = readSync(fd, chunk); bytes > 0; bytes = readSync(fd, chunk))
      hash.update(chunk.subarray(0, bytes));
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}
