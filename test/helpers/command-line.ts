/** Runs the published command line in a process of its own, and tells how that ended. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GUARD_MS } from './waiting.js';

/** The file that `npx offthread` runs. */
export const commandFile: string = fileURLToPath(
  new URL('cli/offthread.js', import.meta.resolve('offthread')),
);

export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** What stdin gives; nothing by default. */
  readonly input?: string | Uint8Array;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `offthread ARGS`; it is killed when it takes far too long, which shows as a signal. */
export function runCli(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const { input, cwd, env } = options;
  const child = spawn(process.execPath, [commandFile, ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  });
  const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A command that ends before it has read its input is no fault of the test.
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ code, signal, stdout, stderr });
    });
  });
}
