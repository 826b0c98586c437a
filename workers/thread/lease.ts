/**
 * The lease of a thread lane: while there are calls it keeps the process alive.
 * It ends after an idle moment, and the next call takes a new one. Calls are
 * served with or without it.
 *
 * Guarantee: no call is without a lease. The lane says ENDED and looks at TAIL
 * again; the host writes TAIL and then looks at the lease. One of the two sees
 * the other.
 */
import { Atomics, Promise, clearInterval, setInterval } from '../../src/builtins.js';
import { Header, Lease } from '../../src/shared/memory/layout.js';
import type { LaneRuntime } from '../lane-runtime.js';

/** Resolves when the lane has had no call for so many ms. */
export function untilIdle(lane: LaneRuntime, idleMs: number): Promise<void> {
  return new Promise((resolve) => {
    let calls = -1;
    const timer = setInterval(() => {
      const idle = calls === lane.calls;
      calls = lane.calls;
      if (!idle || !endLease(lane)) return;
      clearInterval(timer);
      resolve();
    }, idleMs);
  });
}

/** @returns false when the host has written a call meanwhile: then the lease goes on. */
function endLease(lane: LaneRuntime): boolean {
  const { i32 } = lane.memory;
  if (!lane.isThrough) return false;
  Atomics.store(i32, Header.LEASE, Lease.ENDED);
  if (lane.isThrough) return true;
  // A call came in between. Whoever swaps the lease back keeps the process
  // alive for it: this one by going on, or the host, by a new lease.
  return Atomics.compareExchange(i32, Header.LEASE, Lease.ENDED, Lease.ACTIVE) !== Lease.ENDED;
}
