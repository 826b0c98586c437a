/**
 * Opens a library in one lane before it is announced to the others, since it may
 * crash the lane. When the lane ends for another reason, the library is tried
 * in another lane.
 */
import { pathOfName } from '../../engines/loading/loader-alias.js';
import { LaneCrashedError } from '../../errors.js';
import type { ProbeOpen, ProbeOpened } from '../../lanes/lane.js';
import type { LaneSet } from './lane-set.js';
import { performance } from '../../builtins.js';
import type { CallSource } from '../call-source.js';
import { FIRST_LOOK_MS } from '../watchdog/silence.js';
import type { Watch } from '../watchdog/watch.js';
import type { LaneSupply } from './lane-supply.js';

/** Most lanes that are tried. */
const LANES = 5;

interface ProbeOpenParts {
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly watch: Watch;
  readonly source: CallSource;
}

/** @throws (rejects) the error of the library, or the reason why no lane can start. */
export async function probeOpen(
  library: ProbeOpen,
  { lanes, supply, watch, source }: ProbeOpenParts,
): Promise<ProbeOpened> {
  supply.start();
  let tried = 0;
  while (tried < LANES) {
    await supply.ready();
    const ready = lanes.active.filter(({ status }) => status === 'ready');
    // A session shares its lane only if there is no other: the library may end the lane.
    if (ready.length === 0) ready.push(...lanes.spares.filter(({ status }) => status === 'ready'));
    if (ready.length === 0) ready.push(...lanes.active.filter(({ status }) => status === 'leased'));
    const lane = ready.find(({ ring, opening }) => ring.occupied === 0 && opening === null) ?? ready[0];
    // A host that blocked in between may have used up the ready lane, so that it was recycled.
    if (lane === undefined) continue;
    tried += 1;
    try {
      // The watch notices when the lane does not answer.
      watch.by(performance.now() + FIRST_LOOK_MS);
      const opened = await lane.probeOpen(library);
      if (opened !== null) return opened;
    } finally {
      // The lane takes calls again.
      source.pump();
    }
  }
  throw new LaneCrashedError(
    `${pathOfName(library.path)} was not opened: ${LANES} lanes ended before they could open it, because of other calls or from outside. ` +
      'Check the lane-crashed events, and open the library again.',
  );
}
