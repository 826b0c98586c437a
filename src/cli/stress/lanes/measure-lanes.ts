/** Measures the throughput of a function with several numbers of lanes: each has a pool of its own. */
import { availableParallelism } from 'node:os';
import { type Contestant, type ContestantPlan, openContestant } from '../rounds/contestant.js';
import { type RoundsPlan, inRounds } from '../rounds/interleaved.js';
import { judgeLanes } from './judge-lanes.js';
import type { LanesReport } from './lanes-report.js';

export interface LanesPlan extends Omit<ContestantPlan, 'lanes'>, RoundsPlan {
  /** Numbers of lanes, ascending. */
  readonly lanes: readonly number[];
}

export interface MeasuredLanes {
  readonly engine: string;
  readonly lanes: LanesReport;
}

/** @param onRound - is told how many rounds are complete. @throws what `pool.open` throws. */
export async function measureLanes(
  plan: LanesPlan,
  signal: AbortSignal,
  onRound: (done: number) => void,
): Promise<MeasuredLanes> {
  const contestants: Contestant[] = [];
  try {
    for (const lanes of plan.lanes) contestants.push(await openContestant({ ...plan, lanes }));
    const measured = await inRounds(contestants, plan, signal, onRound);
    const lanes = judgeLanes(plan, measured, availableParallelism());
    return { engine: contestants[0]?.engine ?? 'auto', lanes };
  } finally {
    await Promise.all(contestants.map(({ pool }) => pool.destroy()));
  }
}
