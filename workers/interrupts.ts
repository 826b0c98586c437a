/**
 * Calls an interrupt function (`onCancel`) during a call, on a thread that does nothing else.
 *
 * It runs the function only if it wins the row's handshake while the call is still running; the lane does not return
 * from the call before the function has returned. So the function never receives a freed handle.
 */
import { Atomics } from '../src/builtins.js';
import type { NativeFunction } from '../src/engines/engine.js';
import { loadEngine } from '../src/engines/load-engine.js';
import { Interrupt, RowWord } from '../src/shared/memory/layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { InterruptFunction, Interruption } from '../src/shared/messages/messages.js';
import { State, generationIn, stateIn } from '../src/shared/memory/states.js';

const bound = new Map<string, NativeFunction>();

/** Binds an interrupt function, once. */
export function bindInterrupt(target: InterruptFunction): NativeFunction {
  const key = [target.engine, target.path, target.symbol, ...target.types].join('\0');
  let native = bound.get(key);
  if (native === undefined) {
    const engine = loadEngine(target.engine, { role: 'lane' });
    native = engine.openLoaded(target.path).bind(target.symbol, { arguments: target.types, returns: 'void' });
    bound.set(key, native);
  }
  return native;
}

function stillRunning(memory: LaneMemory, word: number, generation: number): boolean {
  const found = Atomics.load(memory.i32, word + RowWord.STATE);
  const state = stateIn(found);
  return generationIn(found) === generation && (state === State.cancelling || state === State.timingOut);
}

/** Calls an interrupt function, if its call still runs. */
export function interrupt(memory: LaneMemory, order: Interruption): void {
  const word = memory.rowWord(order.sequence);
  const handshake = word + RowWord.INTERRUPT;
  const native = bindInterrupt(order.target);
  if (!stillRunning(memory, word, order.generation)) return;
  if (Atomics.compareExchange(memory.i32, handshake, Interrupt.IDLE, Interrupt.RUNNING) !== Interrupt.IDLE)
    return;
  try {
    // The row may have been reused between the check and the swap: check again, now that the lane would wait.
    if (stillRunning(memory, word, order.generation)) native(...order.values);
  } finally {
    Atomics.store(memory.i32, handshake, Interrupt.IDLE);
    Atomics.notify(memory.i32, handshake);
  }
}
