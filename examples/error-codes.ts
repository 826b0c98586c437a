/**
 * What can go wrong with a call, and how a program handles it.
 *
 *   npm run build && node dist/examples/error-codes.js
 */
import { NativeError, type SettledCall, createPool } from 'offthread';
import { libc as path } from './system.js';

const pool = createPool({ lanes: 1, maxQueue: 1 });
const libc = await pool.open(path, {
  chdir: { arguments: ['cstring'], return: 'i32', fails: 'nonzero', errno: true },
  usleep: { arguments: ['u32'], return: 'i32' },
});

// An exception, with everything that is known.
try {
  await libc.chdir('/no/such/folder');
} catch (error) {
  if (!(error instanceof NativeError)) throw error;
  console.log(`${error.symbol}: ${error.code} (errno ${error.errno})`);
}

// Or a record, which never throws. Call settled() where the call is made: a call is a promise, and an unhandled
// rejection ends the process.
function tell(name: string, outcome: SettledCall<unknown>): void {
  const what = outcome.status === 'succeeded' ? `returned ${String(outcome.value)}` : outcome.error.code;
  console.log(`${name}: ${outcome.status}, ${what}`);
}

const outcomes = {
  'the first runs': libc.usleep(50_000).settled(),
  'the second waits': libc.usleep(50_000).settled(),
  'the third finds no room': libc.usleep(50_000).settled(),
};
for (const [name, outcome] of Object.entries(outcomes)) tell(name, await outcome);

tell('a wrong value', await libc.usleep(-1).settled());
tell('too slow', await libc.usleep.with({ timeout: 50 })(400_000).settled());

const call = libc.usleep(400_000);
call.cancel('changed my mind');
tell('not wanted', await call.settled());

await pool.close();
tell('too late', await libc.usleep(1).settled());
