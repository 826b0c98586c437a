/** Compiles a C program and runs it, where the machine has a compiler. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Program {
  /** Of its file, without `.c`. */
  readonly name: string;
  readonly source: string;
}

export interface Ended {
  /** Null after a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The program did not end within its time, and was killed. */
  readonly late: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that was compiled, in a folder of its own. */
export interface Compiled {
  run(timeoutMs: number, args?: readonly string[]): Promise<Ended>;
  /** Removes the folder. */
  remove(): Promise<void>;
}

/** ms for the compiler. */
const COMPILE_MS = 60_000;
/** Characters of output that are kept. */
const KEPT = 16_384;

/** The command that compiles a program. */
export function compileCommand({ name }: Pick<Program, 'name'>): string[] {
  return [
    'cc',
    '-O2',
    '-pthread',
    '-o',
    name,
    `${name}.c`,
    ...(process.platform === 'linux' ? ['-ldl', '-lm'] : []),
  ];
}

/**
 * @param signal ends the compiler, and the program.
 * @returns null where there is no compiler, or a text that says why it could not compile the program.
 */
export async function compile(
  program: Program,
  flags: readonly string[],
  signal: AbortSignal,
): Promise<Compiled | string | null> {
  const folder = await mkdtemp(join(tmpdir(), 'offthread-stress-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  await writeFile(join(folder, `${program.name}.c`), program.source);
  const [command, ...args] = [...compileCommand(program), ...flags] as [string, ...string[]];
  let end: Ended;
  try {
    end = await run(process.env['CC'] || command, args, { cwd: folder, timeoutMs: COMPILE_MS, signal });
  } catch {
    await remove();
    return null;
  }
  if (end.code !== 0) {
    await remove();
    return `The compiler refused the program: ${end.stderr.trim() || `exit code ${end.code}`}`;
  }
  return {
    run: (timeoutMs, given = []) =>
      run(join(folder, program.name), given, { cwd: process.cwd(), timeoutMs, signal }),
    remove,
  };
}

/** @throws (rejects) when it cannot be started. */
function run(
  command: string,
  args: readonly string[],
  {
    cwd,
    timeoutMs,
    signal: stop,
  }: { readonly cwd: string; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // A group of its own: a program that forks is ended as a whole.
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endGroup(child.pid);
    }, timeoutMs);
    const onStop = (): void => endGroup(child.pid);
    const over = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', onStop);
    };
    stop.addEventListener('abort', onStop);
    if (stop.aborted) onStop();
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (texts[name].length < KEPT) texts[name] += text;
      });
    }
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('close', (code, signal) => {
      over();
      resolve({ code, signal, late, ...texts });
    });
  });
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
