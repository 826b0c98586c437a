/** Files of a test of `offthread batch`, and what they hold. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];
process.on('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A line of an output. */
export interface ResultRow {
  readonly index: number;
  readonly value?: unknown;
  readonly outs?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly kind: string; readonly message: string; readonly signal?: string };
}

export class BatchFiles {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'offthread-batch-'));

  constructor() {
    folders.push(this.folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Writes a file, and returns its path. */
  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Writes items, one on each line. */
  items(name: string, items: Iterable<unknown>): string {
    return this.write(name, Array.from(items, (item) => `${JSON.stringify(item)}\n`).join(''));
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  rows(name: string): ResultRow[] {
    return rowsOf(this.text(name));
  }
}

export function rowsOf<T = ResultRow>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
