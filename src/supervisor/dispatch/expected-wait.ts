/**
 * When a call that is made now would start: an estimate, from what its lanes
 * run, what waits in front of it, and how long such calls have taken.
 *
 * Lanes take calls in order, whichever is free first. With as much in front as
 * there are lanes, or more, every lane is busy until then: the time is what all
 * of them have to do, by their number. That is what the last of them is free
 * after; on average it is half a call too much for all but one. With fewer calls
 * in front than lanes, it is no later than the last lane is free.
 */
import { Math } from '../../builtins.js';
import { State } from '../../shared/memory/states.js';
import type { Job, JobLane } from '../job.js';

/** Work in front of a call: how many calls, and ms of one lane. */
interface Ahead {
  readonly calls: number;
  readonly ms: number;
}

/** @returns ms; 0 where a lane is free, or nothing is known. */
export function expectedWaitMs(lanes: readonly JobLane[], ahead: Ahead, now: number): number {
  let count = 0;
  let first = Infinity;
  let last = 0;
  let restMs = 0;
  /** What the calls in lanes take from their start. */
  let wholeMs = 0;
  let calls = ahead.calls;
  for (const lane of lanes) {
    if (!takesCalls(lane)) continue;
    const { ring } = lane;
    const { done } = ring;
    // Free; or its native code ran wild, and has overwritten what it says.
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

/** Whether a lane takes calls, or will as soon as it has started. */
function takesCalls({ status, opening }: JobLane): boolean {
  return opening === null && (status === 'ready' || status === 'starting');
}

function expectedMs({ fn, items }: Job, now: number): number {
  return fn.expectedMs(now) * (items?.count ?? 1);
}

/**
 * ms until a lane has finished row `done` and what is behind it. A call that has run for longer than was expected is
 * expected to go on for as long as it is over that: the longer it has been, the
 * less is known of it. It ends with its timeout, or its grace, at the latest.
 */
function restOf(ring: JobLane['ring'], done: number, now: number): number {
  const job = ring.ticket(done);
  const wholeMs = expectedMs(job, now);
  const behind = ((ring.tail - done) | 0) - 1;
  // Several are short ones; a single one may have been written ahead.
  const behindMs = behind <= 0 ? 0 : behind * expectedMs(ring.ticket((done + 1) | 0), now);
  if (wholeMs === 0) return behindMs;
  if (ring.state(done) === State.queued) return wholeMs + behindMs;
  const startedAt = ring.startedAt(done);
  const endsBy = job.stopping?.giveUpAt ?? (job.items === null ? startedAt + job.timeout : Infinity);
  const rest = Math.min(Math.abs(startedAt + wholeMs - now), Math.max(0, endsBy - now));
  return rest + behindMs;
}
