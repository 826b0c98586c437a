/**
 * The interrupt thread of thread lanes: one per pool, with one piscina task per order. It is a separate thread, because
 * an interrupt function may block, and the host must not.
 */
import { Atomics } from '../../src/builtins.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import type { InterruptOrder } from '../../src/shared/messages/messages.js';
import { bindInterrupt, interrupt } from '../interrupts.js';

interface Task {
  readonly order: InterruptOrder;
  /** Number of the order: orders are executed one after another. */
  readonly number: number;
  readonly over: Int32Array;
}

/** The piscina task. Records the end of the order, even if it fails. */
export function obey({ order, number, over }: Task): void {
  try {
    if (order.kind === 'interrupt') interrupt(new LaneMemory(order.size, order.memory), order);
    else order.functions.forEach(bindInterrupt);
  } catch {
    // A call that cannot be interrupted runs until its grace is over.
  } finally {
    Atomics.store(over, 0, number);
  }
}
