/** Two native calls that are stopped early: one that supports it, and one that does not. */
import type { Pool } from 'offthread';
import type { Libc } from './system-libraries.js';

/** How a call ended. Times in ms. */
export interface Stop {
  readonly status: string;
  /** From the call to its end. */
  readonly afterMs: number;
  /** From `cancel()` to the end. */
  readonly answeredMs: number;
  /** Whether its lane was given up. */
  readonly lost: boolean;
}

/** ms after its start at which a lost lane's native call returned; undefined if it did not return in time. */
export type Recovery = Promise<number | undefined>;

const AF_UNIX = 1;
const SOCK_STREAM = 1;

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** Waits for a message on a silent socket, then cancels the call. */
export async function cancelReceive(pool: Pool, libc: Libc, afterMs: number): Promise<Stop> {
  const pair = new Int32Array(2);
  await libc.socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  const [ours, other] = pair as unknown as [number, number];
  const lostBefore = pool.stats().lanesLost;
  const call = libc.recv(ours, Buffer.alloc(64), 64n, 0);
  const outcome = call.settled();
  await wait(afterMs);
  const asked = performance.now();
  call.cancel('no message will arrive');
  const { status, queuedMs, ranMs } = await outcome;
  const answeredMs = performance.now() - asked;
  const lost = pool.stats().lanesLost > lostBefore;
  // A lost lane may still be reading from the socket.
  if (!lost) await Promise.all([libc.closeFile(ours), libc.closeFile(other)]);
  return { status, afterMs: queuedMs + ranMs, answeredMs, lost };
}

/** Sleeps in native code for longer than its timeout; nothing can wake it. */
export async function outstaySleep(
  pool: Pool,
  libc: Libc,
  sleepMs: number,
  timeoutMs: number,
): Promise<Stop & { readonly recovery: Recovery }> {
  const start = performance.now();
  const lostBefore = pool.stats().lanesLost;
  const recovery = new Promise<number | undefined>((resolve) => {
    // A lost lane does not keep the process alive; this timer does.
    const enough = setTimeout(resolve, sleepMs + 1_000, undefined);
    pool.once('lane-recovered', () => {
      clearTimeout(enough);
      resolve(performance.now() - start);
    });
  });
  const { status, queuedMs, ranMs } = await libc.usleep
    .with({ timeout: timeoutMs })(sleepMs * 1_000)
    .settled();
  const lost = pool.stats().lanesLost > lostBefore;
  return { status, afterMs: queuedMs + ranMs, answeredMs: 0, lost, recovery };
}
