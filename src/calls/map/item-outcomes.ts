/**
 * What becomes of the items of a piece of work that is over.
 *
 *   result ──► to be read
 *   failed ──► again, after a wait
 *       └────► left out, replaced, or it ends the run
 *   not begun, since its batch ended early ──► again
 */
import { performance } from '../../builtins.js';
import type { MapSettings } from '../../options/map-options.js';
import { endedByPool } from '../batches/run-errors.js';
import type { RunFailures } from '../batches/run-failures.js';
import type { Progress } from '../batches/run-progress.js';
import type { Group } from './group.js';
import type { ItemSupply, Work } from './item-supply.js';
import type { OrderedResults } from './ordered-results.js';
import type { EndedEarly, Outcome } from './runner.js';

/** The run that the items are of. */
interface Run {
  readonly name: string;
  readonly supply: ItemSupply;
  readonly results: OrderedResults;
  readonly failures: RunFailures;
  readonly progress: Progress;
}

export class ItemOutcomes {
  readonly #run: Run;
  readonly #onError: MapSettings['onError'];

  constructor(run: Run, onError: MapSettings['onError']) {
    this.#run = run;
    this.#onError = onError;
  }

  take({ group, from, to }: Work, { done, failures, ended, ms }: Outcome): void {
    const { supply, results, progress } = this.#run;
    supply.pace.measure(done, ms);
    // What is run again goes by itself.
    if (done === 1 && failures.length === 0) supply.succeeded(group, from);
    group.end(from, from + done);
    for (const { index } of failures) group.reopen(from + index);
    progress.done += done - failures.length;
    results.add(group, from, from + done);
    const failedAt = performance.now();
    for (const { index, error } of failures) this.failed(group, from + index, error);
    supply.pace.measureHost(done, failures.length === 0 ? 0 : performance.now() - failedAt);
    if (ended !== null) this.#endedEarly(group, from + done, to, ended);
    this.#run.failures.guard(() => progress.tell());
  }

  /** An item has failed, or cannot be run. */
  failed(group: Group, at: number, errorOf: () => unknown): void {
    const { supply, results, failures, progress } = this.#run;
    if (failures.stopped) {
      progress.failed += 1;
      return;
    }
    const index = group.from + at;
    if (failures.passOver(index, errorOf)) {
      this.#leaveOut(group, at);
      return;
    }
    const error = errorOf();
    if (supply.retry(group, at, error)) return;
    const onError = this.#onError;
    const instead = failures.judge(index, error, () => onError(error, group.item(at), index), true);
    if (instead === null) return;
    if (instead === 'skip') {
      this.#leaveOut(group, at);
      return;
    }
    group.put(at, instead.value);
    group.end(at, at + 1);
    results.add(group, at, at + 1);
  }

  /** The batch ended at an item before its end: what is behind that one runs again. */
  #endedEarly(group: Group, at: number, to: number, { error, blame }: EndedEarly): void {
    const { name, supply, failures, progress } = this.#run;
    if (failures.stopped) return;
    if (blame === 'run') {
      failures.stop(() => endedByPool(name, error, progress));
      return;
    }
    supply.again(group, blame === 'next' ? at + 1 : at, to);
    if (blame === 'next') this.failed(group, at, () => error);
  }

  #leaveOut(group: Group, at: number): void {
    group.leaveOut(at);
    this.#run.results.leftOut();
  }
}
