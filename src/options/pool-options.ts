/**
 * Options of a pool: types, defaults, sizing, validation. They are checked once, when the pool is created; after that,
 * all are filled in and read-only.
 */
import { availableParallelism } from 'node:os';
import { Math } from '../builtins.js';
import { ArgumentError } from '../errors.js';
import { LONGEST_MS, duration, flag, integer, known, oneOf, quantity, refuse, unlimited } from './checks.js';
import { type LaneStart, laneStart } from './lane-start.js';
import { type Preset, type Tuning, tuningOf } from './tuning.js';

/** Options of a pool. All are optional; they are checked and copied when the pool is created. */
export interface PoolOptions {
  /** Number of native calls that run at once. Default: see `sizing`. */
  readonly lanes?: number;
  /**
   * Rule for the number of lanes: `cpu` (default) is one per available core; `blocking` is four per core, from 4 to 64,
   * for calls that wait rather than compute.
   */
  readonly sizing?: 'cpu' | 'blocking';
  /**
   * `thread` (default): lanes are threads of this process. `process`: each lane is a process of its own, so that
   * a crash, an exit or a hang of native code ends one call and nothing else.
   */
  readonly isolation?: 'thread' | 'process';
  /**
   * Number of lanes kept ready beyond `lanes`: a spare replaces a lane that died or was killed at once. Default 1 for
   * process lanes, 0 for threads.
   */
  readonly spares?: number;
  /**
   * Environment of lanes (the `process.env` of a thread lane). Default: that of this process when the pool is created.
   * The `NODE_OPTIONS` of this process are omitted: lanes inherit its limits, permissions and warnings as flags, but no
   * flag that loads code or opens a port. Other `NODE_OPTIONS` are passed on unchanged.
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Flags of Node.js for lanes, in addition to those that lanes inherit from this process, for example
   * `['--import', './setup.mjs']`. Default: none; lanes then load no module of this program.
   */
  readonly execArgv?: readonly string[];
  /**
   * Path of the Node.js binary for process lanes. Default: the binary of this process. Required if that is not Node.js
   * (a single executable application, Electron).
   */
  readonly execPath?: string;
  /**
   * Path or file URL of the file that lanes run, `offthread-lane.cjs`, for a program that a bundler has put into one file
   * and that runs where offthread is not installed. Default: found beside the bundle, or where offthread is installed.
   */
  readonly laneFile?: string | URL;
  /**
   * Where the stderr output of process lanes goes: `inherit` (default) copies it to the stderr of this process;
   * `capture` only keeps the last lines, for a LaneCrashedError.
   */
  readonly stderr?: 'inherit' | 'capture';
  /**
   * Where the stdout output of process lanes goes: `inherit` (default) is the stdout of this process; `stderr` its stderr, for
   * a program whose own stdout is read by another one.
   */
  readonly stdout?: 'inherit' | 'stderr';
  /** Number of calls after which a lane finishes its calls and is replaced. Default 0: never. */
  readonly recycleAfter?: number;
  /** Resident MB above which a process lane finishes its calls and is replaced. Default 0: never. */
  readonly recycleAboveMb?: number;
  /**
   * Number of lane deaths within `deathWindow` after which the pool stops replacing lanes for a while; with Infinity,
   * it stops only for lanes that cannot start. Default 3 per lane, plus 3.
   */
  readonly maxDeaths?: number;
  /** ms; see `maxDeaths`. Also the time for which the pool stops replacing lanes at first. Default 10,000. */
  readonly deathWindow?: number;
  /**
   * How a LaneCrashedError shows arguments: as shortened values (false, default); by type and size only (true); or as
   * the text that a function returns.
   */
  readonly redact?: Redact;
  /** Number of calls that may wait for a lane. Default 1,000. With 0, no call waits. */
  readonly maxQueue?: number;
  /** What happens to a call when the queue is full: it is rejected at once (default), or waits for room. */
  readonly whenFull?: 'reject' | 'wait';
  /** With `whenFull: 'wait'`: number of calls that may wait for room; further calls are rejected. Default 100,000. */
  readonly maxWaiting?: number;
  /**
   * Whether a call that is expected to end after its `deadline` is rejected at once (`OFFTHREAD_DEADLINE_UNREACHABLE`).
   * The pool estimates this from the calls that wait and run before it, and from how long such calls have taken. A
   * queued call whose remaining time is too short is rejected when its turn comes. Default false. Calls without a
   * deadline, and calls for which a lane is free, are always accepted.
   */
  readonly refuseLate?: boolean;
  /** Maximum run time of a call in ms, counted from its start. Default 30,000; 0 is unlimited. */
  readonly timeout?: number;
  /**
   * ms within which native code must return after it was asked to stop; after that, its lane is given up. Default
   * 1,000.
   */
  readonly grace?: number;
  /** Maximum run time, in ms, of a function that native code calls on the host. Default 30,000; 0 is unlimited. */
  readonly hostTimeout?: number;
  /** Number of stuck threads that are tolerated beyond `lanes`. Default 4. */
  readonly maxLostLanes?: number;
  /**
   * MB of stack for each lane, 1 to 64. Default 4. koffi runs native code on a separate stack of at most 16 MB. With
   * the other engines, native code has the stack of `ulimit -s` in a process lane, and the stack that this option sets
   * in a thread lane.
   */
  readonly stackSizeMb?: number;
  /**
   * Number of lanes that sessions (`pool.session`) may have at once: the others are kept for plain calls. Default: all
   * but one; 1 for a pool of one lane, whose plain calls then wait for the end of its session.
   */
  readonly maxSessions?: number;
  /** Prefix of the names of lanes. Default `offthread`. */
  readonly name?: string;
  /** Trade-off between latency, throughput and memory. Default: a balance of them. */
  readonly preset?: Preset;
}

/**
 * How errors show arguments: as values (false), by type and size only (true), or as the text that the function returns.
 */
export type Redact = boolean | ((value: unknown, index: number, symbol: string) => string);

/** Options with defaults filled in. Times are in ms; Infinity is unlimited. */
export interface PoolSettings extends LaneStart {
  readonly lanes: number;
  readonly isolation: 'thread' | 'process';
  readonly spares: number;
  readonly stderr: 'inherit' | 'capture';
  readonly stdout: 'inherit' | 'stderr';
  /** Infinity: never. */
  readonly recycleAfter: number;
  readonly recycleAboveMb: number;
  readonly maxDeaths: number;
  readonly deathWindow: number;
  readonly redact: Redact;
  readonly maxQueue: number;
  readonly whenFull: 'reject' | 'wait';
  readonly maxWaiting: number;
  readonly refuseLate: boolean;
  readonly timeout: number;
  readonly grace: number;
  readonly hostTimeout: number;
  readonly maxLostLanes: number;
  readonly stackSizeMb: number;
  readonly maxSessions: number;
  readonly name: string;
  readonly tuning: Tuning;
}

/** Options of process lanes only. */
const OF_PROCESSES = {
  execPath: 'a thread runs in this process',
  stderr: 'threads write to the stderr of this process',
  stdout: 'threads write to the stdout of this process',
  recycleAboveMb: 'a thread has no resident size of its own',
} as const;

function refuseForThreads(given: Readonly<Record<string, unknown>>): void {
  for (const [name, why] of Object.entries(OF_PROCESSES)) {
    if (given[name] === undefined) continue;
    throw new ArgumentError(
      `Option \`${name}\` is for process lanes, but this pool has thread lanes: ${why}. Use { isolation: 'process' }, or omit the option.`,
    );
  }
}

function redaction(value: unknown): Redact {
  if (value === undefined) return false;
  if (typeof value !== 'boolean' && typeof value !== 'function')
    refuse('redact', value, 'true, false or a function');
  return value as Redact;
}

const POOL_OPTIONS = [
  'lanes',
  'sizing',
  'isolation',
  'spares',
  'env',
  'execArgv',
  'execPath',
  'laneFile',
  'stderr',
  'stdout',
  'recycleAfter',
  'recycleAboveMb',
  'maxDeaths',
  'deathWindow',
  'redact',
  'maxQueue',
  'whenFull',
  'maxWaiting',
  'refuseLate',
  'timeout',
  'grace',
  'hostTimeout',
  'maxLostLanes',
  'stackSizeMb',
  'maxSessions',
  'name',
  'preset',
] as const satisfies (keyof PoolOptions)[];

/** Removed options of pools, and why they are no longer needed. */
const REMOVED: Readonly<Record<string, string>> = {
  control:
    'Process lanes always share memory with this process. Where memory cannot be shared, open() fails with ' +
    'OFFTHREAD_NO_SHARED_MEMORY.',
  maxKills:
    'A call that crashes its lane fails with a LaneCrashedError, and is run again only as often as its own option ' +
    'allows. The breaker (`maxDeaths`) limits how many lanes all calls together can crash.',
};

/** @throws ArgumentError naming the option. */
export function poolSettings(options?: PoolOptions): PoolSettings {
  const given = known('pool option', options, POOL_OPTIONS, REMOVED);
  const sizing = oneOf('sizing', given['sizing'], ['cpu', 'blocking'], 'cpu');
  const cores = availableParallelism();
  const sized = sizing === 'cpu' ? cores : Math.min(64, Math.max(4, cores * 4));
  const isolation = oneOf('isolation', given['isolation'], ['thread', 'process'], 'thread');
  const processes = isolation === 'process';
  const lanes = integer('lanes', given['lanes'], 1, 1_024, sized);
  if (!processes) refuseForThreads(given);
  const name = given['name'] ?? 'offthread';
  if (typeof name !== 'string' || name === '' || name.length > 64)
    refuse('name', name, 'a string of 1 to 64 characters');
  return Object.freeze({
    lanes,
    isolation,
    spares: integer('spares', given['spares'], 0, 64, processes ? 1 : 0),
    ...laneStart(isolation, given),
    stdout: oneOf('stdout', given['stdout'], ['inherit', 'stderr'], 'inherit'),
    stderr: oneOf('stderr', given['stderr'], ['inherit', 'capture'], 'inherit'),
    recycleAfter: unlimited(integer('recycleAfter', given['recycleAfter'], 0, 2 ** 31, 0)),
    recycleAboveMb: unlimited(quantity('recycleAboveMb', given['recycleAboveMb'], 0)),
    maxDeaths:
      given['maxDeaths'] === Infinity
        ? Infinity
        : integer('maxDeaths', given['maxDeaths'], 1, 2 ** 31, 3 * (lanes + 1)),
    deathWindow: integer('deathWindow', given['deathWindow'], 1, LONGEST_MS, 10_000),
    redact: redaction(given['redact']),
    maxQueue:
      given['maxQueue'] === Infinity ? Infinity : integer('maxQueue', given['maxQueue'], 0, 2 ** 31, 1_000),
    whenFull: oneOf('whenFull', given['whenFull'], ['reject', 'wait'], 'reject'),
    maxWaiting: integer('maxWaiting', given['maxWaiting'], 0, 2 ** 31, 100_000),
    refuseLate: flag('refuseLate', given['refuseLate'], false),
    timeout: unlimited(duration('timeout', given['timeout'], 30_000)),
    grace: duration('grace', given['grace'], 1_000),
    hostTimeout: unlimited(duration('hostTimeout', given['hostTimeout'], 30_000)),
    maxLostLanes: integer('maxLostLanes', given['maxLostLanes'], 0, 1_024, 4),
    stackSizeMb: integer('stackSizeMb', given['stackSizeMb'], 1, 64, 4),
    maxSessions: integer('maxSessions', given['maxSessions'], 1, lanes, Math.max(1, lanes - 1)),
    name,
    tuning: tuningOf(given['preset']),
  });
}

/** Options of `pool.close` and `session.close`. */
export interface CloseOptions {
  /** ms for accepted calls to finish before they are cancelled. Default 30,000; 0 cancels at once. */
  readonly timeout?: number;
}

/** ms that `close` waits for accepted calls to finish; Infinity is unlimited. @throws ArgumentError */
export function closeTimeout(options: unknown): number {
  const given = known('close option', options, ['timeout']);
  return duration('timeout', given['timeout'], 30_000);
}
