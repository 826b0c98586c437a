/** A pool's part in the quiescence: whether its threads may be inside ffi-rs. */
import type { Interrupter } from '../watchdog/interrupter.js';
import type { CallSource } from '../call-source.js';
import type { JobLane } from '../job.js';
import type { LaneSet } from '../lifecycle/lane-set.js';
import type { QuietMember } from './quiescence.js';

export class FfiRsThreads implements QuietMember {
  readonly #lanes: LaneSet;
  readonly #interrupter: Interrupter;
  readonly #source: CallSource;

  constructor(lanes: LaneSet, interrupter: Interrupter, source: CallSource) {
    this.#lanes = lanes;
    this.#interrupter = interrupter;
    this.#source = source;
  }

  /** Calls may start again. */
  resume(): void {
    this.#source.pump();
  }

  quiet(): boolean {
    return !this.#interrupter.busy && !this.#all().some(inside);
  }

  obstacle(): string {
    const lane = this.#all().find(inside);
    if (lane === undefined) return 'an interrupt function is running';
    const { ring } = lane;
    if (!lane.bound || ring.remaining === 0) return `lane ${lane.name} is still starting`;
    return `a call of ${ring.ticket(ring.done).fn.name} is running in lane ${lane.name}`;
  }

  #all(): JobLane[] {
    const { active, lost, ending } = this.#lanes;
    return [...lost, ...active, ...ending];
  }
}

function inside(lane: JobLane): boolean {
  if (lane.status === 'ended') return false;
  // A lane that binds functions calls the engine, too.
  if (!lane.bound) return true;
  const { ring } = lane;
  // From the lane's own position: the host may not have taken finished rows yet.
  for (let at = ring.done; at !== ring.tail; at = (at + 1) | 0) {
    if (ring.ticket(at).fn.engine === 'ffi-rs') return true;
  }
  return false;
}
