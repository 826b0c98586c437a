/**
 * From measurements with several numbers of lanes to a report.
 *
 * The law speaks of lanes that can make progress at once. Where calls compute, there are no more of these than cores are
 * left beside the host thread: points are fitted with that number, so that a machine that is full is not taken for a
 * library that serialises. Points with more lanes than that, and points at which the host thread was the limit, say
 * nothing about the library and are left out.
 */
import type { Slice } from '../rounds/contestant.js';
import type { MeasuredRounds } from '../rounds/interleaved.js';
import { bootstrap, mean, median } from '../statistics/bootstrap.js';
import type { CurvePoint, FittedLaw, LanesPoint, LanesReport } from './lanes-report.js';
import { type Law, type Point, fitKind, fitLaw, rateWith } from './scalability-law.js';

/** The part of a core from which on the host thread has no time left. */
const HOST_BUSY = 0.9;
/** What the law says of more lanes than this many times those measured is a guess. */
const EXTRAPOLATED = 2;
/** Points of the curve, at most. */
const CURVE = 64;

/** What the measurements were made with. */
interface Measured {
  readonly lanes: readonly number[];
  readonly isolation: 'process' | 'thread';
  readonly seed: number;
}

/** @param cores - that this process may use. */
export function judgeLanes(plan: Measured, measured: MeasuredRounds, cores: number): LanesReport {
  const { rounds, sliceMs } = measured;
  const columns = plan.lanes.map((_, at) => rounds.map((round) => round[at] as Slice));
  const computing = computingShare(plan.lanes[0] ?? 1, columns[0] ?? []);
  const points = plan.lanes.map((lanes, at) =>
    pointOf(lanes, columns[at] ?? [], computing, cores, plan.seed),
  );
  const all = columns.flat();
  return {
    isolation: plan.isolation,
    rounds: rounds.length,
    sliceMs,
    cores,
    computing,
    otherCores: all.length === 0 ? 0 : median(all.map(({ busy }) => busy.others)),
    points,
    law: fitted(points, plan.seed),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
  };
}

/** How much of its time in native code a call keeps a core busy, by the fewest lanes; null where not known. */
function computingShare(lanes: number, slices: readonly Slice[]): number | null {
  const shares = slices.flatMap(({ busy, rate, runMs }) => {
    const inside = Math.min(lanes, (rate * (runMs ?? 0)) / 1_000);
    return busy.lanes === null || inside === 0 ? [] : [Math.min(1, busy.lanes / inside)];
  });
  return shares.length === 0 ? null : median(shares);
}

function pointOf(
  lanes: number,
  slices: readonly Slice[],
  computing: number | null,
  cores: number,
  seed: number,
): LanesPoint {
  const rates = slices.map(({ rate }) => rate);
  const rate = mean(rates);
  const runs = slices.flatMap(({ runMs }) => (runMs === null ? [] : [runMs]));
  const runMs = runs.length === 0 ? null : mean(runs);
  const laneCores = slices.map(({ busy }) => busy.lanes);
  const hostCores = median(slices.map(({ busy }) => busy.host));
  // Without CPU times, calls are taken to compute where there are more lanes than cores.
  const room = Math.max(1, cores - hostCores) / Math.max(computing ?? 1, 0.01);
  const effective = Math.min(lanes, room);
  const [interval = [rate, rate] as const] =
    rates.length < 2 ? [] : bootstrap(rates, (some) => [mean(some)], seed);
  return {
    lanes,
    rates,
    rate,
    interval,
    runMs,
    inside: Math.min(1, (rate * (runMs ?? 0)) / 1_000 / lanes),
    laneCores: laneCores.some((value) => value === null) ? null : median(laneCores as number[]),
    hostCores,
    effective,
    use: lanes >= effective + 1 ? 'beyond-cores' : hostCores > HOST_BUSY ? 'host-busy' : 'fitted',
  };
}

/** Null when less than two numbers of lanes can be fitted. */
function fitted(points: readonly LanesPoint[], seed: number): FittedLaw | null {
  const used = points.filter(({ use, rate }) => use === 'fitted' && rate > 0);
  const rounds = used[0]?.rates.length ?? 0;
  if (used.length < 2 || rounds < 2) return null;
  const byRound: readonly (readonly Point[])[] = Array.from({ length: rounds }, (_, round) =>
    used.map(({ effective, rates }) => ({ lanes: effective, rate: rates[round] as number })),
  );
  const law = fitLaw(byRound.flat());
  const fit = (some: readonly (readonly Point[])[]): Law => fitKind(law.kind, some.flat());
  const most = EXTRAPOLATED * Math.max(...used.map(({ effective }) => effective));
  const step = Math.max(1, Math.ceil(most / CURVE));
  const lanes = Array.from({ length: Math.floor(most / step) }, (_, at) => (at + 1) * step);
  if (step > 1) lanes.unshift(1);
  const [single, serialised, crosstalk, efficiency, ...curve] = bootstrap(
    byRound,
    (some) => {
      const drawn = fit(some);
      return [
        drawn.single,
        Math.min(1, drawn.serialised),
        drawn.crosstalk,
        efficiencyOf(some),
        ...lanes.map((count) => rateWith(drawn, count)),
      ];
    },
    seed,
  );
  const none = [Number.NaN, Number.NaN] as const;
  return {
    ...law,
    serialised: Math.min(1, law.serialised),
    intervals: { single: single ?? none, serialised: serialised ?? none, crosstalk: crosstalk ?? none },
    efficiency: efficiencyOf(byRound),
    efficiencyInterval: efficiency ?? none,
    fitsCrosstalk: used.length > 2 && law.kind === 'universal',
    curve: lanes.map((count, at): CurvePoint => {
      const [low, high] = curve[at] ?? none;
      return { lanes: count, rate: rateWith(law, count), low, high };
    }),
  };
}

/** Calls of the most lanes by those of the fewest, and by how many times as many lanes there are. */
function efficiencyOf(rounds: readonly (readonly Point[])[]): number {
  const [fewest, most] = [rounds.map((points) => points[0]), rounds.map((points) => points.at(-1))];
  const rate = (points: readonly (Point | undefined)[]): number =>
    mean(points.map((point) => point?.rate ?? 0));
  return (rate(most) * (fewest[0]?.lanes ?? 1)) / (rate(fewest) * (most[0]?.lanes ?? 1));
}
