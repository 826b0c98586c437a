/**
 * One clock for all threads. `performance.now()` starts at zero in every
 * thread, and `performance.timeOrigin` is taken from the wall clock apart from
 * that zero, so the two can be a millisecond off for a thread's whole life.
 * `process.hrtime` is one monotonic clock for the process: each thread measures
 * where on it its own zero lies.
 */

import { Math, monotonicNs, performance } from '../builtins.js';

const NS_PER_MS = 1e6;
const SAMPLES = 5;

/** ms on the process's monotonic clock at which this thread's `performance.now()` was 0. */
export function clockOrigin(): number {
  let origin = -Infinity;
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    const monotonic = Number(monotonicNs()) / NS_PER_MS;
    // A pause between the two readings makes the difference smaller: the largest is the truest.
    origin = Math.max(origin, monotonic - performance.now());
  }
  return origin;
}
