/**
 * Loads a module in one lane before it is announced to the others, since it may throw, end the lane, or never finish.
 *
 *   asked ──► answered
 *     ├─────► the lane ended: the module has ended it, or another lane is tried
 *     └─────► its time is over, and the lane has not answered: the lane is given up
 */
import { Promise, clearTimeout, performance, setTimeout } from '../../builtins.js';
import { LaneCrashedError } from '../../errors.js';
import { race } from '../../promises.js';
import { type ModuleAnswer, type ModuleOrder, nameOfPlace } from '../../shared/messages/module-messages.js';
import type { CallSource } from '../call-source.js';
import type { JobLane } from '../job.js';
import { FIRST_LOOK_MS } from '../watchdog/silence.js';
import type { Watch } from '../watchdog/watch.js';
import type { LaneDeaths } from './lane-death.js';
import type { LaneSet } from './lane-set.js';
import type { LaneSupply } from './lane-supply.js';

interface ProbeModuleParts {
  readonly lanes: LaneSet;
  readonly supply: LaneSupply;
  readonly watch: Watch;
  readonly source: CallSource;
  readonly deaths: LaneDeaths;
}

/** ms after the limit within which a lane that is not stuck answers. */
const ANSWER_MS = 500;

/** @throws (rejects) LaneCrashedError if the module has ended its lane, or the reason why no lane can start. */
export async function probeModule(order: ModuleOrder, parts: ProbeModuleParts): Promise<ModuleAnswer> {
  const { lanes, supply, watch, source } = parts;
  await supply.ready();
  const ready = lanes.active.filter(({ status }) => status === 'ready');
  const lane = ready.find(({ ring, opening }) => ring.occupied === 0 && opening === null) ?? ready[0];
  if (lane === undefined) return await probeModule(order, parts);
  try {
    watch.by(performance.now() + FIRST_LOOK_MS);
    return await withinLimit(lane, order, parts.deaths);
  } catch (error) {
    throw error instanceof LaneCrashedError ? endedBy(order, error) : error;
  } finally {
    // The lane takes calls again.
    source.pump();
  }
}

async function withinLimit(lane: JobLane, order: ModuleOrder, deaths: LaneDeaths): Promise<ModuleAnswer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ModuleAnswer>((resolve) => {
    if (order.limitMs === Infinity) return;
    timer = setTimeout(() => {
      resolve({ failed: 'time', error: { kind: 'value', value: undefined } });
      deaths.crashed(lane, {
        reason: `did not finish loading ${nameOfPlace(order.place)} within ${order.limitMs} ms`,
        advice: 'Check what the module awaits or computes when it is loaded.',
        phase: 'boot',
        pid: lane.pid,
        stderr: [],
      });
    }, order.limitMs + ANSWER_MS);
  });
  try {
    return await race([lane.loadModule(order), late]);
  } finally {
    clearTimeout(timer);
  }
}

function endedBy(order: ModuleOrder, error: LaneCrashedError): LaneCrashedError {
  const { signal, exitCode, pid, stderr, lane } = error;
  return new LaneCrashedError(
    `${nameOfPlace(order.place)} was not loaded: the lane that loaded it (${lane ?? 'unknown'}) ended. ${error.message} ` +
      'A module must not call process.exit() when it is loaded, and an add-on must not crash: `offthread doctor MODULE` tells which one does.',
    { signal, exitCode, pid, stderr, lane, phase: 'boot', cause: error },
  );
}
