/**
 * The state directory of a run (`--state DIR`), which makes it resumable.
 *
 *   DIR/manifest.json          what the run is: library and its build, declaration, options that decide results, files
 *   DIR/journal-N.ndjson       its commits, and the key of each item; N counts the times that changes were explained
 *   DIR/results.ndjson         the results, if there is no --out
 *   DIR/lock                   locked by the process that works here
 *
 *   no manifest ──► new ──► running ──► complete
 *                             │  ▲
 *       killed at any moment  ▼  │  the files are cut back to the last whole record
 *                           resumable
 *
 * Guarantees:
 * - One process works on a directory at a time. The lock ends with the process, so nothing has to be cleaned up.
 * - Nothing is taken over from a run with another library, declaration, input or files: that is refused, by name.
 */
import { mkdirSync, statSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../../console/usage-error.js';
import type { BatchSettings } from '../batch-settings.js';
import { EMPTY } from '../output/output-file.js';
import { outPath } from '../run/run-files.js';
import { lockDirectory } from './directory-lock.js';
import type { Sorting } from './committer.js';
import { EndedItems, rangesOf } from './ended-items.js';
import { type CommitRecord, type FileMark, Journal, readJournal } from './journal.js';
import {
  type Change,
  type Manifest,
  type RunIdentity,
  changesSince,
  newManifest,
  readManifest,
  writeManifest,
} from './manifest.js';
import { RecordedKeys } from './recorded-keys.js';
import { type ResultFile, placeFile, rewriteDeadLetters, rewriteResults } from './rewrite.js';

const NOTHING_YET: CommitRecord = { before: 0, beyond: [], failed: 0, keyed: 0, keys: '', files: {} };

export class StateDirectory {
  readonly path: string;
  readonly manifest: Manifest;
  /** The last commit. */
  readonly last: CommitRecord;
  /** Bytes of the journal's whole records. */
  readonly #journalBytes: number;

  private constructor(path: string, manifest: Manifest, last: CommitRecord, journalBytes: number) {
    this.path = path;
    this.manifest = manifest;
    this.last = last;
    this.#journalBytes = journalBytes;
  }

  /** Creates the directory if it does not exist, and locks it. @throws (rejects) UsageError */
  static async lock(path: string): Promise<void> {
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw new UsageError(`The state directory ${path} cannot be created: ${(error as Error).message}.`);
    }
    await lockDirectory(path);
  }

  /** What an earlier run has left in a directory; null if there was none. */
  static async read(path: string): Promise<StateDirectory | null> {
    const manifest = readManifest(manifestPath(path));
    if (manifest === null) return null;
    let last = firstRecord(manifest);
    let end = 0;
    for await (const one of readJournal(journalPath(path, manifest))) ({ record: last, end } = one);
    return new StateDirectory(path, manifest, last, end);
  }

  /** Begins a run in a locked directory without one. @throws (rejects) UsageError */
  static async begin(path: string, identity: RunIdentity, settings: BatchSettings): Promise<StateDirectory> {
    for (const file of [outPath(settings), settings.deadLetter, settings.log]) {
      const bytes = file === null ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
      if (bytes === 0) continue;
      throw new UsageError(
        `${file} has ${bytes} bytes, of which the state directory ${path} knows nothing. Remove the file, give another one, or use the state directory that belongs to it.`,
      );
    }
    const manifest = newManifest(identity, null, null);
    await writeManifest(manifestPath(path), manifest);
    return new StateDirectory(path, manifest, NOTHING_YET, 0);
  }

  /** Ends what a run that was killed had left to do: files that it had written beside others are put in their place. */
  async settle(): Promise<void> {
    const { generation } = this.manifest;
    for (const file of [this.#out, this.manifest.files.deadLetter]) {
      if (file !== null) await placeFile(nextName(file, generation), file);
    }
    if (this.last.sorted === true) await placeFile(sortedName(this.#out, generation), this.#out);
  }

  /**
   * Begins again with the results that stay, in a new generation of the journal.
   * @returns the state from which the run goes on.
   */
  async restart(identity: RunIdentity, keeps: (position: number) => boolean): Promise<StateDirectory> {
    const { path, last, manifest, ended } = this;
    const { first, count } = manifest.shard;
    const keepsIndex = (index: number): boolean => keeps((index - first) / count);
    const generation = manifest.generation + 1;
    const { mark, failed } = await rewriteResults(
      this.#resultFile(last.files['out'] ?? EMPTY),
      nextName(this.#out, generation),
      keepsIndex,
    );
    const files: Record<string, FileMark> = { ...last.files, out: mark };
    const { deadLetter } = manifest.files;
    if (deadLetter !== null) {
      files['deadLetter'] = await rewriteDeadLetters(
        deadLetter,
        last.files['deadLetter'] ?? EMPTY,
        nextName(deadLetter, generation),
        keepsIndex,
      );
    }
    const items = rangesOf(positionsOf(ended, keeps));
    const next = newManifest(identity, manifest, { items, failed, files });
    // With this, the new generation counts; before, the old one did.
    await writeManifest(manifestPath(path), next);
    const state = new StateDirectory(path, next, firstRecord(next), 0);
    await state.settle();
    await unlink(journalPath(path, manifest)).catch(() => {});
    return state;
  }

  /** What is to be done when the run is complete, so that its results are in order. */
  get sorting(): Sorting | null {
    const { kept, generation, output } = this.manifest;
    const stayed = kept?.files['out']?.bytes ?? 0;
    if (stayed === 0 || !output.ordered || this.last.sorted === true) return null;
    const to = sortedName(this.#out, generation);
    return {
      write: async (out) => (await rewriteResults(this.#resultFile(out), to, () => true)).mark,
      place: () => placeFile(to, this.#out),
    };
  }

  get #out(): string {
    return outPath({ out: this.manifest.files.out, state: this.path });
  }

  #resultFile({ bytes }: FileMark): ResultFile {
    const { kept, output } = this.manifest;
    const before = this.last.sorted === true ? 0 : (kept?.files['out']?.bytes ?? 0);
    return { path: this.#out, bytes, keptBytes: before, ordered: output.ordered };
  }

  /** What is not as it was when the run was begun. */
  changes(identity: RunIdentity): Change[] {
    return changesSince(this.manifest, identity);
  }

  get ended(): EndedItems {
    return new EndedItems(this.last.before, this.last.beyond);
  }

  get recordedKeys(): RecordedKeys {
    return new RecordedKeys(journalPath(this.path, this.manifest), this.last.keyed);
  }

  /** The journal, to append to it. */
  journal(): Promise<Journal> {
    return Journal.open(journalPath(this.path, this.manifest), this.#journalBytes);
  }
}

function manifestPath(path: string): string {
  return join(path, 'manifest.json');
}

function journalPath(path: string, { generation }: Manifest): string {
  return join(path, `journal-${generation}.ndjson`);
}

/** The state with which the journal of a generation begins. */
function firstRecord({ kept }: Manifest): CommitRecord {
  if (kept === null) return NOTHING_YET;
  const [first] = kept.items;
  const before = first?.[0] === 0 ? first[1] : 0;
  return {
    ...NOTHING_YET,
    before,
    beyond: before === 0 ? kept.items : kept.items.slice(1),
    failed: kept.failed,
    files: kept.files,
  };
}

function nextName(path: string, generation: number): string {
  return `${path}.next-${generation}`;
}

function sortedName(path: string, generation: number): string {
  return `${path}.sorted-${generation}`;
}

function* positionsOf(ended: EndedItems, keeps: (position: number) => boolean): Generator<number, void> {
  for (const [from, to] of [[0, ended.before] as const, ...ended.beyond]) {
    for (let position = from; position < to; position += 1) if (keeps(position)) yield position;
  }
}
