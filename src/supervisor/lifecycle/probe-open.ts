/**
 * Opening a library in a lane, where that may end the lane: before the others
 * hear of it. A lane that ends of something else meanwhile says nothing about
 * the library, which is then tried in another.
 */
import { pathOfName } from '../../engines/loading/library-name.js';
import { LaneCrashedError } from '../../errors.js';
import type { ProbeOpen } from '../../lanes/lane.js';
import type { LaneSet } from './lane-set.js';
import type { Readiness } from './readiness.js';

/** Lanes that are tried at most. */
const LANES = 5;

export interface ProbeOpenEvents {
  /** A lane has been asked: somebody has to look whether it answers. */
  asked(): void;
  /** A lane takes calls again. */
  free(): void;
}

/** @throws (rejects) what is wrong with the library, or what keeps every lane from starting. */
export async function probeOpen(
  library: ProbeOpen,
  lanes: LaneSet,
  readiness: Readiness,
  events: ProbeOpenEvents,
): Promise<void> {
  let tried = 0;
  while (tried < LANES) {
    await readiness.wait();
    const ready = lanes.active.filter(({ status }) => status === 'ready');
    const lane = ready.find(({ ring, opening }) => ring.occupied === 0 && opening === null) ?? ready[0];
    // None any more: a host that blocked in between has used it, and it was recycled.
    if (lane === undefined) continue;
    tried += 1;
    try {
      events.asked();
      if (await lane.probeOpen(library)) return;
    } finally {
      events.free();
    }
  }
  throw new LaneCrashedError(
    `${pathOfName(library.path)} was not opened: ${LANES} lanes that were to open it ended before they came to it, by other calls or from outside. ` +
      'Look at the lane-crashed events, and open it again.',
  );
}
