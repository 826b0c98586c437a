/**
 * Handles the items of a piece of work that has ended.
 *
 *   result ──► ready to be read
 *   failed ──► run again, after a wait
 *       └────► omitted, replaced, or the run ends
 *   not started, because its batch ended early ──► run again
 */
import { performance } from '../../builtins.js';
import type { MapSettings } from '../../options/map-options.js';
import { endedByPool } from '../batches/run-errors.js';
import type { RunFailures } from '../batches/run-failures.js';
import type { Progress } from '../batches/run-progress.js';
import type { Group } from './group.js';
import type { ItemSupply } from './item-supply.js';
import type { OrderedResults } from './ordered-results.js';
import type { EndedEarly, Outcome, Work } from './runner.js';

/** The state that a run keeps about its items. */
export interface RunItems {
  readonly name: string;
  readonly supply: ItemSupply;
  readonly results: OrderedResults;
  readonly failures: RunFailures;
  readonly progress: Progress;
  readonly onError: MapSettings['onError'];
  readonly onRetry: MapSettings['onRetry'];
}

/** Takes the outcome of a piece of work that has ended. */
export function takeOutcome(
  run: RunItems,
  { group, from, to }: Work,
  { done, failures, ended, ms }: Outcome,
): void {
  const { supply, results, progress } = run;
  supply.pace.measure(done, ms);
  // Items that are retried run alone.
  if (done === 1 && failures.length === 0) supply.succeeded(group.from + from);
  group.end(from, from + done);
  for (const { index } of failures) group.reopen(from + index);
  progress.done += done - failures.length;
  results.add(group, from, from + done);
  const failedAt = performance.now();
  for (const { index, error } of failures) itemFailed(run, group, from + index, error);
  supply.pace.measureHost(done, failures.length === 0 ? 0 : performance.now() - failedAt);
  if (ended !== null) endedEarly(run, group, from + done, to, ended);
  run.failures.guard(() => progress.tell());
}

/** Handles an item that has failed or cannot be run. */
export function itemFailed(
  { supply, results, failures, progress, onError, onRetry }: RunItems,
  group: Group,
  at: number,
  errorOf: () => unknown,
): void {
  if (failures.stopped) {
    progress.failed += 1;
    return;
  }
  const index = group.from + at;
  let instead: ReturnType<RunFailures['judge']> = 'skip';
  if (!failures.passOver(index, errorOf)) {
    const error = errorOf();
    const retry = supply.retry(group, at, error);
    if (retry !== null) {
      failures.tell(() => onRetry?.(error, group.item(at), index, retry));
      return;
    }
    instead = failures.judge(index, error, () => onError(error, group.item(at), index), true);
  }
  if (instead === 'skip') {
    group.leaveOut(at);
    results.leftOut();
  } else if (instead !== null) {
    group.put(at, instead.value);
    group.end(at, at + 1);
    results.add(group, at, at + 1);
  }
}

/** Handles a batch that ended early at an item: the items after it run again. */
function endedEarly(run: RunItems, group: Group, at: number, to: number, { error, blame }: EndedEarly): void {
  if (run.failures.stopped) return;
  if (blame === 'run') {
    run.failures.stop(() => endedByPool(run.name, error, run.progress));
    return;
  }
  run.supply.again(group, blame === 'next' ? at + 1 : at, to);
  if (blame === 'next') itemFailed(run, group, at, () => error);
}
