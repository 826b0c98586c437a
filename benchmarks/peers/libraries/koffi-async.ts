/** koffi's own way off the main thread: libuv's pool. */
import { config, load } from 'koffi';
import type { Contestant } from '../contestant.js';

/** Calls that may be under way at once: koffi takes no greater number. */
export const KOFFI_ASYNC_CALLS = 4_096;

/** To be called before anything loads a library by koffi on this thread: only then can its queue be made longer. */
export function lengthenKoffiQueue(): void {
  // 256 by default; a further call throws.
  config({ ...config(), max_async_calls: KOFFI_ASYNC_CALLS });
}

/** Calls of a function by koffi's `async`, as promises. */
export function promised(native: { readonly async: unknown }): (...values: unknown[]) => Promise<unknown> {
  const start = native.async as (...given: unknown[]) => void;
  return (...values) =>
    new Promise((resolve, reject) => {
      start(...values, (error: unknown, result: unknown) => {
        if (error === null) resolve(result);
        else reject(new Error('koffi.async failed', { cause: error }));
      });
    });
}

/** @see lengthenKoffiQueue, which it calls. */
export function koffiAsync(library: string): Contestant {
  lengthenKoffiQueue();
  return {
    name: 'koffi.async',
    ffi: 'koffi',
    ours: false,
    call: promised(load(library).func('ot_add', 'int', ['int', 'int'])),
    close: async () => {},
  };
}
