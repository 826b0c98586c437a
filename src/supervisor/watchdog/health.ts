/**
 * Checks the health of lanes: timeouts and grace periods of running calls, calls
 * stuck behind them, lanes that do not start or have ended unnoticed. Each check
 * returns the time of the next one.
 */
import { Math } from '../../builtins.js';
import { State } from '../../shared/memory/states.js';
import type { CallSource } from '../call-source.js';
import { type Assignment, STUCK_AFTER_MS } from '../dispatch/assignment.js';
import { overdueMs } from '../dispatch/choose-lane.js';
import type { JobLane } from '../job.js';
import type { LaneDeaths } from '../lifecycle/lane-death.js';
import { BOOT_MS } from '../lifecycle/lane-supply.js';
import { requireRowState } from '../results/row-check.js';
import { ownerOf } from '../row-owner.js';
import { Silence } from './silence.js';
import type { StopParts } from './stopping.js';
import { checkTime } from './timeouts.js';

interface HealthParts {
  readonly stopping: StopParts;
  readonly deaths: LaneDeaths;
  readonly assignment: Assignment;
  readonly source: CallSource;
}

/** ms between looks at a lane that is about to end. */
const ENDING_LOOK_MS = 1;

export class Health {
  readonly #parts: HealthParts;
  readonly #silence: Silence;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.#silence = new Silence(parts.source);
  }

  /** Checks a lane at `now`, in ms on the host's clock. @returns when to check again, or Infinity. */
  check(lane: JobLane, now: number): number {
    if (lane.lookForEnd(false)) return now + ENDING_LOOK_MS;
    if (lane.status === 'starting') {
      if (now - lane.createdAt < BOOT_MS) return lane.createdAt + BOOT_MS;
      this.#parts.deaths.crashed(lane, {
        reason: `did not start within ${BOOT_MS} ms`,
        advice:
          'The machine is overloaded, or a module that the lane loads first (`execArgv`, or `NODE_OPTIONS` in `env`) delays it.',
        phase: 'boot',
        pid: lane.pid,
        stderr: [],
      });
      return Infinity;
    }
    return Math.min(this.#checkCalls(lane, now), now + this.#silence.look(lane, now));
  }

  #checkCalls(lane: JobLane, now: number): number {
    const { ring } = lane;
    if (ring.occupied === 0) return Infinity;
    const job = ownerOf(lane, ring.head);
    // The job has settled or was withdrawn, and the lane has not passed its row yet.
    if (job === null || job.isSettled) return now + STUCK_AFTER_MS;
    try {
      requireRowState(lane, job, now);
    } catch (cause) {
      lane.corrupted(cause);
      return now + ENDING_LOOK_MS;
    }
    if (ring.state(ring.head) === State.queued) return now + Math.min(job.timeout, STUCK_AFTER_MS);
    return Math.min(
      checkTime(this.#parts.stopping, job, ring.startedAt(ring.head), now),
      this.#checkStuck(lane, now),
    );
  }

  #checkStuck(lane: JobLane, now: number): number {
    const { ring } = lane;
    if (ring.occupied <= 1) return Infinity;
    const since = ring.startedAt(ring.head);
    const patience = lane.exclusive ? overdueMs(ring.ticket(ring.head)) : STUCK_AFTER_MS;
    if (now - since < patience) return since + patience;
    this.#parts.assignment.takeBackBehind(lane);
    return Infinity;
  }
}
