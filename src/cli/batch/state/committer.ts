/**
 * Commits: what has ended is made durable in steps.
 *
 *   cut: the state of all files and of the ended items, at one moment
 *     ──► the files are written and synced up to there ──► the record is appended to the journal and synced
 *
 * Guarantees:
 * - The journal never speaks of lines that are not on the disk. A run that is killed anywhere in between resumes at the
 *   record before: its files are cut back to it, and what was done since is done again.
 * - The run goes on meanwhile; one commit runs at a time.
 */
import type { CommittedFiles } from '../run/run-files.js';
import { FILE_NAMES } from '../run/run-files.js';
import type { EndedItems } from './ended-items.js';
import type { CommitRecord, FileMark, Journal } from './journal.js';
import type { KeyList } from './key-list.js';

/** Brings results into the order of their items, when some of them had stayed from an earlier run. */
export interface Sorting {
  /** Writes the sorted results beside the file. @param out the file as it is. */
  write(out: FileMark): Promise<FileMark>;
  /** Puts them in place of the file. */
  place(): Promise<void>;
}

/** Items after which a commit is due before its time, so that records stay small. */
const MOST_ITEMS = 2 ** 18;

export class Committer {
  readonly #journal: Journal;
  readonly #files: CommittedFiles;
  readonly #ended: EndedItems;
  readonly #keys: KeyList;
  readonly #failed: () => number;
  readonly #everyMs: number;
  #dueAt: number;
  #endedBefore: number;
  #running: Promise<void> | null = null;
  #last: CommitRecord;
  #count = 0;

  /**
   * @param failed the number of failed items.
   * @param last the last record of the journal.
   */
  constructor(
    journal: Journal,
    files: CommittedFiles,
    ended: EndedItems,
    keys: KeyList,
    failed: () => number,
    everyMs: number,
    last: CommitRecord,
  ) {
    this.#journal = journal;
    this.#files = files;
    this.#ended = ended;
    this.#keys = keys;
    this.#failed = failed;
    this.#everyMs = everyMs;
    this.#dueAt = performance.now() + everyMs;
    this.#endedBefore = ended.count;
    this.#last = last;
  }

  /** Number of commits. */
  get count(): number {
    return this.#count;
  }

  /** Starts a commit when it is due. @returns a promise to wait for if the one before has not ended. */
  tick(now: number): Promise<void> | undefined {
    const { count } = this.#ended;
    if (now < this.#dueAt && count - this.#endedBefore < MOST_ITEMS) return undefined;
    if (count === this.#endedBefore) {
      this.#dueAt = now + this.#everyMs;
      return undefined;
    }
    const before = this.#running;
    if (before !== null) return before;
    const commit = this.#commit().then(() => {});
    this.#running = commit;
    // A failure is met by whoever waits for the next commit, or for the last one.
    commit.then(
      () => (this.#running = null),
      () => {},
    );
    return undefined;
  }

  /**
   * The last commit of the run.
   * @param total the number of items, if the input was read to its end.
   * @param sorting brings the results into order, if that is still to be done.
   */
  async end(total: number | undefined, sorting: Sorting | null): Promise<void> {
    await this.#running;
    const record = await this.#commit(total);
    const out = record.files['out'];
    if (sorting !== null && out !== undefined) {
      const files = { ...record.files, out: await sorting.write(out) };
      await this.#journal.append({ ...record, keys: '', files, sorted: true });
      // After the record: when the run is killed in between, the next one puts the file in place.
      await sorting.place();
    }
    await this.#journal.close();
    for (const name of FILE_NAMES) await this.#files[name]?.close();
  }

  async #commit(total?: number): Promise<CommitRecord> {
    // Up to the first await, this is one moment.
    const files = this.#files;
    const marks: Record<string, FileMark> = {};
    for (const name of FILE_NAMES) {
      const mark = files[name]?.cut();
      if (mark !== undefined) marks[name] = mark;
    }
    const { before, beyond, count } = this.#ended;
    const keys = this.#keys.take();
    const record: CommitRecord = {
      before,
      beyond,
      failed: this.#failed(),
      ...keys,
      files: marks,
      ...(total !== undefined && { total }),
    };
    for (const name of FILE_NAMES) await files[name]?.flush();
    for (const name of FILE_NAMES) await files[name]?.sync();
    if (!isSame(record, this.#last)) await this.#journal.append(record);
    this.#last = record;
    this.#count += 1;
    this.#endedBefore = count;
    this.#dueAt = performance.now() + this.#everyMs;
    return record;
  }
}

/** Whether a record would say nothing new. */
function isSame(record: CommitRecord, last: CommitRecord): boolean {
  return (
    record.keys === '' &&
    record.before === last.before &&
    record.keyed === last.keyed &&
    (record.total === undefined || record.total === last.total) &&
    JSON.stringify([record.beyond, record.files]) === JSON.stringify([last.beyond, last.files])
  );
}
