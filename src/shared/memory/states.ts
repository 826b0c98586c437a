/**
 * The life of a row in the call table.
 *
 *                    ┌────────► withdrawn        taken back by the host
 *                    ├────────► cancelled | timedOut   before it started
 *   (host) queued ───┤
 *                    └─► running ──► succeeded | failed
 *                           ├─► cancelling ──► cancelled
 *                           ├─► timingOut  ──► timedOut
 *                           └─► lost        from any of the three running ones
 *
 * Guarantees:
 * - A state changes only here, by compare-and-swap; `transition` says whether
 *   it won, and the side that wins owns what follows. So the first cause of an
 *   ending is the only one, and nothing settles twice.
 * - The word holds the low 28 bits of the call's id beside the state, so a
 *   stale swap cannot touch a row that was reused: it would need 268 million
 *   calls on one row between its read and its swap.
 */

import { Atomics } from '../../builtins.js';

export const State = {
  queued: 1,
  running: 2,
  cancelling: 3,
  timingOut: 4,
  succeeded: 5,
  failed: 6,
  cancelled: 7,
  timedOut: 8,
  lost: 9,
  withdrawn: 10,
} as const;
export type State = (typeof State)[keyof typeof State];

const STATE_BITS = 4;
const STATE_MASK = (1 << STATE_BITS) - 1;
const GENERATIONS = 2 ** (32 - STATE_BITS);

/** States in which native code may be running. */
export const RUNNING_STATES: readonly State[] = [State.running, State.cancelling, State.timingOut];

/** Every allowed change of state, and the side that makes it. */
export const transitions: Readonly<Record<number, readonly State[]>> = {
  [State.queued]: [State.running, State.cancelled, State.timedOut, State.withdrawn],
  [State.running]: [State.succeeded, State.failed, State.cancelling, State.timingOut, State.lost],
  [State.cancelling]: [State.cancelled, State.lost],
  [State.timingOut]: [State.timedOut, State.lost],
};

/** The part of an id that a row stores. */
export function generationOf(id: number): number {
  // Exact for every id, and a tenth of the cost of `%` once ids are beyond 31 bits.
  return id & (GENERATIONS - 1);
}

/** The word for a state of a call. */
export function stateWord(generation: number, state: State): number {
  return (generation << STATE_BITS) | state;
}

/** The state in a word. */
export function stateIn(word: number): State {
  return (word & STATE_MASK) as State;
}

/** The generation in a word. */
export function generationIn(word: number): number {
  return word >>> STATE_BITS;
}

/**
 * Changes the state of a call's row, if the row still belongs to that call and is still in the expected state.
 * @returns whether this change won.
 */
export function transition(
  words: Int32Array,
  index: number,
  generation: number,
  from: State,
  to: State,
): boolean {
  const expected = (generation << STATE_BITS) | from;
  return Atomics.compareExchange(words, index, expected, (generation << STATE_BITS) | to) === expected;
}

/**
 * Native code has returned: the call ends, as cancelled or timed out if it was asked to stop.
 * @returns false if the call was given up, so that nothing waits for it.
 */
export function finish(words: Int32Array, index: number, generation: number, succeeded: boolean): boolean {
  return (
    transition(words, index, generation, State.running, succeeded ? State.succeeded : State.failed) ||
    transition(words, index, generation, State.cancelling, State.cancelled) ||
    transition(words, index, generation, State.timingOut, State.timedOut)
  );
}
