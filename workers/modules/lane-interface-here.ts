/** Offers the interface of `offthread/lane` to the modules of this thread. */
import { LANE, type LaneInterface } from '../../src/lane/lane-interface.js';
import { TransferredValue } from '../../src/declare/language/transferred-value.js';
import { AbortController } from '../../src/builtins.js';
import { KeptHere } from './kept-values.js';
import { currentCall, stopReason } from './call-context.js';

/** The number at the end of a lane's name. */
function numberOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}

/** @param used called when a module has loaded `offthread/lane`. */
export function offerLane(name: string, used: () => void): void {
  const never = new AbortController().signal;
  const offered: LaneInterface = {
    info: Object.freeze({ name, number: numberOf(name) }),
    used,
    cancelled: () => currentCall()?.check() === true,
    signal: () => currentCall()?.signal ?? never,
    throwIfCancelled: () => {
      const call = currentCall();
      if (call !== null && call.check()) throw stopReason(call.cause);
    },
    progress: (done, total) => currentCall()?.progress(done, total),
    tripwire: () => currentCall()?.tripwire ?? new Int32Array(1),
    transfer: (value, list) => new TransferredValue(value, list),
    keep: (value, dispose) => new KeptHere(value, dispose),
  };
  Object.defineProperty(globalThis, LANE, { value: offered });
}
