/**
 * Predicts where the dynamic loader of Linux finds a library that is named without a path, in its order, as far as this
 * is known outside of the loader. Used only to check the file before the loader opens it; the loader decides.
 */
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Math } from '../../builtins.js';
import { ElfImage } from '../object-files/elf-image.js';

/** The executable of this process. Its dependencies are loaded before everything else. */
export const PROGRAM = '/proc/self/exe';
const CACHE = '/etc/ld.so.cache';
const CACHE_MAGIC = 'glibc-ld.so.cache1.1';
/** Offset of the number of entries in the header of the cache. */
const CACHE_ENTRIES = 20;
const CACHE_HEADER_BYTES = 48;
const CACHE_ENTRY_BYTES = 24;

/** The library folders of Debian, by architecture. */
const TRIPLETS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  arm: 'arm-linux-gnueabihf',
  ia32: 'i386-linux-gnu',
  ppc64: 'powerpc64le-linux-gnu',
  s390x: 's390x-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  loong64: 'loongarch64-linux-gnu',
};

/** The folders that the loader searches before those of the system. */
export interface SearchFolders {
  /** LD_LIBRARY_PATH of the process that loads the library; by default that of this process. */
  readonly libraryPath?: string | undefined;
  /** The run path of the library that depends on it. */
  readonly runPath?: readonly string[];
}

/** Existing files, in the order in which the loader checks them; some may be for another architecture. */
export function loaderCandidates(name: string, { libraryPath, runPath = [] }: SearchFolders = {}): string[] {
  if (process.platform !== 'linux') return [];
  const triplet = TRIPLETS[process.arch];
  const folders = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`];
  const paths = [
    ...[...searched(libraryPath), ...runPath].map((folder) => join(folder, name)),
    ...cached(name),
    ...[...folders, '/lib64', '/usr/lib64', '/lib', '/usr/lib'].map((folder) => join(folder, name)),
  ];
  return paths.filter(isThere);
}

/** The library that the loader would use for a name: the first for this architecture. Null if none is found. */
export function findLibrary(name: string, folders: SearchFolders = {}): string | null {
  const fits = (path: string): boolean =>
    ElfImage.with(path, ({ architecture }) => architecture) === process.arch;
  return loaderCandidates(name, folders).find(fits) ?? null;
}

let own: string | undefined;

/** The folders of LD_LIBRARY_PATH, which the loader reads when a process starts, and never again. */
function searched(libraryPath: string | undefined): readonly string[] {
  own ??= initialVariable('LD_LIBRARY_PATH');
  return foldersOf(libraryPath ?? own, dirname(process.execPath));
}

/** The folders in a search list of the loader. @param origin the value of `$ORIGIN`. */
export function foldersOf(list: string, origin: string): string[] {
  if (list === '') return [];
  return list
    .split(/[:;]/)
    .map((folder) => folder.replace(/\$(?:ORIGIN|\{ORIGIN\})/, origin))
    .filter((folder) => !folder.includes('$'))
    .map((folder) => (folder === '' ? '.' : folder));
}

function initialVariable(name: string): string {
  try {
    const entries = readFileSync('/proc/self/environ', 'latin1').split('\0');
    return entries.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  } catch {
    return process.env[name] ?? '';
  }
}

function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // The file may not be accessed.
    return false;
  }
}

interface Cache {
  readonly written: number;
  /** Paths by name. */
  readonly paths: ReadonlyMap<string, readonly string[]>;
}

let cache: Cache | undefined;

/** The paths of a name in the loader's cache. */
function cached(name: string): readonly string[] {
  try {
    const written = statSync(CACHE).mtimeMs;
    if (cache?.written !== written) cache = { written, paths: readCache(readFileSync(CACHE)) };
  } catch {
    return [];
  }
  return cache.paths.get(name) ?? [];
}

function readCache(bytes: Buffer): Map<string, string[]> {
  const paths = new Map<string, string[]>();
  // On older systems, a cache in an older format comes first.
  const start = bytes.indexOf(CACHE_MAGIC);
  if (start < 0) return paths;
  const table = bytes.subarray(start);
  const text = (offset: number): string =>
    table.toString('latin1', offset, Math.max(offset, table.indexOf(0, offset)));
  const entries = table.readUInt32LE(CACHE_ENTRIES);
  for (let index = 0; index < entries; index++) {
    const at = CACHE_HEADER_BYTES + index * CACHE_ENTRY_BYTES;
    if (at + CACHE_ENTRY_BYTES > table.length) break;
    const name = text(table.readUInt32LE(at + 4));
    paths.set(name, [...(paths.get(name) ?? []), text(table.readUInt32LE(at + 8))]);
  }
  return paths;
}
