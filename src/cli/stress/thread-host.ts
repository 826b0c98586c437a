/**
 * Runs a command whose lanes are threads in a process of its own: a crash of the library ends that process, and this one
 * says so. The same command is started again, with a mark in its environment.
 *
 * Ctrl-C on a terminal reaches both processes, and the inner one acts on it; without a terminal it is passed on. When
 * this process is gone, the inner one ends: it sees that the channel between them has closed.
 */
import { spawn } from 'node:child_process';
import { EXIT, type ExitCode } from '../console/exit-codes.js';

const MARK = 'OFFTHREAD_STRESS_INNER';

/** Whether this is the inner process. */
export function isInner(): boolean {
  return process.env[MARK] === '1';
}

/** In the inner process: ends it when the outer one is gone. */
export function endWithOuter(): void {
  delete process.env[MARK];
  process.once('disconnect', () => process.exit(EXIT.interrupted));
  process.channel?.unref();
}

/** In the outer process. @returns the exit code of the command. */
export function runInner(): Promise<ExitCode> {
  const [node = process.execPath, ...args] = process.argv;
  const inner = spawn(node, [...process.execArgv, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: '1' },
  });
  const interrupt = (): void => {
    if (!process.stdin.isTTY) inner.kill('SIGINT');
  };
  process.on('SIGINT', interrupt);
  return new Promise((resolve, reject) => {
    inner.on('error', reject);
    inner.on('close', (code, signal) => {
      process.off('SIGINT', interrupt);
      if (signal === null) return resolve((code ?? EXIT.failed) as ExitCode);
      process.stderr.write(
        `offthread stress: The library ended the process (${signal}): a crash in a thread lane ends all of it. Run it with --isolation process: a crash ends one call there, and the report names its input.\n`,
      );
      resolve(EXIT.crashed);
    });
  });
}
