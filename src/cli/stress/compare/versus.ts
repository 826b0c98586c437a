/** Two builds of a library: whether they give the same results, and which is faster, in interleaved rounds. */
import { isDeepStrictEqual } from 'node:util';
import type { AnyFunction } from '../../target/open-target.js';
import { jsonValue } from '../../target/value-text.js';
import type { ArgumentSource } from '../arguments/argument-source.js';
import { type Contestant, type ContestantPlan, openContestant } from '../rounds/contestant.js';
import { type RoundsPlan, inRounds } from '../rounds/interleaved.js';
import { bootstrap, mean } from '../statistics/bootstrap.js';
import type { Interval } from '../verdict-types.js';

export interface VersusReport {
  /** The other build. */
  readonly library: string;
  readonly rounds: number;
  readonly sliceMs: number;
  readonly results: ResultsCompared;
  /** Calls a second of the first build and of the other: one for each round. */
  readonly rates: readonly [first: readonly number[], other: readonly number[]];
  /** How many times as many calls a second the other one does. */
  readonly rateRatio: number;
  readonly rateInterval: Interval;
  /** How many times as long its calls take in native code, at the median; null with too few calls. */
  readonly runRatio: number | null;
  readonly runInterval: Interval | null;
  readonly failed: number;
}

export interface ResultsCompared {
  /**
   * `same`: for all inputs. `different`: for some. `not-comparable`: the first build gives other results for the same
   * input when it is called again.
   */
  readonly verdict: 'same' | 'different' | 'not-comparable';
  readonly inputs: number;
  readonly different: number;
  /** The first input with different results. */
  readonly example: DifferentResult | null;
}

export interface DifferentResult {
  readonly item: number;
  readonly arguments: unknown;
  readonly first: unknown;
  readonly other: unknown;
}

/** Inputs whose results are compared. */
const INPUTS = 200;

export interface MeasuredVersus {
  readonly engine: string;
  readonly versus: VersusReport;
}

/** @throws what `pool.open` throws for the other build, too. */
export async function versus(
  plan: ContestantPlan & RoundsPlan,
  library: string,
  signal: AbortSignal,
  onRound: (done: number) => void,
): Promise<MeasuredVersus> {
  const contestants: Contestant[] = [];
  try {
    const first = await openContestant(plan);
    contestants.push(first);
    const other = await openContestant({ ...plan, target: { ...plan.target, library } });
    contestants.push(other);
    const results = await compareResults(first.fn, other.fn, plan.source, signal);
    const { sliceMs, rounds } = await inRounds(contestants, plan, signal, onRound);
    const pairs = rounds.map(([one, two]) => [one?.rate ?? 0, two?.rate ?? 0] as const);
    const runs = rounds.flatMap(([one, two]) => {
      const [before, after] = [one?.runP50 ?? null, two?.runP50 ?? null];
      return before === null || after === null ? [] : [[before, after] as const];
    });
    const [rateRatio, rateInterval] = quotient(pairs, plan.seed);
    const [runRatio, runInterval] = runs.length < 2 ? [null, null] : quotient(runs, plan.seed);
    const report: VersusReport = {
      library,
      rounds: rounds.length,
      sliceMs,
      results,
      rates: [pairs.map(([rate]) => rate), pairs.map(([, rate]) => rate)],
      rateRatio,
      rateInterval,
      runRatio,
      runInterval,
      failed: rounds.flat().reduce((sum, { failed }) => sum + failed, 0),
    };
    return { engine: first.engine, versus: report };
  } finally {
    await Promise.all(contestants.map(({ pool }) => pool.destroy()));
  }
}

/** The second by the first: of the means, with an interval over the rounds. */
function quotient(pairs: readonly (readonly [number, number])[], seed: number): readonly [number, Interval] {
  const ratio = (some: readonly (readonly [number, number])[]): number =>
    mean(some.map(([, second]) => second)) / mean(some.map(([first]) => first));
  const value = ratio(pairs);
  const [interval = [value, value] as const] =
    pairs.length < 2 ? [] : bootstrap(pairs, (some) => [ratio(some)], seed);
  return [value, interval];
}

async function compareResults(
  first: AnyFunction,
  other: AnyFunction,
  source: ArgumentSource,
  signal: AbortSignal,
): Promise<ResultsCompared> {
  const inputs = source.fixed ? 1 : INPUTS;
  let different = 0;
  let example: DifferentResult | null = null;
  let item = 0;
  for (; item < inputs && !signal.aborted; item += 1) {
    const one = await outcome(first, source, item);
    const two = await outcome(other, source, item);
    if (isDeepStrictEqual(one, two)) continue;
    if (!isDeepStrictEqual(one, await outcome(first, source, item))) {
      return { verdict: 'not-comparable', inputs: item + 1, different: 0, example: null };
    }
    different += 1;
    example ??= { item, arguments: shown(source.values(item)), first: shown(one), other: shown(two) };
  }
  return { verdict: different > 0 ? 'different' : 'same', inputs: item, different, example };
}

/** What a call returned, with its arguments, which it may have changed; or the kind of its error. */
async function outcome(fn: AnyFunction, source: ArgumentSource, item: number): Promise<unknown> {
  const values = source.values(item);
  const settled = await fn(...values).settled();
  return settled.status === 'succeeded'
    ? { returned: settled.value, arguments: values }
    : { error: settled.kind };
}

function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, shown(one)]));
  }
  return jsonValue(value);
}
