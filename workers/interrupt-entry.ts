/**
 * The interrupt thread of thread lanes: one for a pool, a piscina task an order.
 * A thread of its own, because an interrupt function may block, and the host must not.
 */
import { Atomics } from '../src/builtins.js';
import { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { InterruptOrder } from '../src/shared/messages/messages.js';
import { bindInterrupt, interrupt } from './interrupts.js';

interface Task {
  readonly order: InterruptOrder;
  /** Of the order: they are carried out one after another. */
  readonly number: number;
  readonly over: Int32Array;
}

/** The piscina task. Says that the order is over, whatever becomes of it. */
export default function obey({ order, number, over }: Task): void {
  try {
    if (order.kind === 'interrupt') interrupt(new LaneMemory(order.size, order.memory), order);
    else order.functions.forEach(bindInterrupt);
  } catch {
    // A call that cannot be interrupted goes on until its grace is over.
  } finally {
    Atomics.store(over, 0, number);
  }
}
