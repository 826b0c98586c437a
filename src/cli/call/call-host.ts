/**
 * A process around `offthread call --isolation thread`: a thread that crashes, or calls exit(), takes its process along, and
 * somebody has to say so.
 *
 *   command ──► the same command once more, in a process ──► it says how it ended, then ends
 *                     └──► it ends and has said nothing: the library ended it
 */
import { spawn } from 'node:child_process';
import { EXIT, type ExitCode } from '../console/exit-codes.js';

/** Set in the process that makes the call. */
const HOSTED = 'OFFTHREAD_CALL_HOSTED';

/** Whether this is the process that makes the call. */
export function isHosted(): boolean {
  return process.env[HOSTED] !== undefined && process.send !== undefined;
}

/** Says that the call is over: what ends the process from now on is not the library. */
export function reportEnd(code: ExitCode): void {
  process.send?.({ ended: code });
  process.disconnect();
}

/** @param symbol the name of the function, for the message. */
export function runHosted(symbol: string): Promise<ExitCode> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [HOSTED]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let ended: ExitCode | null = null;
  child.on('message', (message: { readonly ended: ExitCode }) => (ended = message.ended));
  // Ctrl-C reaches both processes; the one that makes the call decides.
  const ignore = (): void => {};
  const forward = (): void => void child.kill('SIGTERM');
  process.on('SIGINT', ignore);
  process.on('SIGTERM', forward);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', forward);
      if (ended !== null) resolve(ended);
      else if (signal === 'SIGINT' || signal === 'SIGTERM') resolve(EXIT.interrupted);
      else {
        const how = signal === null ? `exited with code ${code}` : `was killed by ${signal}`;
        process.stderr.write(
          `offthread call: ${symbol} ended its process: it ${how} in native code. With --isolation process, its stderr and more is known.\n`,
        );
        resolve(EXIT.crashed);
      }
    });
  });
}
