/** A plain loop of native calls on this thread, nothing else: the limit of one thread. It blocks. */
import { load } from 'koffi';
import type { Runner } from '../../harness/measure/throughput.js';
import type { Ffi } from '../contestant.js';
import { addByFfiRs } from '../libraries/ffi-rs-calls.js';

type Add = (a: number, b: number) => number;

function looping(add: Add): (inFlight: number, each: number) => number {
  return (inFlight, each) => {
    let wrong = 0;
    for (let n = 0; n < inFlight * each; n += 1) if (add(n, 1) !== n + 1) wrong += 1;
    return wrong;
  };
}

/** Makes as many calls as the callers of others would, one after the other. ffi-rs has to be linked. */
export function plainLoop(ffi: Ffi, library: string): Runner {
  const add: Add =
    ffi === 'koffi' ? (load(library).func('ot_add', 'int', ['int', 'int']) as Add) : addByFfiRs;
  const loop = looping(add);
  return {
    contestant: {
      name: 'a plain loop, one thread',
      ffi,
      ours: false,
      limit: true,
      call: async (a, b) => add(a, b),
      close: async () => {},
    },
    run: async (_make, _expected, inFlight, each) => loop(inFlight, each),
    each: 1,
  };
}
