/** Runs a small program that uses offthread in a Node.js process of its own, and tells how that ended. */
import { spawn } from 'node:child_process';
import { testlib } from './testlib.js';
import { GUARD_MS } from './waiting.js';

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** ms of its whole life. */
  readonly ms: number;
  /** ms from the line `mark` on stdout to its end; undefined where there was none. */
  readonly sinceMark: number | undefined;
}

const index = import.meta.resolve('offthread');

/** What every program starts with: `open(options)` gives a pool, `lib` and a gate; `mark()` starts the clock. */
const prelude = (engine: string): string => `
  import { writeSync } from 'node:fs';
  import { createPool, CallTimeoutError } from ${JSON.stringify(index)};
  const fns = {
    ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
    ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
    ot_hang: { arguments: [], return: 'i32' },
    ot_use_stack: { arguments: ['i32'], return: 'i32' },
    ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero' },
    ot_enter_and_wait: { arguments: ['buffer', 'buffer', 'i32'], return: 'i32' },
    ot_spin_until_cancelled: { arguments: ['cancelFlag', 'i32'], return: 'i32' },
  };
  const TESTLIB = ${JSON.stringify(testlib)};
  const open = async (options = {}) => {
    const pool = createPool({ lanes: 1, ...options });
    return { pool, lib: await pool.open(TESTLIB, fns, { engine: ${JSON.stringify(engine)} }) };
  };
  const memory = new SharedArrayBuffer(128);
  const [entered, release] = [new Int32Array(memory, 0, 1), new Int32Array(memory, 64, 1)];
  /** Starts a call that never comes back, and waits until it is in native code. */
  const stick = async (fn) => {
    const before = Atomics.load(entered, 0);
    const call = fn(entered, release, 0);
    call.catch(() => {});
    while (Atomics.load(entered, 0) === before) await new Promise((resolve) => setTimeout(resolve, 1));
    return { call };
  };
  const say = (text) => writeSync(1, text + '\\n');
  const mark = () => say('mark');
`;

/** Runs the program; it is killed when it takes far too long, which shows as a signal. */
export function runProgram(engine: string, code: string, args: readonly string[] = []): Promise<ProgramEnd> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    // Node itself warns of its own experimental node:ffi.
    ['--disable-warning=ExperimentalWarning', ...args, '--input-type=module', '-e', prelude(engine) + code],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
  let stdout = '';
  let stderr = '';
  let marked: number | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (marked === undefined && stdout.includes('mark\n')) marked = performance.now();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let ended = 0;
  child.on('exit', () => (ended = performance.now()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(guard);
      resolve({
        code: status,
        signal,
        stdout: stdout.replace('mark\n', ''),
        stderr,
        ms: ended - start,
        sinceMark: marked === undefined ? undefined : ended - marked,
      });
    });
  });
}
