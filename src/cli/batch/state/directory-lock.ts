/**
 * The lock of a state directory: `flock` on a file in it, so the system takes it away with the process, however that ends,
 * and no lock is ever left behind. The file itself stays; it tells who has the lock.
 *
 * Node.js has no `flock`: offthread calls it.
 */
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { NativeError, createPool } from 'offthread';
import { UsageError } from '../../console/usage-error.js';
import { namesOf, openFirst } from '../../target/system-library.js';

const LIBC = {
  flock: { arguments: ['i32', 'i32'], return: 'i32', fails: 'nonzero', errno: true },
} as const;
/** LOCK_EX | LOCK_NB */
const TAKE_NOW = 6;
const BUSY: ReadonlySet<string> = new Set(['EAGAIN', 'EWOULDBLOCK']);

/**
 * Takes the lock, until this process ends.
 * @throws UsageError if another process has it.
 */
export async function lockDirectory(directory: string): Promise<void> {
  const path = join(directory, 'lock');
  const file = openSync(path, 'a+');
  // The descriptor belongs to the process: a thread may lock it.
  const pool = createPool({ lanes: 1, isolation: 'thread', name: 'batch-lock' });
  try {
    const libc = await openFirst(pool, namesOf('libc'), LIBC);
    await libc.flock(file, TAKE_NOW);
  } catch (error) {
    closeSync(file);
    if (error instanceof NativeError && BUSY.has(error.code)) {
      const holder = readFileSync(path, 'utf8').trim();
      throw new UsageError(
        `Another run works on the state directory ${directory}${holder === '' ? '' : ` (${holder})`}. Wait for its end, or use another directory.`,
      );
    }
    throw error;
  } finally {
    await pool.destroy();
  }
  ftruncateSync(file);
  writeSync(file, `process ${process.pid} on ${hostname()}, since ${new Date().toISOString()}\n`, 0);
}
