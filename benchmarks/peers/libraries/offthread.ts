import { createPool } from 'offthread';
import type { Contestant, Ffi } from '../contestant.js';

/** With a queue that takes the calls in flight; everything else as it comes. */
export async function offthread(
  ffi: Ffi,
  library: string,
  lanes: number,
  isolation: 'thread' | 'process' = 'thread',
): Promise<Contestant> {
  const pool = createPool({ lanes, isolation, maxQueue: 32_768 });
  const { ot_add } = await pool.open(
    library,
    { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } },
    { engine: ffi },
  );
  return {
    name: `offthread${isolation === 'process' ? ' processes' : ''}`,
    ffi,
    ours: true,
    call: ot_add,
    block: ot_add.blocking,
    close: () => pool.close(),
  };
}
