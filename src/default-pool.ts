/** The shared pool: made on first use, made anew after it was closed. */
import { ArgumentError } from './errors.js';
import { type PoolOptions, poolSettings } from './options/pool-options.js';
import { type Pool, createPool } from './pool.js';

let options: PoolOptions | undefined;
let pool: Pool | undefined;

/**
 * Options for the shared pool. To be called before its first use, or after it was closed.
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
 * The pool that everything in this process shares. Closing it is allowed: the next use makes a new one, with the same options.
 * @throws LaneStartError as `createPool` does.
 */
export function defaultPool(): Pool {
  if (pool === undefined || pool.closed) pool = createPool(options);
  return pool;
}
