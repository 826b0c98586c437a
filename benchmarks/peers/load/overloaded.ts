/** Who is compared at calls with a deadline, when there are more of them than lanes can do. */
import { createPool } from 'offthread';
import { testlib } from '../../harness/paths.js';
import { sleepers } from './sleepers.js';

export interface Overloaded {
  readonly name: string;
  /** Blocks in native code for so many ms; rejects where it can tell that this would not be over in time. */
  readonly call: (ms: number) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

async function offthread(
  name: string,
  deadline: number,
  options: { readonly lanes: number; readonly maxQueue: number; readonly refuseLate: boolean },
): Promise<Overloaded> {
  const pool = createPool(options);
  // It can be asked to stop: a call that misses its deadline while it runs costs no thread.
  const { ot_hang_until } = await pool.open(
    testlib,
    { ot_hang_until: { arguments: ['cancelFlag', 'i32'], return: 'i32' } },
    { engine: 'koffi' },
  );
  const call = ot_hang_until.with({ deadline });
  return { name: `offthread, ${name} (koffi)`, call: (ms) => call(ms), close: () => pool.close() };
}

/**
 * Everybody with so many lanes or workers: offthread with `refuseLate`, with deadlines alone, and with as many places in
 * its queue as can be served within a deadline. Peers know of no deadlines.
 */
export async function overloadedField(lanes: number, deadline: number, runMs: number): Promise<Overloaded[]> {
  const peers = (await sleepers(lanes)).filter(({ ours }) => !ours);
  const bounded = Math.floor((lanes * deadline) / runMs) - 2 * lanes;
  return [
    await offthread('refuseLate', deadline, { lanes, maxQueue: 100_000, refuseLate: true }),
    await offthread('deadlines', deadline, { lanes, maxQueue: 100_000, refuseLate: false }),
    await offthread(`maxQueue ${bounded}`, deadline, { lanes, maxQueue: bounded, refuseLate: false }),
    ...peers.map(({ name, sleep, close }) => ({ name, call: sleep, close })),
  ];
}
