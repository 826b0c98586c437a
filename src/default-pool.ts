/** The shared pool: created on first use, and created again after it was closed. */
import { ArgumentError } from './errors.js';
import { type PoolOptions, poolSettings } from './options/pool-options.js';
import { type Pool, createPool } from './pool.js';

let options: PoolOptions | undefined;
let pool: Pool | undefined;

/**
 * Sets the options of the shared pool. Call it before the first use of the pool, or after the pool was closed.
 * @throws ArgumentError naming the option that is wrong, or when the pool is in use.
 */
export function configureDefaultPool(wanted: PoolOptions): void {
  if (pool !== undefined && !pool.closed) {
    throw new ArgumentError(
      'The default pool is in use, so its options can no longer change. Configure the pool before the first defaultPool(), or close it first.',
    );
  }
  poolSettings(wanted);
  options = { ...wanted };
}

/**
 * The pool that all modules of this thread share. It may be closed: the next use creates a new one with the same
 * options.
 * @throws LaneStartError as `createPool` does.
 */
export function defaultPool(): Pool {
  if (pool === undefined || pool.closed) pool = createPool(options);
  return pool;
}
