/** How a lane makes calls for comparison; a pool of one lane each, so that the command says which lane makes which call. */

/** What a call answered, as bytes: two answers are the same when these are. */
export type Answer = Buffer;

/** Calls that are ready to be made: the item of each. */
export interface Series {
  readonly items: Int32Array;
  /** After how many calls the items begin anew. */
  readonly period: number;
}

export interface LaneCalls<S extends Series = Series> {
  /** Makes ready calls of these items, in this order, which begins anew after some of them. */
  prepare(items: Int32Array, period: number): S;
  /** Makes the calls [from, to) of a series, one after the other. */
  run(series: S, from: number, to: number): Promise<void>;
  /** Calls whose answers, of those in [from, to), are not the expected ones. Empty, in most cases without a look at each. */
  differing(series: S, from: number, to: number, expected: readonly Answer[]): readonly number[];
  /** The answer of a call that has just been made. */
  answer(series: S, at: number): Answer;
  /** The answer as a number, the same for the same answer. */
  key(series: S, at: number): number;
  /** An answer, for people. */
  show(answer: Answer): string;
  /** An answer, for a comparison that the user gives. */
  decode(answer: Answer): unknown;
  /** Calls that have been made so far. */
  readonly made: number;
  /** How many calls a series has at most. */
  readonly longest: number;
  /** Whether the answers of a series are kept until its next run, or only until the lane's next run. */
  readonly keeps: boolean;
}

/** Number of answers that are told apart by 52 bits of a hash. */
export function hashOf(bytes: Uint8Array): number {
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (const byte of bytes) {
    low = Math.imul(low ^ byte, 0x01000193);
    high = Math.imul(high ^ byte, 0x85ebca6b) ^ (low >>> 13);
  }
  return (high >>> 12) * 2 ** 32 + (low >>> 0);
}
