/**
 * Options of a pool: types, defaults, sizing, validation. Checked once, at the
 * door; inside everything is filled in and read-only.
 */
import { availableParallelism } from 'node:os';
import { Math } from '../builtins.js';
import { ArgumentError } from '../errors.js';
import { LONGEST_MS, duration, flag, integer, known, oneOf, quantity, refuse, unlimited } from './checks.js';
import { type LaneStart, laneStart } from './lane-start.js';
import { type Preset, type Tuning, tuningOf } from './tuning.js';

/** Options of a pool. All may be left out; they are checked and copied when the pool is made. */
export interface PoolOptions {
  /** Native calls that run at once. Default: by `sizing`. */
  readonly lanes?: number;
  /**
   * Rule for the number of lanes: `cpu` (default) one for each core available;
   * `blocking` four for each, from 4 to 64, for calls that wait rather than compute.
   */
  readonly sizing?: 'cpu' | 'blocking';
  /**
   * `thread` (default): lanes are threads of this process. `process`: each lane is a process of its own, so that
   * a crash, an exit or a hang of native code ends one call and nothing else.
   */
  readonly isolation?: 'thread' | 'process';
  /** Lanes kept ready beyond `lanes`: one steps in at once for one that died or was killed. Default 1 for process lanes, 0 for threads. */
  readonly spares?: number;
  /**
   * Environment of lanes; of a thread, its `process.env`. Default: this process's, when the pool is made.
   * This process's own `NODE_OPTIONS` are left out: lanes have its limits, permissions and warnings as flags, and
   * nothing that loads code or opens a port. Other `NODE_OPTIONS` are taken as they are.
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Flags of Node.js for lanes, beside those that they have from this process, for example
   * `['--import', './setup.mjs']`. Default: none. Without it no module of this program is loaded in lanes.
   */
  readonly execArgv?: readonly string[];
  /** Path of the Node.js that process lanes run on. Default: this process's own; needed where that is not Node.js (a single executable application, Electron). */
  readonly execPath?: string;
  /**
   * What process lanes write to stderr: `inherit` (default) passes it on to this process's; `capture` only keeps
   * the last lines, for the error that tells of a lane's death.
   */
  readonly stderr?: 'inherit' | 'capture';
  /** Calls after which a lane finishes what it has and is replaced. Default 0: never. */
  readonly recycleAfter?: number;
  /** Resident MB above which a process lane finishes what it has and is replaced. Default 0: never. */
  readonly recycleAboveMb?: number;
  /** Deaths of lanes within `deathWindow` after which the pool stops replacing them for a while; Infinity is never, but for lanes that cannot start. Default 3 for each lane, and 3 more. */
  readonly maxDeaths?: number;
  /** ms; see `maxDeaths`. It is also how long the pool stops replacing at first. Default 10,000. */
  readonly deathWindow?: number;
  /**
   * How arguments are shown in a LaneCrashedError: as they are, in short (false, default); by type and size only
   * (true); or as a function says.
   */
  readonly redact?: Redact;
  /** Calls that may wait for a lane. Default 1,000. 0: none waits. */
  readonly maxQueue?: number;
  /** What a call meets when the queue is full: an error at once (default), or a wait for room. */
  readonly whenFull?: 'reject' | 'wait';
  /** With `whenFull: 'wait'`: calls that may wait for room before a further one is rejected after all. Default 100,000. */
  readonly maxWaiting?: number;
  /**
   * Whether a call is refused at once (`OFFTHREAD_DEADLINE_UNREACHABLE`) that would end after its `deadline`, by what
   * waits and runs before it and how long such calls have taken; and dropped from the queue when its turn comes and it
   * takes longer than it has left. Default false. Calls without a deadline are always taken, and so is one that a lane
   * is free for.
   */
  readonly refuseLate?: boolean;
  /** ms a call may run, counted from its start. Default 30,000; 0 is unlimited. */
  readonly timeout?: number;
  /** ms that native code which was asked to stop has to come back before its lane is given up. Default 1,000. */
  readonly grace?: number;
  /** ms a function that native code calls on the host may take. Default 30,000; 0 is unlimited. */
  readonly hostTimeout?: number;
  /** Stuck threads tolerated beyond `lanes`. Default 4. */
  readonly maxLostLanes?: number;
  /**
   * MB of stack for each lane, 1 to 64. Default 4. koffi runs native code on a stack of its own, of at most 16 MB: with
   * it a larger number is 16 for native code. With the other engines native code of a process lane has what `ulimit -s`
   * says, and that of a thread lane what is given here.
   */
  readonly stackSizeMb?: number;
  /** Prefix of the lanes' names. Default `offthread`. */
  readonly name?: string;
  /** Trade-off between latency, throughput and memory. Default: a balance of them. */
  readonly preset?: Preset;
}

/** How arguments show in errors: as they are, by type and size only, or as the function says. */
export type Redact = boolean | ((value: unknown, index: number, symbol: string) => string);

/** Options, filled in. Times in ms; unlimited is Infinity. */
export interface PoolSettings extends LaneStart {
  readonly lanes: number;
  readonly isolation: 'thread' | 'process';
  readonly spares: number;
  readonly stderr: 'inherit' | 'capture';
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
  readonly name: string;
  readonly tuning: Tuning;
}

/** What only process lanes have. */
const OF_PROCESSES = {
  execPath: 'a thread runs in this process',
  stderr: 'threads write to the stderr of this process',
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
  'stderr',
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
  'name',
  'preset',
] as const satisfies (keyof PoolOptions)[];

/** Options of pools in earlier versions, and why they are no longer needed. */
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
    name,
    tuning: tuningOf(given['preset']),
  });
}

/** ms that `close` lets accepted calls finish; Infinity is for ever. @throws ArgumentError */
export function closeTimeout(options: unknown): number {
  const given = known('close option', options, ['timeout']);
  return duration('timeout', given['timeout'], 30_000);
}
