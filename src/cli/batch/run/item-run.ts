/**
 * Runs the items: hands them to `pool.map`, and turns what comes back into lines.
 *
 * Guarantees:
 * - An item has ended when its line has been added to the output, and a failed item also those of the other files. All of
 *   that, and the count of ended items, changes in one go: between two turns of the event loop there is nothing by halves,
 *   so a commit sees whole items only.
 * - Items that the end of the run stops have not ended: they are in no file.
 */
import { ItemsError, type Pool, PoolClosedError } from 'offthread';
import type { AnyFunction } from '../../target/open-target.js';
import type { BatchSettings } from '../batch-settings.js';
import { Unusable } from '../input/item-arguments.js';
import type { Shard } from '../input/shard.js';
import { type ErrorFields, type ResultLine, errorFields, stderrOf } from '../output/result-line.js';
import type { EndedItems } from '../state/ended-items.js';
import type { FedItem, ItemFeed } from './item-feed.js';
import { type RunFiles, flushAll } from './run-files.js';
import type { StopControl } from './stop-control.js';

/** A failed item, on its way through the results of `pool.map`. */
class Failed {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** ms that a result waits for others, to be written and committed with them. */
const STEP_MS = 50;

export interface RunParts {
  readonly pool: Pool;
  readonly fn: AnyFunction;
  readonly settings: BatchSettings;
  readonly line: ResultLine;
  readonly feed: ItemFeed;
  readonly files: RunFiles;
  readonly ended: EndedItems;
  readonly control: StopControl;
  /** Called soon after items have ended: commits. @returns a promise to wait for before more results are taken. */
  readonly after: () => Promise<void> | undefined;
}

export class ItemRun {
  readonly #parts: RunParts;
  readonly #shard: Shard;
  #failed: number;
  #retried = 0;
  #step: NodeJS.Timeout | null = null;
  /** What results wait for before more are taken. */
  #pending: Promise<void> | undefined;

  /** @param failed the number of items that failed in earlier runs. */
  constructor(parts: RunParts, failed: number) {
    this.#parts = parts;
    this.#shard = parts.settings.shard;
    this.#failed = failed;
  }

  /** Number of ended items that have failed, in this run and earlier ones. */
  get failed(): number {
    return this.#failed;
  }

  /** How often an item was run again. */
  get retried(): number {
    return this.#retried;
  }

  /** Resolves when the items have ended, or the run was stopped. @throws (rejects) what ended it otherwise. */
  async run(): Promise<void> {
    const { pool, fn, settings, feed, files, control } = this.#parts;
    const results = pool.map(fn, feed as AsyncIterable<unknown[]>, {
      ordered: settings.ordered,
      ...(settings.retries !== undefined && { attempts: settings.retries }),
      onError: (error) => ({ value: new Failed(error) }),
      onRetry: (error, _item, number, { failures, wait }) => this.#retry(error, number, failures, wait),
    });
    try {
      for await (const [number, result] of results.entries()) {
        this.#take(number, result);
        this.#stepSoon();
        if (files.out.isFull) await flushAll(files);
        if (files.out.closed) control.finish('closed');
        if (this.#pending !== undefined) await this.#pending;
      }
    } catch (error) {
      // The run was asked to end, and this says that it has.
      if (control.cause === null || !isEndOfRun(error)) throw causeOf(error);
    } finally {
      clearTimeout(this.#step ?? undefined);
    }
    this.#checkLimit(control.cause === null);
  }

  /** Results do not wait for others to be written. A clock that is asked for each result would cost more than the result. */
  #stepSoon(): void {
    this.#step ??= setTimeout(() => {
      this.#step = null;
      const { files, after } = this.#parts;
      // A failure is met again by the next flush, which is waited for.
      flushAll(files).catch(() => {});
      const pending = after();
      this.#pending = pending;
      if (pending === undefined) return;
      const over = (): void => {
        if (this.#pending === pending) this.#pending = undefined;
      };
      // A failure is kept for the next result, or for the end of the run.
      pending.then(over, () => {});
    }, STEP_MS);
  }

  #take(number: number, result: unknown): void {
    const { files, feed, ended, line } = this.#parts;
    const item = feed.end(number);
    const index = this.#indexOf(item.position);
    if (result instanceof Failed) this.#fail(index, item, result.error);
    else files.out.add(line(index, result, item.args as unknown[]));
    ended.add(item.position);
    if (result instanceof Failed) this.#checkLimit(false);
  }

  #fail(index: number, { args, record }: FedItem, error: unknown): void {
    const { files, settings } = this.#parts;
    this.#failed += 1;
    const fields = errorFields(error, args instanceof Unusable ? args : undefined);
    if (!settings.values) files.out.add(`${JSON.stringify({ index, error: fields })}\n`);
    files.log?.add(logLine('failed', index, fields));
    const { value, text } = record;
    const offthread = { index, error: fields, stderr: stderrOf(error) };
    files.deadLetter?.add(
      `${JSON.stringify(text === undefined ? { offthread, input: value } : { offthread, text })}\n`,
    );
  }

  #retry(error: unknown, number: number, failures: number, wait: number): void {
    this.#retried += 1;
    const index = this.#indexOf(this.#parts.feed.find(number).position);
    const more = { failures, waitMs: Math.round(wait) };
    this.#parts.files.log?.add(logLine('retry', index, errorFields(error), more));
  }

  #checkLimit(atEnd: boolean): void {
    const { settings, ended, control } = this.#parts;
    const { limit } = settings;
    if (control.cause !== null || !limit.exceeded(this.#failed, ended.count, atEnd)) return;
    if (limit.when === 'now') control.stop('failures');
    else control.finish('failures');
  }

  #indexOf(position: number): number {
    return this.#shard.first + position * this.#shard.count;
  }
}

function logLine(event: 'failed' | 'retry', index: number, error: ErrorFields, more: object = {}): string {
  return `${JSON.stringify({ time: new Date().toISOString(), event, index, ...more, error })}\n`;
}

/** Whether the error only says that the run was asked to end. */
function isEndOfRun(error: unknown): boolean {
  return error instanceof PoolClosedError;
}

/** What ended the run: an error of the input is that of the run. */
function causeOf(error: unknown): unknown {
  return error instanceof ItemsError && error.code === 'OFFTHREAD_SOURCE_FAILED' ? error.cause : error;
}
