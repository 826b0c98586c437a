/** offthread with one process lane. */
import { createPool, sharedBytes } from 'offthread';
import type { Call } from '../../../src/calls/call.js';
import { type Fragile, type Hung, until } from './fragile.js';

export interface FragileOptions {
  /** Default: offthread's own, one. */
  readonly spares?: number;
  /** Default: offthread's own. */
  readonly grace?: number;
  /** Whether the function that hangs has a flag by which it is asked to stop, and which it ignores. Default true. */
  readonly flag?: boolean;
}

/** Deaths do not count: somebody who crashes a hundred times on purpose wants no breaker. All else as it comes. */
export async function fragileOffthread(
  name: string,
  library: string,
  { flag = true, ...options }: FragileOptions = {},
): Promise<Fragile> {
  const pool = createPool({ lanes: 1, isolation: 'process', maxDeaths: Infinity, ...options });
  const native = await pool.open(
    library,
    {
      ot_process_id: { arguments: [], return: 'i32' },
      ot_crash_segv: { arguments: [], return: 'i32' },
      ot_ignore_cancel: { arguments: ['buffer', 'cancelFlag'], return: 'i32' },
      ot_hang_deaf: { arguments: ['buffer'], return: 'i32' },
    },
    { engine: 'koffi' },
  );
  const spares = options.spares ?? 1;
  const entered = new Int32Array(sharedBytes(4).buffer, 0, 1);
  return {
    name,
    ours: true,
    processId: native.ot_process_id,
    crash: native.ot_crash_segv,
    hang: async (): Promise<Hung> => {
      entered[0] = 0;
      const bytes = new Uint8Array(entered.buffer, entered.byteOffset, 4);
      const call = (flag ? native.ot_ignore_cancel(bytes) : native.ot_hang_deaf(bytes)) as unknown as Call;
      await until('native code hangs', () => entered[0] === 1);
      return { ended: call, cancel: () => void call.cancel() };
    },
    rested: () =>
      until('the lane and its spare are ready', () => {
        const { lanes } = pool.stats();
        return lanes.idle === 1 && lanes.spare === spares && lanes.starting === 0 && lanes.lost === 0;
      }),
    close: () => pool.close(),
  };
}
