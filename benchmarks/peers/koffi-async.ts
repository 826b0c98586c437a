/** koffi's own way off the main thread: libuv's pool. */
import { config, load } from 'koffi';
import type { Contestant } from './contestant.js';

type Done = (error: unknown, result: number) => void;

/** To be called before anything else loads a library by koffi on this thread: only then can its queue be made longer. */
export function koffiAsync(library: string): Contestant {
  // 256 by default; a further call throws.
  config({ ...config(), max_async_calls: 4_096 });
  const native = load(library).func('ot_add', 'int', ['int', 'int']);
  const start = native.async as (a: number, b: number, done: Done) => void;
  return {
    name: 'koffi.async',
    ffi: 'koffi',
    ours: false,
    add: (a, b) =>
      new Promise((resolve, reject) => {
        start(a, b, (error, result) => {
          if (error === null) resolve(result);
          else reject(new Error('koffi.async failed', { cause: error }));
        });
      }),
    close: async () => {},
  };
}
