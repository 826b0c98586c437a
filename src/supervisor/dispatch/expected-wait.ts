/**
 * Estimates when a call made now would start, from the calls that lanes run, the
 * calls queued in front, and measured run times.
 *
 * The first free lane takes the next call. With at least as many calls in front
 * as lanes, every lane stays busy until the call starts, so the estimate is the
 * work of all lanes divided by their number. This is when the last lane becomes
 * free; the other lanes are free half a call earlier on average, which is
 * subtracted. With fewer calls in front than lanes, the call starts no later than
 * the last lane is free.
 */
import { Math } from '../../builtins.js';
import { State } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** Work in front of a call: the number of calls, and ms of work for one lane. */
interface Ahead {
  readonly calls: number;
  readonly ms: number;
}

/** @returns the wait in ms; 0 when a lane is free or nothing has been measured. */
export function expectedWaitMs(lanes: readonly JobLane[], ahead: Ahead, now: number): number {
  let count = 0;
  let first = Infinity;
  let last = 0;
  let restMs = 0;
  /** Expected run times of the calls in lanes, in ms, from their starts. */
  let wholeMs = 0;
  let calls = ahead.calls;
  for (const lane of lanes) {
    if (!takesCalls(lane)) continue;
    const { ring } = lane;
    const { done } = ring;
    // Not busy: idle, or native code has overwritten the lane's state.
    const busy = ring.holds(done);
    const rest = busy ? restOf(ring, done, now) : 0;
    count += 1;
    restMs += rest;
    if (rest < first) first = rest;
    if (rest > last) last = rest;
    if (!busy) continue;
    wholeMs += expectedMs(ring.ticket(done), now);
    calls += 1;
  }
  if (count === 0) return 0;
  if (ahead.calls === 0) return first;
  const meanMs = calls === 0 ? 0 : (wholeMs + ahead.ms) / calls;
  const level = (restMs + ahead.ms - ((count - 1) * meanMs) / 2) / count;
  const wait = Math.max(first, level);
  return ahead.calls < count ? Math.min(wait, last) : wait;
}

/** Whether a lane takes calls, or will once it has started. */
function takesCalls({ status, opening }: JobLane): boolean {
  return opening === null && (status === 'ready' || status === 'starting');
}

function expectedMs({ fn, items }: Job, now: number): number {
  return fn.expectedMs(now) * (items?.count ?? 1);
}

/**
 * ms until a lane has finished row `done` and the rows behind it. An overdue
 * call is expected to run on for as long as it is overdue, but not beyond its
 * timeout or grace period.
 */
function restOf(ring: JobLane['ring'], done: number, now: number): number {
  const job = ring.ticket(done);
  const wholeMs = expectedMs(job, now);
  const behind = ((ring.tail - done) | 0) - 1;
  // Several calls behind are short; a single one may have been written ahead.
  const behindMs = behind <= 0 ? 0 : behind * expectedMs(ring.ticket((done + 1) | 0), now);
  if (wholeMs === 0) return behindMs;
  if (ring.state(done) === State.queued) return wholeMs + behindMs;
  const startedAt = ring.startedAt(done);
  const endsBy = job.stopping?.giveUpAt ?? (job.items === null ? startedAt + job.timeout : Infinity);
  const rest = Math.min(Math.abs(startedAt + wholeMs - now), Math.max(0, endsBy - now));
  return rest + behindMs;
}
