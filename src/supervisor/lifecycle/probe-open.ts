/**
 * Opening a library in a lane, where that may end the lane: before the others
 * hear of it. A lane that ends of something else meanwhile says nothing about
 * the library, which is then tried in another.
 */
import { pathOfName } from '../../engines/loading/library-name.js';
import { LaneCrashedError } from '../../errors.js';
import type { ProbeOpen } from '../../lanes/lane.js';
import type { LaneSet } from './lane-set.js';
import { performance } from '../../builtins.js';
import type { CallSource } from '../call-source.js';
import { FIRST_LOOK_MS } from '../watchdog/silence.js';
import type { Watch } from '../watchdog/watch.js';
import type { LaneSupply } from './lane-supply.js';

/** Lanes that are tried at most. */
const LANES = 5;

interface ProbeOpenParts {
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly watch: Watch;
  readonly source: CallSource;
}

/** @throws (rejects) what is wrong with the library, or what keeps every lane from starting. */
export async function probeOpen(
  library: ProbeOpen,
  { lanes, supply, watch, source }: ProbeOpenParts,
): Promise<void> {
  supply.start();
  let tried = 0;
  while (tried < LANES) {
    await supply.ready();
    const ready = lanes.active.filter(({ status }) => status === 'ready');
    const lane = ready.find(({ ring, opening }) => ring.occupied === 0 && opening === null) ?? ready[0];
    // None any more: a host that blocked in between has used it, and it was recycled.
    if (lane === undefined) continue;
    tried += 1;
    try {
      // Somebody must look whether it answers.
      watch.by(performance.now() + FIRST_LOOK_MS);
      if (await lane.probeOpen(library)) return;
    } finally {
      // It takes calls again.
      source.pump();
    }
  }
  throw new LaneCrashedError(
    `${pathOfName(library.path)} was not opened: ${LANES} lanes ended before they could open it, because of other calls or from outside. ` +
      'Check the lane-crashed events, and open the library again.',
  );
}
