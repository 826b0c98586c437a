/**
 * The common part of `parallel` and `race`: a list of entries, and bounds over all of them.
 *
 * Guarantee: the combinator takes over the entries. However it ends, also with invalid options, each entry has settled
 * or has been asked to stop, and no rejection is unhandled.
 */
import { ArgumentError } from '../../errors.js';
import { copyOf, show } from '../../options/checks.js';
import { Bounds, type BoundsSettings, type MakeTask } from './bounds.js';
import { Branch, stopAll } from './branch.js';

/**
 * Runs all entries within the bounds.
 * @param check returns the settings, or throws.
 * @param taskOf creates the task that runs and stops the entries. May throw an ArgumentError.
 */
export async function together<S extends BoundsSettings, R>(
  what: string,
  starts: unknown,
  check: () => S,
  taskOf: (branches: readonly Branch[], settings: S) => MakeTask<R>,
): Promise<R> {
  const branches = takeOver(what, starts);
  let bounds: Bounds | undefined;
  try {
    const settings = check();
    bounds = new Bounds(what, settings, () => ({ where: progressOf(branches) }));
    return await bounds.run(taskOf(branches, settings));
  } catch (error) {
    // Only needed for invalid options: otherwise all entries have been stopped or have settled.
    stopAll(branches, error);
    throw error;
  } finally {
    bounds?.release();
  }
}

/** @throws ArgumentError if the value is not a list of starts and promises. */
function takeOver(what: string, starts: unknown): readonly Branch[] {
  const list = copyOf(starts);
  if (list === null) {
    throw new ArgumentError(
      `The starts of ${what} are ${show(starts)}; they must be an array, as in ${what}([() => lib.f(1), () => lib.f(2)]).`,
    );
  }
  const branches = list.map((one) => new Branch(one));
  const wrong = list.findIndex((one) => !isStart(one));
  if (wrong < 0) return branches;
  const error = new ArgumentError(
    `starts[${wrong}] of ${what} is ${show(list[wrong])}. Pass a function that starts a call, as in () => lib.f(1), or a promise.`,
  );
  stopAll(branches, error);
  throw error;
}

function isStart(value: unknown): boolean {
  if (typeof value === 'function') return true;
  try {
    return typeof value === 'object' && typeof (value as PromiseLike<unknown> | null)?.then === 'function';
  } catch {
    return false;
  }
}

function progressOf(branches: readonly Branch[]): string {
  const settled = branches.filter(({ outcome }) => outcome !== undefined).length;
  return `with ${settled} of ${branches.length} settled`;
}
