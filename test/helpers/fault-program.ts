/** Runs a program with a pool of either isolation in a Node.js process of its own: for parents that die, and faults that may take one along. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { FAULTS } from './fault-functions.js';
import { FAULTLIB, faultlib, type Ground } from './faults.js';
import { descendantsOf, isAlive, killAll } from './processes.js';
import type { ProgramEnd } from './program.js';
import { testlib } from './testlib.js';
import { GUARD_MS, until } from './waiting.js';

const index = import.meta.resolve('offthread');

/**
 * What every program starts with. `open(options)` gives a pool and `lib`; `talk(pool)` the functions that call back.
 * A program that is to be killed says what it has reached, and then `rest()`s.
 */
const prelude = ({ isolation, engine }: Ground): string => `
  import { existsSync, writeSync } from 'node:fs';
  import * as offthread from ${JSON.stringify(index)};
  const { createPool, callback, chunks } = offthread;
  const TESTLIB = ${JSON.stringify(testlib)};
  const FAULTLIB = ${JSON.stringify(faultlib)};
  const fns = ${JSON.stringify({ ...FAULTS })};
  const faultFns = ${JSON.stringify({ ...FAULTLIB })};
  const engine = ${JSON.stringify(engine)};
  const isolation = ${JSON.stringify(isolation)};
  const open = async (options = {}) => {
    const pool = createPool({ isolation, lanes: 1, grace: 100, ...options });
    return { pool, lib: await pool.open(TESTLIB, fns, { engine }) };
  };
  const talk = (pool) => pool.open(TESTLIB, {
    ot_call_callback: { arguments: [callback({ arguments: ['i32'], return: 'i32' }), 'i32'], return: 'i32' },
    ot_stream_chunks: {
      arguments: [chunks({ arguments: ['i32', 'pointer', 'u32'], return: 'i32' }, { bytes: [1, 2], stop: 1 }), 'i32', 'i32'],
      return: 'i32',
    },
  }, { engine });
  const words = (count = 1) => {
    const bytes = (offthread.sharedBytes ?? ((n) => new Uint8Array(new SharedArrayBuffer(n))))(count * 4);
    return new Int32Array(bytes.buffer, bytes.byteOffset, count);
  };
  const turn = (ms = 2) => new Promise((resolve) => setTimeout(resolve, ms));
  const reached = async (word, value = 1) => {
    while (Atomics.load(word, 0) < value) await turn();
  };
  const idle = async (pool) => {
    while (pool.stats().lanes.idle < pool.stats().lanes.total) await turn();
  };
  /** Starts a call that never comes back, and waits until it is in native code. */
  const stick = async (lib, options = {}) => {
    const entered = words();
    // To be deaf to SIGTERM is for a process of its own.
    const call = isolation === 'process'
      ? lib.ot_hang_deaf.with(options)(entered)
      : lib.ot_enter_and_wait.with(options)(entered, words(), 0);
    call.catch(() => {});
    await reached(entered);
    return { call };
  };
  const say = (text) => writeSync(1, text + '\\n');
  const mark = () => say('mark');
  const rest = () => setInterval(() => {}, 60_000);
`;

export interface ProgramOptions {
  /** Arguments of node. */
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Descriptors that it may have, MB of address space that it and its lanes may have each, blocks of 512 bytes of a file. */
  readonly descriptors?: number;
  readonly addressSpaceMb?: number;
  readonly fileBlocks?: number;
  /** It runs where /proc is empty: see `mayHideProc`. */
  readonly hidesProc?: boolean;
}

const HIDDEN = `unshare -m /bin/sh -c 'mount -t tmpfs none /proc && exec "$0" "$@"'`;

/** Whether programs can be run where /proc is empty: root may do that, on Linux. */
export const mayHideProc: boolean =
  process.platform === 'linux' &&
  spawnSync('/bin/sh', ['-c', `${HIDDEN} /bin/true`], { stdio: 'ignore' }).status === 0;

/** A program that runs, and that the test may end. */
export interface Program {
  readonly pid: number;
  readonly stdout: string;
  /** Resolves when it has said that line; rejects when it ends without. */
  said(line: string): Promise<void>;
  /** Its descendants now: the lanes. */
  lanes(): number[];
  kill(signal?: NodeJS.Signals): void;
  /** Resolves when it has ended, and nobody holds its output any more. */
  readonly ended: Promise<ProgramEnd>;
}

/** Starts a program. It is killed when it takes far too long, which shows as a signal. */
export function startProgram(ground: Ground, code: string, options: ProgramOptions = {}): Program {
  const start = performance.now();
  const limits = [
    ...(options.descriptors === undefined ? [] : [`ulimit -n ${options.descriptors}`]),
    ...(options.fileBlocks === undefined ? [] : [`ulimit -f ${options.fileBlocks}`]),
    ...(options.addressSpaceMb === undefined ? [] : [`ulimit -v ${options.addressSpaceMb * 1_000}`]),
  ];
  const child: ChildProcess = spawn(
    '/bin/sh',
    [
      '-c',
      [...limits, options.hidesProc === true ? `exec ${HIDDEN} "$0" "$@"` : 'exec "$0" "$@"'].join(' && '),
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      ...(options.args ?? []),
      '--input-type=module',
      '-e',
      prelude(ground) + code,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
  );
  const output = { stdout: '', stderr: '' };
  let marked: number | undefined;
  let ended: number | undefined;
  const guard = setTimeout(() => child.kill('SIGKILL'), 2 * GUARD_MS);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
    if (output.stdout.includes('mark\n')) marked ??= performance.now();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const { pid = 0 } = child;
  const end = new Promise<ProgramEnd>((resolve, reject) => {
    let reader: NodeJS.Timeout | undefined;
    child.on('error', reject);
    child.on('exit', () => {
      ended = performance.now();
      clearTimeout(guard);
      // An orphan that holds its output would keep a test waiting: it is to fail instead.
      reader = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, GUARD_MS);
    });
    child.on('close', (code, signal) => {
      clearTimeout(reader);
      resolve({
        code,
        signal,
        stdout: output.stdout.replace('mark\n', ''),
        stderr: output.stderr,
        ms: (ended ?? 0) - start,
        sinceMark: marked === undefined ? undefined : (ended ?? 0) - marked,
      });
    });
  });
  return {
    pid,
    get stdout() {
      return output.stdout;
    },
    said: async (line) => {
      const heard = (): boolean => output.stdout.split('\n').includes(line);
      await until(() => heard() || ended !== undefined, `the program to say ${line}`, 2 * GUARD_MS);
      if (!heard()) throw new Error(`the program ended without saying ${line}: ${output.stderr}`);
    },
    lanes: () => descendantsOf(pid),
    kill: (signal = 'SIGKILL') => child.kill(signal),
    ended: end,
  };
}

/** What became of a program and of the lanes that it had. */
export interface FamilyEnd extends ProgramEnd {
  /** Lanes seen while it ran that were still alive well after its end. */
  readonly orphans: readonly number[];
}

/** Runs a program to its end, watching its lanes. */
export async function runFamily(ground: Ground, code: string, options?: ProgramOptions): Promise<FamilyEnd> {
  const program = startProgram(ground, code, options);
  const seen = new Set<number>();
  const watch = setInterval(() => {
    for (const pid of program.lanes()) seen.add(pid);
  }, 20);
  const end = await program.ended.finally(() => clearInterval(watch));
  return { ...end, orphans: await orphansOf([...seen]) };
}

/** Those of a dead parent's lanes that outlive it by more than a moment; they are ended here. */
export async function orphansOf(pids: readonly number[]): Promise<number[]> {
  const alive = (): number[] => pids.filter(isAlive);
  await until(() => alive().length === 0, 'the lanes to end', 5_000).catch(() => {});
  const orphans = alive();
  killAll(orphans);
  return orphans;
}
