/** The files of this project, in memory that every thread sees. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file, whole. */
export interface SourceFile {
  readonly name: string;
  /** Over a SharedArrayBuffer: native code reads it where it is, without a copy. */
  readonly bytes: Uint8Array;
}

/** Bytes that are enough to show something. */
const MOST_BYTES = 3_000_000;
const LEFT_OUT = new Set(['node_modules', 'dist', 'build', 'coverage']);

/** The folder with the package.json of this project. */
export function projectRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return at;
}

/**
 * The project's files that are not empty: those that git knows, else those in its folder. Of more than `MOST_BYTES`, a
 * part that is spread over all of them.
 */
export function projectFiles(root: string = projectRoot()): SourceFile[] {
  const names = listed(root);
  const total = names.reduce((sum, name) => sum + sizeOf(join(root, name)), 0);
  const step = Math.max(1, Math.ceil(total / MOST_BYTES));
  return names.flatMap((name, index) => {
    const bytes = index % step === 0 ? read(join(root, name)) : undefined;
    return bytes === undefined ? [] : [{ name, bytes }];
  });
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function listed(root: string): string[] {
  const known = fromGit(root);
  return known.length > 0 ? known : fromFolder(root);
}

function fromGit(root: string): string[] {
  // A package inside another repository must not list the files of that repository.
  if (!existsSync(join(root, '.git'))) return [];
  try {
    const list = execFileSync('git', ['ls-files', '-z'], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
    return list.toString('utf8').split('\0').filter(Boolean);
  } catch {
    return [];
  }
}

function fromFolder(root: string): string[] {
  const names: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name.startsWith('.') || LEFT_OUT.has(entry.name)) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.isFile()) names.push(relative(root, path));
    }
  };
  walk(root);
  return names.sort();
}

function read(path: string): Uint8Array | undefined {
  try {
    const content = readFileSync(path);
    if (content.length === 0) return undefined;
    const bytes = new Uint8Array(new SharedArrayBuffer(content.length));
    bytes.set(content);
    return bytes;
  } catch {
    return undefined; // deleted since git saw it, or a folder
  }
}
