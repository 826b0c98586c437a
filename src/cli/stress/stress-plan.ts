/** From the options of `offthread stress` to what is done: all of it is checked before anything is called. */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { millisecondsOf, timeOf, wholeNumber } from '../console/numbers.js';
import { UsageError } from '../console/usage-error.js';
import type { Target } from '../target/target-options.js';
import { type ArgumentSource, argumentSource } from './arguments/argument-source.js';
import { readInputs } from './arguments/input-file.js';
import type { LoadModel, LoadPlan } from './load/load-types.js';
import { type Objective, objectiveOf } from './load/objectives.js';
import { lanesOf, percentOf, rampOf, rateOf } from './option-values.js';
import type { StressVerbOptions } from './stress-command.js';

/** All that a run needs to know. */
export interface StressPlan {
  readonly target: Target;
  readonly source: ArgumentSource;
  /** The arguments as they were given. */
  readonly argumentTexts: readonly string[];
  readonly seed: number;
  readonly isolation: 'process' | 'thread';
  /** Lanes of a load. */
  readonly lanes: number;
  /** Numbers of lanes to compare; empty: they are not compared. */
  readonly compareLanes: readonly number[];
  readonly rounds: number;
  readonly timeoutMs: number;
  /** Calls that crashed, after which a load ends. */
  readonly maxCrashes: number;
  /** Whether a load is measured. */
  readonly measuresLoad: boolean;
  readonly load: LoadPlan;
  /** Whether `load` has a duration or count of the user's. */
  readonly durationMs: number | null;
  readonly objectives: readonly Objective[];
  /** Arrivals a second with which the search for the limit begins; null: it begins where the closed model ends. */
  readonly limitFrom: number | null;
  /** How many calls, one behind the other, belong together. */
  readonly sequence: number;
  readonly options: StressVerbOptions;
  readonly tolerance: number;
}

const DURATION_MS = 10_000;
const WARMUP_MS = 1_000;
/** Calls that belong together, at most. */
const MOST_IN_SEQUENCE = 64;
/** What only a load has: with one of these, it is measured beside what else was asked for. */
const OF_LOADS = ['concurrency', 'rate', 'ramp', 'count', 'hlog', 'save', 'compare'] as const;

/** @throws UsageError */
export function stressPlan(target: Target, texts: readonly string[], options: StressVerbOptions): StressPlan {
  const seed = options.seed === undefined ? randomInt(2 ** 32) : seedOf(options.seed);
  const lanes = options.lanes === undefined ? [availableParallelism()] : lanesOf(options.lanes);
  const several = lanes.length > 1;
  const rows = options.inputs === undefined ? null : readInputs(options.inputs);
  const checks = options.checkThreadSafety === true || options.checkLeaks === true;
  const other = checks || several || options.vs !== undefined || options.findLimit === true;
  const asked = options.slo.length > 0 && options.findLimit !== true;
  const most = lanes.at(-1) as number;
  refuseBoth(options);
  return {
    target,
    source: argumentSource(target, { positional: texts, named: options.arg, rows }, seed),
    argumentTexts: options.inputs === undefined ? [...texts, ...options.arg] : [`@${options.inputs}`],
    seed,
    isolation: options.isolation ?? (several ? 'thread' : 'process'),
    lanes: most,
    compareLanes: several ? lanes : [],
    rounds: wholeNumber('--rounds', options.rounds, 2),
    timeoutMs: millisecondsOf('--timeout', options.timeout),
    maxCrashes: wholeNumber('--max-crashes', options.maxCrashes, 0) || Infinity,
    measuresLoad:
      !other || asked || OF_LOADS.some((name) => options[name] !== undefined && !ofLimit(options, name)),
    load: {
      model: modelOf(options, most),
      warmupMs: options.warmup === undefined ? WARMUP_MS : timeOf('--warmup', options.warmup),
      durationMs: durationOf(options),
      count: options.count === undefined ? Infinity : wholeNumber('--count', options.count, 1),
      seed,
    },
    durationMs: options.duration === undefined ? null : timeOf('--duration', options.duration),
    objectives: options.slo.map(objectiveOf),
    limitFrom:
      options.findLimit === true && options.rate !== undefined ? rateOf('--rate', options.rate) : null,
    sequence: sequenceOf(options, rows?.length ?? null),
    tolerance: percentOf('--tolerance', options.tolerance),
    options,
  };
}

/** Where a limit is looked for, a rate is where the search begins. */
function ofLimit({ findLimit }: StressVerbOptions, name: string): boolean {
  return findLimit === true && (name === 'rate' || name === 'concurrency');
}

function durationOf({ duration, count }: StressVerbOptions): number {
  if (duration === undefined) return count === undefined ? DURATION_MS : 1e12;
  const ms = timeOf('--duration', duration);
  if (ms >= 1) return ms;
  throw new UsageError(`--duration is '${duration}'. Measure for at least 1ms.`);
}

function modelOf(options: StressVerbOptions, lanes: number): LoadModel {
  const { rate, ramp, concurrency, arrivals, maxInFlight } = options;
  if (rate === undefined && ramp === undefined) {
    const calls = concurrency === undefined ? 2 * lanes : wholeNumber('--concurrency', concurrency, 1);
    return { kind: 'closed', concurrency: calls };
  }
  const [from, to] = ramp === undefined ? [rateOf('--rate', rate as string), null] : rampOf(ramp);
  const most = wholeNumber('--max-in-flight', maxInFlight, 1);
  return { kind: 'open', from, to: to ?? from, arrivals, maxInFlight: most };
}

function refuseBoth({
  rate,
  ramp,
  concurrency,
  findLimit,
  count,
  lanes,
  vs,
  ...rest
}: StressVerbOptions): void {
  const alone =
    rest.compareWith !== undefined
      ? '--compare-with'
      : rest.ignore.length > 0
        ? '--ignore'
        : rest.sequence !== undefined
          ? '--sequence'
          : null;
  if (alone !== null && rest.checkThreadSafety !== true) {
    throw new UsageError(`${alone} is for --check-thread-safety. Add that, or leave ${alone} out.`);
  }
  const models = [
    rate !== undefined && '--rate',
    ramp !== undefined && '--ramp',
    concurrency !== undefined && '--concurrency',
  ];
  const given = models.filter((name) => name !== false);
  if (given.length > 1) {
    throw new UsageError(
      `${given.join(' and ')} are different loads. Give one: --concurrency for calls that are always in flight, --rate or --ramp for calls on a schedule.`,
    );
  }
  if (ramp !== undefined && count !== undefined) {
    throw new UsageError('--ramp changes the rate over the whole --duration, so --count cannot end it.');
  }
  if (findLimit === true && ramp !== undefined) {
    throw new UsageError('--find-limit chooses the rates itself. Leave out --ramp.');
  }
  if (vs !== undefined && lanes !== undefined && lanes.includes(',')) {
    throw new UsageError('--vs compares two libraries with one number of lanes. Give --lanes one number.');
  }
}

/** @param rows of the file of inputs; null without one. */
function sequenceOf({ sequence }: StressVerbOptions, rows: number | null): number {
  if (sequence === undefined) return 1;
  const length = wholeNumber('--sequence', sequence, 1);
  if (length > MOST_IN_SEQUENCE) {
    throw new UsageError(`--sequence is '${sequence}'. Expected at most ${MOST_IN_SEQUENCE} calls.`);
  }
  if (rows !== null && rows % length > 0) {
    throw new UsageError(
      `--sequence ${length} takes ${length} lines of the inputs at a time, but ${rows} lines are no multiple of ${length}. Add or remove lines.`,
    );
  }
  return length;
}

function seedOf(text: string): number {
  const seed = wholeNumber('--seed', text, 0);
  if (seed < 2 ** 32) return seed;
  throw new UsageError(`--seed is '${text}'. Expected a whole number below 4,294,967,296.`);
}
