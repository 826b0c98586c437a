/** What is compared: somebody who adds two integers off the main thread. */

/** The FFI that makes the native call. */
export type Ffi = 'koffi' | 'ffi-rs';

export interface Contestant {
  readonly name: string;
  readonly ffi: Ffi;
  readonly ours: boolean;
  /** One call of `ot_add`, a promise of its own. */
  readonly add: (a: number, b: number) => Promise<number>;
  /** Ends its threads or processes. */
  readonly close: () => Promise<void>;
}

/** Environment of a pool's workers: tells them which FFI to use and what to open. See `workers/add.ts`. */
export function workerEnvironment(ffi: Ffi, library: string): Record<string, string> {
  return { BENCH_FFI: ffi, BENCH_LIBRARY: library };
}

/** The compiled worker file of a pool. */
export function workerFile(name: string): URL {
  return new URL(`./workers/${name}.js`, import.meta.url);
}

/** How a contestant is named in a table. */
export function label({ name, ffi, ours }: Contestant): string {
  return ours || !name.includes(ffi) ? `${name} (${ffi})` : name;
}

/** Ends all threads and processes. */
export async function closeField(field: readonly Contestant[]): Promise<void> {
  for (const contestant of field) await contestant.close();
}
