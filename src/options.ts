/**
 * Options: types, defaults, presets, sizing, validation. Checked once, at the
 * door; inside everything is filled in and read-only.
 */
import { availableParallelism } from 'node:os';
import { inspect, types } from 'node:util';
import { ArgumentError } from './errors.js';

/** A bundle of tuning choices. */
export type Preset = 'low-latency' | 'high-throughput' | 'low-memory';

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
   * How process lanes are reached while native code runs. `shared` (default): by memory that they share with this
   * process; where none is to be had, by `kill-only`: everything goes by messages, a running call is stopped by
   * killing its lane, native code cannot call back, and there are no blocking calls. `stats().control` says which.
   */
  readonly control?: 'shared' | 'kill-only';
  /** Environment of process lanes. Default: this process's, when the pool is made, without inspector flags. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * What process lanes write to stderr: `inherit` (default) passes it on to this process's; `capture` only keeps
   * the last lines, for the error that tells of a lane's death.
   */
  readonly stderr?: 'inherit' | 'capture';
  /** Calls after which a lane finishes what it has and is replaced. Default 0: never. */
  readonly recycleAfter?: number;
  /** Resident MB above which a process lane finishes what it has and is replaced. Default 0: never. */
  readonly recycleAboveMb?: number;
  /** Deaths of lanes within `deathWindow` after which the pool stops replacing them for a while. Default 3 for each lane, and 3 more. */
  readonly maxDeaths?: number;
  /** ms; see `maxDeaths`. It is also how long the pool stops replacing at first. Default 10,000. */
  readonly deathWindow?: number;
  /** Lanes that one function may crash with one set of arguments, before such calls are refused. Default 0: any number. */
  readonly maxKills?: number;
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
  /** ms a call may run, counted from its start. Default 30,000; 0 is unlimited. */
  readonly timeout?: number;
  /** ms that native code which was asked to stop has to come back before its lane is given up. Default 1,000. */
  readonly grace?: number;
  /** ms a function that native code calls on the host may take. Default 30,000; 0 is unlimited. */
  readonly hostTimeout?: number;
  /** Stuck threads tolerated beyond `lanes`. Default 4. */
  readonly maxLostLanes?: number;
  /** MB of stack for each lane, 1 to 64. Default 4. */
  readonly stackSizeMb?: number;
  /** Prefix of the lanes' names. Default `offthread`. */
  readonly name?: string;
  readonly preset?: Preset;
}

/** How arguments show in errors: as they are, by type and size only, or as the function says. */
export type Redact = boolean | ((value: unknown, index: number, symbol: string) => string);

/** What a preset decides. */
export interface Tuning {
  /** Calls that fit a lane's ring. A power of two. */
  readonly rows: number;
  /** Bytes for the arguments of those calls. */
  readonly arenaBytes: number;
  /** Bytes for the chunks that native code hands out. A power of two. */
  readonly chunkBytes: number;
  /** µs a lane looks for the next call before it sleeps. */
  readonly laneSpinUs: number;
  /** µs the host looks for the result of a short call before it sleeps. */
  readonly hostSpinUs: number;
  /** ms without a call after which a lane no longer keeps the process alive. */
  readonly leaseIdleMs: number;
}

/** Options, filled in. Times in ms; unlimited is Infinity. */
export interface PoolSettings {
  readonly lanes: number;
  readonly isolation: 'thread' | 'process';
  readonly spares: number;
  readonly control: 'shared' | 'kill-only';
  readonly env: Readonly<Record<string, string>>;
  readonly stderr: 'inherit' | 'capture';
  /** Infinity: never. */
  readonly recycleAfter: number;
  readonly recycleAboveMb: number;
  readonly maxDeaths: number;
  readonly deathWindow: number;
  /** 0: any number. */
  readonly maxKills: number;
  readonly redact: Redact;
  readonly maxQueue: number;
  readonly whenFull: 'reject' | 'wait';
  readonly maxWaiting: number;
  readonly timeout: number;
  readonly grace: number;
  readonly hostTimeout: number;
  readonly maxLostLanes: number;
  readonly stackSizeMb: number;
  readonly name: string;
  readonly tuning: Tuning;
}

/** Options of one call. `Chunk` is what it streams, where it does. */
export interface CallOptions<Chunk = never> {
  /** Cancels the call when it aborts. */
  readonly signal?: AbortSignal;
  /** ms of running, in place of the pool's. 0 is unlimited. */
  readonly timeout?: number;
  /** ms from the call over queueing and running together, or a point in time. 0, or a point that has passed: the call is not started. */
  readonly deadline?: number | Date;
  /** Higher goes first: an integer from -128 to 127. Default 0. */
  readonly priority?: number;
  /** ms for each function that native code calls on the host, in place of the declaration's and the pool's. 0 is unlimited. */
  readonly hostTimeout?: number;
  /** Chunks unread before native code waits, from 1 to 65,536, in place of the declaration's. For streams. */
  readonly highWaterMark?: number;
  /** Gets every chunk, in order; while a promise of it is pending, the next one waits. For functions that stream. */
  readonly onChunk?: (chunk: Chunk) => unknown;
  /** What an `onChunk` that throws does: `fail` (default) fails the call and stops native code; `report` tells the pool's `error` event and goes on. */
  readonly onChunkError?: 'fail' | 'report';
  /** How often a call that has crashed its lane is run again, on another one. Default 0. Streams are not run again. */
  readonly retry?: number;
}

const balanced: Tuning = {
  rows: 1_024,
  arenaBytes: 131_072,
  chunkBytes: 262_144,
  laneSpinUs: 20,
  hostSpinUs: 20,
  leaseIdleMs: 50,
};
const presets: Readonly<Record<Preset, Tuning>> = {
  'low-latency': { ...balanced, laneSpinUs: 100, hostSpinUs: 50 },
  'high-throughput': { ...balanced, rows: 4_096, arenaBytes: 524_288, chunkBytes: 1_048_576, laneSpinUs: 50 },
  'low-memory': { ...balanced, rows: 64, arenaBytes: 16_384, chunkBytes: 65_536 },
};

/** Longest duration Node's timers take: 2^31 - 1 ms, about 24.8 days. */
export const LONGEST_MS: number = 2 ** 31 - 1;

/** A value for a message: short, and never throws. */
export const show = (value: unknown): string => {
  try {
    return inspect(value, { depth: 0, breakLength: Infinity, maxStringLength: 60, maxArrayLength: 3 });
  } catch {
    return 'a value that cannot be shown';
  }
};

/** What was thrown, for a message. It is a user's value: reading it may throw. */
export const thrownText = (thrown: unknown): string => {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : undefined;
    return typeof message === 'string' ? message : show(thrown);
  } catch {
    return 'a value that cannot be read';
  }
};

function refuse(name: string, value: unknown, wanted: string): never {
  throw new ArgumentError(`Option \`${name}\` is ${show(value)}; it has to be ${wanted}.`);
}

function integer(name: string, value: unknown, least: number, most: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(name, value, `a whole number from ${least} to ${most}`);
  }
  return value;
}

function duration(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0) || (value > LONGEST_MS && value !== Infinity)) {
    refuse(name, value, `a number of milliseconds from 0 to ${LONGEST_MS}`);
  }
  return value;
}

function oneOf<const T extends string>(name: string, value: unknown, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  if (!allowed.includes(value as T))
    refuse(name, value, `one of ${allowed.map((one) => `'${one}'`).join(', ')}`);
  return value as T;
}

/** The properties of a plain object, each read once; null for anything else, also for one that throws when it is read. */
function plainCopy(options: unknown): Record<string, unknown> | null {
  try {
    if (typeof options !== 'object' || options === null) return null;
    const prototype: unknown = Object.getPrototypeOf(options);
    // Of any realm: its prototype is the last, as Object.prototype is.
    return prototype === null || Object.getPrototypeOf(prototype) === null ? { ...options } : null;
  } catch {
    return null;
  }
}

/** The options, copied. @throws ArgumentError for what is no plain object, and for unknown names. */
export function known(what: string, options: unknown, names: readonly string[]): Record<string, unknown> {
  if (options === undefined) return {};
  const copy = plainCopy(options);
  if (copy === null) throw new ArgumentError(`${what} are ${show(options)}; they have to be a plain object.`);
  const unknown = Object.keys(copy).find((key) => !names.includes(key));
  if (unknown !== undefined) {
    throw new ArgumentError(`${what} have no \`${unknown}\`. There are: ${names.join(', ')}.`);
  }
  return copy;
}

/** 0 stands for no limit. */
const unlimited = (limit: number): number => (limit === 0 ? Infinity : limit);

function quantity(name: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= 0)) refuse(name, value, 'a number from 0 up');
  return value;
}

/** What only process lanes have. */
const OF_PROCESSES = {
  env: 'threads share the environment of this process',
  stderr: 'threads write to the stderr of this process',
  recycleAboveMb: 'a thread has no resident size of its own',
  control: 'a thread cannot be killed',
} as const;

function refuseForThreads(given: Readonly<Record<string, unknown>>): void {
  for (const [name, why] of Object.entries(OF_PROCESSES)) {
    if (given[name] === undefined || (name === 'control' && given[name] === 'shared')) continue;
    throw new ArgumentError(
      `Option \`${name}\` is for process lanes, and this pool has threads: ${why}. Use { isolation: 'process' }, or leave it out.`,
    );
  }
}

/** A debugger's port is one process's. */
const INSPECTOR = /(^|\s)--inspect(-\w+)*(=\S+)?/g;

function environment(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) {
    const { NODE_OPTIONS: options, ...rest } = process.env;
    const own = Object.fromEntries(
      Object.entries(rest).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]])),
    );
    return options === undefined ? own : { ...own, NODE_OPTIONS: options.replace(INSPECTOR, '') };
  }
  const copy = plainCopy(value);
  if (copy === null) refuse('env', value, 'a plain object of texts');
  for (const [key, text] of Object.entries(copy)) {
    if (typeof text !== 'string' || text.includes('\0') || key === '' || /[=\0]/.test(key)) {
      refuse(`env.${key}`, text, 'a text without NUL, by a name without = and NUL');
    }
  }
  return copy as Record<string, string>;
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
  'control',
  'env',
  'stderr',
  'recycleAfter',
  'recycleAboveMb',
  'maxDeaths',
  'deathWindow',
  'maxKills',
  'redact',
  'maxQueue',
  'whenFull',
  'maxWaiting',
  'timeout',
  'grace',
  'hostTimeout',
  'maxLostLanes',
  'stackSizeMb',
  'name',
  'preset',
] as const satisfies (keyof PoolOptions)[];

/** @throws ArgumentError naming the option. */
export function poolSettings(options?: PoolOptions): PoolSettings {
  const given = known('Pool options', options, POOL_OPTIONS);
  const sizing = oneOf('sizing', given['sizing'], ['cpu', 'blocking'], 'cpu');
  const cores = availableParallelism();
  const sized = sizing === 'cpu' ? cores : Math.min(64, Math.max(4, cores * 4));
  const isolation = oneOf('isolation', given['isolation'], ['thread', 'process'], 'thread');
  const processes = isolation === 'process';
  const lanes = integer('lanes', given['lanes'], 1, 1_024, sized);
  if (!processes) refuseForThreads(given);
  const name = given['name'] ?? 'offthread';
  if (typeof name !== 'string' || name === '' || name.length > 64)
    refuse('name', name, 'a text of 1 to 64 characters');
  const preset = given['preset'];
  return Object.freeze({
    lanes,
    isolation,
    spares: integer('spares', given['spares'], 0, 64, processes ? 1 : 0),
    control: oneOf('control', given['control'], ['shared', 'kill-only'], 'shared'),
    env: processes ? environment(given['env']) : {},
    stderr: oneOf('stderr', given['stderr'], ['inherit', 'capture'], 'inherit'),
    recycleAfter: unlimited(integer('recycleAfter', given['recycleAfter'], 0, 2 ** 31, 0)),
    recycleAboveMb: unlimited(quantity('recycleAboveMb', given['recycleAboveMb'], 0)),
    maxDeaths:
      given['maxDeaths'] === Infinity
        ? Infinity
        : integer('maxDeaths', given['maxDeaths'], 1, 2 ** 31, 3 * (lanes + 1)),
    deathWindow: integer('deathWindow', given['deathWindow'], 1, LONGEST_MS, 10_000),
    maxKills: integer('maxKills', given['maxKills'], 0, 2 ** 31, 0),
    redact: redaction(given['redact']),
    maxQueue:
      given['maxQueue'] === Infinity ? Infinity : integer('maxQueue', given['maxQueue'], 0, 2 ** 31, 1_000),
    whenFull: oneOf('whenFull', given['whenFull'], ['reject', 'wait'], 'reject'),
    maxWaiting: integer('maxWaiting', given['maxWaiting'], 0, 2 ** 31, 100_000),
    timeout: unlimited(duration('timeout', given['timeout'], 30_000)),
    grace: duration('grace', given['grace'], 1_000),
    hostTimeout: unlimited(duration('hostTimeout', given['hostTimeout'], 30_000)),
    maxLostLanes: integer('maxLostLanes', given['maxLostLanes'], 0, 1_024, 4),
    stackSizeMb: integer('stackSizeMb', given['stackSizeMb'], 1, 64, 4),
    name,
    tuning:
      preset === undefined
        ? balanced
        : presets[oneOf('preset', preset, ['low-latency', 'high-throughput', 'low-memory'], 'low-latency')],
  });
}

/** ms from the call over queueing and running, a point in time, or none. */
export type Deadline = number | Date | undefined;

/** Options of one call, checked. Absent ones fall back to the pool's at the call. */
export interface CallSettings {
  readonly signal: AbortSignal | undefined;
  /** ms; Infinity is unlimited; undefined is the pool's. */
  readonly timeout: number | undefined;
  readonly deadline: Deadline;
  readonly priority: number;
  /** ms; Infinity is unlimited; undefined is the declaration's or the pool's. */
  readonly hostTimeout: number | undefined;
  readonly highWaterMark: number | undefined;
  readonly onChunk: ((chunk: unknown) => unknown) | undefined;
  readonly onChunkError: 'fail' | 'report';
  readonly retry: number;
}

export const NO_CALL_OPTIONS: CallSettings = Object.freeze({
  signal: undefined,
  timeout: undefined,
  deadline: undefined,
  priority: 0,
  hostTimeout: undefined,
  highWaterMark: undefined,
  onChunk: undefined,
  onChunkError: 'fail',
  retry: 0,
});

const CALL_OPTIONS = [
  'signal',
  'timeout',
  'deadline',
  'priority',
  'hostTimeout',
  'highWaterMark',
  'onChunk',
  'onChunkError',
  'retry',
] as const satisfies (keyof CallOptions)[];

function optionalFunction(name: string, value: unknown): ((chunk: unknown) => unknown) | undefined {
  if (value !== undefined && typeof value !== 'function') refuse(name, value, 'a function');
  return value as ((chunk: unknown) => unknown) | undefined;
}

function isSignal(value: unknown): value is AbortSignal {
  try {
    return value instanceof AbortSignal && typeof value.aborted === 'boolean';
  } catch {
    return false;
  }
}

/** @throws ArgumentError naming the option. */
export function callSettings(options: CallOptions | undefined): CallSettings {
  const given = known('Call options', options, CALL_OPTIONS);
  const { signal, deadline } = given;
  if (signal !== undefined && !isSignal(signal)) refuse('signal', signal, 'an AbortSignal');
  if (types.isDate(deadline) && Number.isNaN(deadline.getTime()))
    refuse('deadline', deadline, 'a valid Date');
  return Object.freeze({
    signal,
    timeout: given['timeout'] === undefined ? undefined : unlimited(duration('timeout', given['timeout'], 0)),
    deadline: types.isDate(deadline)
      ? new Date(deadline)
      : deadline === undefined
        ? undefined
        : duration('deadline', deadline, 0),
    priority: integer('priority', given['priority'], -128, 127, 0),
    hostTimeout:
      given['hostTimeout'] === undefined
        ? undefined
        : unlimited(duration('hostTimeout', given['hostTimeout'], 0)),
    highWaterMark:
      given['highWaterMark'] === undefined
        ? undefined
        : integer('highWaterMark', given['highWaterMark'], 1, 65_536, 1),
    onChunk: optionalFunction('onChunk', given['onChunk']),
    onChunkError: oneOf('onChunkError', given['onChunkError'], ['fail', 'report'], 'fail'),
    retry: integer('retry', given['retry'], 0, 2 ** 31, 0),
  });
}

/** ms that `close` lets accepted calls finish; Infinity is for ever. @throws ArgumentError */
export function closeTimeout(options: unknown): number {
  const given = known('Close options', options, ['timeout']);
  return duration('timeout', given['timeout'], 30_000);
}

/** ms to wait for a stream's end; Infinity is for ever. @throws ArgumentError */
export function endedTimeout(options: unknown): number {
  const given = known('Options of ended', options, ['timeout']);
  return duration('timeout', given['timeout'], Infinity);
}
