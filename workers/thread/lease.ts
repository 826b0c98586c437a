/**
 * The lease of a thread lane: while there are calls it keeps the process alive. It ends after a short idle time, and
 * the next call takes a new one. Calls are served with or without it.
 *
 * Guarantee: no call is without a lease. The lane writes ENDED and then reads TAIL again; the host writes TAIL and then
 * reads the lease. At least one of the two sees the write of the other.
 */
import { Atomics, Promise, clearInterval, setInterval } from '../../src/builtins.js';
import { Header, Lease } from '../../src/shared/memory/layout.js';
import type { LaneRuntime } from '../lane-runtime.js';

/** Resolves when the lane has had no call for `idleMs` ms. */
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

/** @returns false if the host has written a call in the meantime: then the lease continues. */
function endLease(lane: LaneRuntime): boolean {
  const { i32 } = lane.memory;
  if (!lane.isThrough) return false;
  Atomics.store(i32, Header.LEASE, Lease.ENDED);
  if (lane.isThrough) return true;
  // A call came in between. The side that swaps the lease back keeps the process alive: the lane by continuing, the
  // host by a new lease.
  return Atomics.compareExchange(i32, Header.LEASE, Lease.ENDED, Lease.ACTIVE) !== Lease.ENDED;
}
