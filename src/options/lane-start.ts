/** The Node.js binary, flags and environment with which lanes are started. */
import type { SpawnSyncReturns } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { JSON, builtinModule } from '../builtins.js';
import { ArgumentError } from '../errors.js';
import { copyOf, refuse, show, thrownText } from './checks.js';
import { environment } from './environment.js';
import { executable, requireNode } from './node-binary.js';
import { inheritedFlags, otherProgram } from './node-flags.js';

export interface LaneStart {
  /** Path of the Node.js binary for process lanes. */
  readonly execPath: string;
  /** Flags of Node.js: those inherited from this process, then those of the option `execArgv`. */
  readonly execArgv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Path of the file that lanes run; null: found where offthread is installed. */
  readonly laneFile: string | null;
}

/** ms within which a Node.js binary must print its version. */
const VERSION_MS = 10_000;
/** The starts that have been tried successfully. */
const tried = new Set<string>();

/** @throws ArgumentError naming the option. */
export function laneStart(
  isolation: 'thread' | 'process',
  given: Readonly<Record<string, unknown>>,
): LaneStart {
  const flags = flagList(given['execArgv']);
  const start = {
    env: environment(given['env']),
    execArgv: [...inheritedFlags(isolation), ...flags],
    execPath: process.execPath,
    laneFile: laneFilePath(given['laneFile']),
  };
  const ownFlags = flags.length > 0 || start.env['NODE_OPTIONS'] !== undefined;
  if (isolation === 'thread') {
    if (ownFlags) once(start, requireThread);
    return start;
  }
  if (given['execPath'] === undefined) requireNode(start.env);
  else start.execPath = executable(given['execPath'], start.env);
  if (given['execPath'] !== undefined || ownFlags) once(start, requireProcess);
  return start;
}

/** The absolute path of `laneFile`; null if the option is not set. */
function laneFilePath(value: unknown): string | null {
  if (value === undefined) return null;
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return resolve(value);
  if (value instanceof URL && value.protocol === 'file:') return fileURLToPath(value);
  return refuse('laneFile', value, 'the path or file URL of offthread-lane.cjs');
}

function flagList(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const list = copyOf(value);
  const wanted = "a list of Node.js flags, such as ['--import', './setup.mjs']";
  if (list === null) refuse('execArgv', value, wanted);
  for (const one of list)
    if (typeof one !== 'string' || one === '' || one.includes('\0')) refuse('execArgv', value, wanted);
  const flags = list as string[];
  const other = otherProgram(flags);
  if (other !== undefined) {
    throw new ArgumentError(
      `Option \`execArgv\` contains ${show(other)}, with which Node.js would not run the lane. Pass only flags that change how a program runs, such as --import, and no program.`,
    );
  }
  return flags;
}

/** Trying is expensive: a start that has succeeded is not tried again. */
function once(start: LaneStart, attempt: (start: LaneStart) => void): void {
  const { execPath, execArgv, env } = start;
  const key = JSON.stringify([attempt.name, execPath, execArgv, env['NODE_OPTIONS']]);
  if (tried.has(key)) return;
  attempt(start);
  tried.add(key);
}

/**
 * A Worker checks its flags before it clones its data. With data that cannot be cloned, it reports invalid flags and is
 * never started.
 */
function requireThread({ execArgv, env }: LaneStart): void {
  try {
    new Worker('', { eval: true, execArgv: [...execArgv], env, workerData: Symbol('not to be cloned') });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_INVALID_EXEC_ARGV') return;
    const text = thrownText(error);
    const option = text.includes('NODE_OPTIONS') ? 'env.NODE_OPTIONS' : 'execArgv';
    throw new ArgumentError(
      `Option \`${option}\` contains flags that Node.js does not accept for a thread: ${text.slice(text.indexOf(':') + 1).trim()}. ` +
        "Flags of V8 and flags for a whole process cannot be set for one thread: start this program with them, or use { isolation: 'process' }.",
      { cause: error },
    );
  }
}

/** Node.js prints its version and exits, or reports flags that it does not know. */
function requireProcess(start: LaneStart): void {
  const { execPath, execArgv } = start;
  const answer = versionBy(start);
  if (answer === null) return;
  const { error, status, stdout, stderr } = answer;
  if (error === undefined && status === 0 && /^v\d+\.\d+/.test(stdout)) return;
  const said = (error === undefined ? stderr.trim() || stdout.trim() : error.message).slice(0, 300);
  throw new ArgumentError(
    `Process lanes cannot be started as \`${[execPath, ...execArgv].join(' ')}\`: the answer to --version is not that of Node.js: ${said || '(no output)'}. ` +
      'Set `execPath` to the path of a Node.js binary, and use only flags in `execArgv` and `env.NODE_OPTIONS` that this binary accepts.',
    { cause: error },
  );
}

/**
 * The outcome of `--version`; null if this process may not start processes: the start of a lane then reports the cause.
 */
function versionBy({ execPath, execArgv, env }: LaneStart): SpawnSyncReturns<string> | null {
  try {
    const { spawnSync } = builtinModule('node:child_process');
    return spawnSync(execPath, ['--version', ...execArgv], { encoding: 'utf8', env, timeout: VERSION_MS });
  } catch {
    return null;
  }
}
