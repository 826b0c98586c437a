/** Everybody who keeps calls in other processes, with one process for them. */
import type { Fragile } from './fragile.js';
import { fragileOffthread } from './fragile-offthread.js';
import { fragileTinypool, fragileWorkerpool } from './fragile-peers.js';

/** Who is compared at crashes; offthread as it comes is the first. */
export async function crashingField(library: string): Promise<Fragile[]> {
  return [
    await fragileOffthread('offthread, a spare (default)', library),
    await fragileOffthread('offthread, spares: 0', library, { spares: 0 }),
    fragileTinypool('tinypool child_process', library),
    fragileWorkerpool('workerpool process', library),
  ];
}

/** Somebody with a time that native code has to come back by itself. */
export interface Patient {
  readonly contestant: Fragile;
  /** ms from the cancel until the process is ended, as far as that is said; what a rejection is allowed to take. */
  readonly grace: number;
}

/** ms that workerpool waits in all, in two halves: at least, and by default. */
const WORKERPOOL_WAITS = [100, 2_000] as const;

/** Who is compared at calls that hang. */
export async function hangingField(library: string): Promise<Patient[]> {
  const field: Patient[] = [];
  for (const grace of [0, 100, 1_000]) {
    const name = `offthread, grace ${grace}`;
    field.push({ grace, contestant: await fragileOffthread(name, library, { grace }) });
  }
  field.push(
    {
      grace: 0,
      contestant: await fragileOffthread('offthread, grace 0, spares: 0', library, { grace: 0, spares: 0 }),
    },
    { grace: 0, contestant: await fragileOffthread('offthread, cannot be asked', library, { flag: false }) },
    { grace: 0, contestant: fragileTinypool('tinypool child_process, abort', library) },
  );
  for (const waits of WORKERPOOL_WAITS) {
    const name = `workerpool process, cancel, waits ${waits / 2} + ${waits / 2}`;
    field.push({ grace: waits, contestant: fragileWorkerpool(name, library, waits / 2) });
  }
  return field;
}

/** Ends all processes. */
export async function closeFragile(field: readonly Fragile[]): Promise<void> {
  for (const contestant of field) await contestant.close();
}
