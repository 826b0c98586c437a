/** The verdict: how many lanes to take, and what holds more of them back. */
import { count } from '../../console/format.js';
import type { ScalabilityVerdict } from '../verdict-types.js';
import type { FittedLaw, LanesPoint, LanesReport } from './lanes-report.js';

/** A number of lanes is as good as the best from this part of its throughput on. */
const AS_GOOD = 0.95;
/** Part of the lanes' time in native code below which the pool, not the function, decides the throughput. */
const INSIDE = 0.5;
/** A function is limited by the library when lanes surely reach less than this part of what they could. */
const EFFICIENT = 0.85;
/** Width of that part's interval above which nothing can be said. */
const TOO_WIDE = 0.4;
/** Serialised parts of which the report speaks. */
const SERIALISED = 0.05;

export function scalability(report: LanesReport): ScalabilityVerdict {
  const { points, law } = report;
  const undecided = (reason: string): ScalabilityVerdict => ({
    verdict: 'undecided',
    reason,
    lanes: null,
    serialised: null,
    interval: null,
  });
  const [first] = points;
  const last = points.at(-1);
  if (first === undefined || last === undefined || report.rounds < 2) {
    return undecided('The run was ended before two rounds were complete.');
  }
  if (first.rate === 0) return undecided('No call succeeded.');
  if (first.inside < INSIDE) {
    return undecided(
      `The function is too short to tell: ${lanesText(first.lanes)} spent ${percent(first.inside)} of the time in it, and the rest waiting for the next call. For many calls of such a function use pool.map or pool.mapColumns, or call it directly.`,
    );
  }
  const best = points.reduce((most, point) => (point.rate > most.rate ? point : most));
  const take = points.find(({ rate }) => rate >= AS_GOOD * best.rate) as LanesPoint;
  const serialised = law === null ? null : law.serialised;
  const interval = law === null ? null : law.intervals.serialised;
  const slower = last.rate < AS_GOOD * best.rate && last.interval[1] < best.interval[0];
  const common = { lanes: take.lanes, serialised, interval };
  const held = law === null ? '' : heldBack(law);
  if (slower) {
    const reason = `${lanesText(last.lanes)} are slower than ${take.lanes}: ${count(last.rate)} calls/s against ${count(best.rate)}.${held}`;
    return { verdict: 'worse', reason, ...common };
  }
  if (law !== null && law.efficiencyInterval[1] < EFFICIENT) {
    const reason = `${lanesText(last.lanes)} do ${times(last.rate / first.rate)} as many calls as ${lanesText(first.lanes)}.${held}`;
    return { verdict: 'limited', reason, ...common };
  }
  if (points.some(({ use }) => use === 'beyond-cores')) {
    const most = interval?.[1] ?? 0;
    const mayBe =
      most > 4 * SERIALISED
        ? `, though up to ${percent(most)} of a call may be serialised inside the library`
        : '';
    const reason = `The function computes, and this machine has ${count(report.cores)} cores: more lanes than cores only compete. That is the machine, not the library${mayBe}. On a machine with more cores, measure again.`;
    return { verdict: 'machine', reason, ...common };
  }
  if (law === null) {
    return {
      ...undecided('The host thread was the limit: nothing can be said of the library.'),
      lanes: take.lanes,
    };
  }
  const [low, high] = law.efficiencyInterval;
  if (high - low > TOO_WIDE) {
    return undecided(
      `The rounds differ too much: ${lanesText(last.lanes)} do ${times((low * last.lanes) / first.lanes)} to ${times((high * last.lanes) / first.lanes)} as many calls as ${lanesText(first.lanes)}. Measure longer, with --duration, on a machine that does nothing else.`,
    );
  }
  const reason = `Throughput grows with every lane that was measured: ${lanesText(best.lanes)} do ${times(best.rate / first.rate)} as many calls as ${lanesText(first.lanes)}. Of more than ${2 * last.lanes} lanes nothing can be said.`;
  return { verdict: 'scales', reason, ...common };
}

/** What makes lanes wait for each other, in a sentence. */
function heldBack({ serialised, crosstalk }: FittedLaw): string {
  if (serialised >= SERIALISED) {
    return ` ${percent(serialised)} of a call is serialised inside the library: while one call is in that part, no other makes progress. No number of lanes does more than ${times(1 / serialised)} as many calls as one.`;
  }
  return crosstalk > 0 ? ' Lanes cost each other time: memory or locks that all of them use.' : '';
}

function lanesText(lanes: number): string {
  return `${lanes} lane${lanes === 1 ? '' : 's'}`;
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`;
}

function times(factor: number): string {
  return `${factor.toFixed(1)} times`;
}
