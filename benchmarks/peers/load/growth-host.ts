/**
 * A program in which everybody has so many lanes or workers, and runs calls that
 * sleep; the environment says how many threads libuv has:
 *
 *   growth-host LANES CALL_MS ROUNDS ROUND_MS     forked
 */
import { once } from 'node:events';
import { interleave } from '../../harness/measure/rounds.js';
import { type Sleeper, sleepers } from './sleepers.js';

export interface Grown {
  readonly name: string;
  readonly ours: boolean;
  /** Calls a second, of each round. */
  readonly rates: readonly number[];
}

/** Calls on hand for each lane: one running, one that waits. */
const IN_FLIGHT = 2;
const [lanes = 1, callMs = 1, rounds = 1, roundMs = 1] = process.argv.slice(2).map(Number);

async function rate({ name, sleep }: Sleeper): Promise<number> {
  const each = Math.max(2, Math.round(roundMs / callMs / IN_FLIGHT));
  const caller = async (): Promise<void> => {
    for (let call = 0; call < each; call += 1) {
      if ((await sleep(callMs)) !== callMs) throw new Error(`${name} gave a wrong result`);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: lanes * IN_FLIGHT }, caller));
  return (lanes * IN_FLIGHT * each * 1_000) / (performance.now() - start);
}

const field = await sleepers(lanes);
// Warm: all threads are started.
for (const { sleep } of field) {
  for (let round = 0; round < 2; round += 1) {
    await Promise.all(Array.from({ length: lanes }, () => sleep(callMs * 5)));
  }
}
const measured = await interleave(field, rounds, rate);
const grown = field.map(({ name, ours }, index): Grown => ({ name, ours, rates: measured[index] ?? [] }));
process.send?.(grown);
await once(process, 'message');
for (const { close } of field) await close();
process.exit();
