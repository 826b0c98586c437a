/** What is compared: somebody who makes native calls off the main thread. */
import type { Call, Expected } from '../harness/measure/callers.js';

/** The FFI that makes the native call. */
export type Ffi = 'koffi' | 'ffi-rs';

export interface Contestant {
  readonly name: string;
  readonly ffi: Ffi;
  readonly ours: boolean;
  /** Neither ours nor a peer: there to show what the machine could do. */
  readonly limit?: boolean;
  /** One call, a promise of its own: of `ot_add`, where nothing else is said. */
  readonly call: Call;
  /** The same call, for which this thread blocks; of ours only. */
  readonly block?: (a: number, b: number) => unknown;
  /** What it resolves to; the sum, where nothing else is said. */
  readonly expected?: Expected;
  /** Ends its threads or processes. */
  readonly close: () => Promise<void>;
}

export const sum: Expected = (a, b) => a + b;

/** Environment of a pool's workers: tells them which FFI to use and what to open. See `workers/add.ts`. */
export function workerEnvironment(ffi: Ffi, library: string): Record<string, string> {
  return { BENCH_FFI: ffi, BENCH_LIBRARY: library };
}

/** The compiled worker file of a pool. */
export function workerFile(name: string): URL {
  return new URL(`./workers/${name}.js`, import.meta.url);
}

/** How a contestant is named in a table. */
export function label({ name, ffi, ours }: Pick<Contestant, 'name' | 'ffi' | 'ours'>): string {
  return ours || !name.includes(ffi) ? `${name} (${ffi})` : name;
}

/** Ends all threads and processes. */
export async function closeField(field: readonly Contestant[]): Promise<void> {
  for (const contestant of field) await contestant.close();
}
