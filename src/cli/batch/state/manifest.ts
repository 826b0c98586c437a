/** What a state directory belongs to: everything that decides which results a run has. */
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../console/usage-error.js';
import type { Range } from './ended-items.js';
import { isMissing } from './file-errors.js';
import type { FileMark } from './journal.js';

const VERSION = 1;

/** What results depend on, apart from the arguments of an item. */
export interface RunIdentity {
  readonly library: {
    /** As it was given. */
    readonly name: string;
    /** The file that the loader opened; null where that is not known. */
    readonly file: string | null;
    /** Its build id, or a digest; null where the file is not known. */
    readonly build: string | null;
  };
  readonly declaration: {
    /** As it was given. */
    readonly text: string;
    /** What of it counts. */
    readonly key: string;
  };
  readonly input: { readonly format: string; readonly header: boolean; readonly args: readonly string[] };
  readonly shard: { readonly first: number; readonly count: number };
  readonly output: { readonly values: boolean; readonly ordered: boolean };
  /** Absolute paths; null for a file that the run does not write. `out` is null for one in the state directory. */
  readonly files: {
    readonly out: string | null;
    readonly deadLetter: string | null;
    readonly log: string | null;
  };
}

export interface Manifest extends RunIdentity {
  readonly version: number;
  /** Counts the times that changes were explained: each has a journal of its own. */
  readonly generation: number;
  /** With a generation above 1: what stayed when it began. */
  readonly kept: Kept | null;
}

/** Results that stay when other items run again. */
export interface Kept {
  /** Positions of their items. */
  readonly items: readonly Range[];
  readonly failed: number;
  /** The files with only these results. */
  readonly files: Readonly<Record<string, FileMark>>;
}

/** A difference, in words. */
export interface Change {
  readonly what: string;
  /** Whether the run can go on with it when it is explained: all items run again. */
  readonly runsAgain: boolean;
}

export function newManifest(identity: RunIdentity, previous: Manifest | null, kept: Kept | null): Manifest {
  return { version: VERSION, generation: (previous?.generation ?? 0) + 1, kept, ...identity };
}

/** Null if there is none. @throws UsageError for one of another version. */
export function readManifest(path: string): Manifest | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  const manifest = parsed(text);
  if (manifest?.version === VERSION) return manifest;
  throw new UsageError(
    `${path} is no manifest that this version of offthread reads. Use another state directory, or the version that wrote it.`,
  );
}

function parsed(text: string): Manifest | null {
  try {
    return JSON.parse(text) as Manifest | null;
  } catch {
    return null;
  }
}

/** Replaces the manifest: after a crash, the old or the new one is there as a whole. */
export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  const next = `${path}.next`;
  const file = await open(next, 'w');
  await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(next, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** What has changed since a run was begun. */
export function changesSince(before: Manifest, now: RunIdentity): Change[] {
  const changes: Change[] = [];
  const compare = (one: unknown, other: unknown, what: () => string, runsAgain = true): void => {
    if (JSON.stringify(one) !== JSON.stringify(other)) changes.push({ what: what(), runsAgain });
  };
  const build = ({ library: { build, name } }: RunIdentity): string => build ?? name;
  compare(
    build(before),
    build(now),
    () => `the library: it was ${libraryText(before)}, and is ${libraryText(now)}`,
  );
  compare(
    before.declaration.key,
    now.declaration.key,
    () => `the declaration: it was '${before.declaration.text}', and is '${now.declaration.text}'`,
  );
  compare(before.input, now.input, () => 'how the input is read (--format, --no-header, --arg)');
  compare(before.output, now.output, () => 'the form of the results (--values, --unordered)', false);
  compare(
    before.shard,
    now.shard,
    () =>
      `the shard: it was ${before.shard.first + 1}/${before.shard.count}, and is ${now.shard.first + 1}/${now.shard.count}`,
    false,
  );
  for (const [name, option] of [
    ['out', '--out'],
    ['deadLetter', '--dead-letter'],
    ['log', '--log'],
  ] as const) {
    compare(
      before.files[name],
      now.files[name],
      () =>
        `${option}: it was ${before.files[name] ?? 'not given'}, and is ${now.files[name] ?? 'not given'}`,
      false,
    );
  }
  return changes;
}

function libraryText({ library: { name, file, build } }: RunIdentity): string {
  return build === null ? name : `${file ?? name} (${build})`;
}
