/** The time line of a run: a point a second, in bounded memory. */
import { Latencies } from './latencies.js';
import type { TimelinePoint } from '../load/load-types.js';

/** Points that are kept: half an hour. Of a longer run, two neighbours become one whenever there are so many. */
const MOST = 1_800;

/** What is counted between two points. */
interface Counts {
  succeeded: number;
  failed: number;
  late: number;
  dropped: number;
}

const none = (): Counts => ({ succeeded: 0, failed: 0, late: 0, dropped: 0 });

export class Timeline {
  /** Total times of the current interval. */
  readonly latencies: Latencies = new Latencies();
  counts: Counts = none();
  #points: TimelinePoint[] = [];
  #perPoint = 1;
  #pending: TimelinePoint[] = [];
  #lastMs = 0;

  /** Ends an interval. @param tell - is told of it while `latencies` still has its times. */
  close(atMs: number, inFlight: number, tell: (point: TimelinePoint) => void): void {
    const ms = atMs - this.#lastMs;
    const { latencies, counts } = this;
    const point: TimelinePoint = {
      atMs,
      ms,
      ...counts,
      rate: ms > 0 ? (counts.succeeded / ms) * 1_000 : 0,
      inFlight,
      p50: latencies.percentile(0.5),
      p99: latencies.percentile(0.99),
      max: latencies.max,
    };
    this.#lastMs = atMs;
    this.#add(point);
    tell(point);
    latencies.reset();
    this.counts = none();
  }

  /** The end of the last interval. */
  get lastMs(): number {
    return this.#lastMs;
  }

  points(): readonly TimelinePoint[] {
    return this.#pending.length === 0 ? this.#points : [...this.#points, this.#pending.reduce(merged)];
  }

  #add(point: TimelinePoint): void {
    this.#pending.push(point);
    if (this.#pending.length < this.#perPoint) return;
    this.#points.push(this.#pending.reduce(merged));
    this.#pending = [];
    if (this.#points.length < MOST) return;
    this.#points = this.#points.flatMap((one, at, all) =>
      at % 2 === 0 ? [merged(one, all[at + 1] as TimelinePoint)] : [],
    );
    this.#perPoint *= 2;
  }
}

/** Two neighbours as one. Percentiles cannot be joined: the point has the higher one. */
function merged(one: TimelinePoint, next: TimelinePoint): TimelinePoint {
  const ms = one.ms + next.ms;
  const succeeded = one.succeeded + next.succeeded;
  return {
    atMs: next.atMs,
    ms,
    succeeded,
    failed: one.failed + next.failed,
    late: one.late + next.late,
    dropped: one.dropped + next.dropped,
    rate: (succeeded / ms) * 1_000,
    inFlight: next.inFlight,
    p50: higher(one.p50, next.p50),
    p99: higher(one.p99, next.p99),
    max: higher(one.max, next.max),
  };
}

function higher(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.max(one, other);
}
