/**
 * Plays rounds: lanes make their calls, at once or one after the other, and what they answer is compared with what the
 * same calls answer alone.
 *
 * A round takes some ms, so that lanes overlap for all of it although they are not woken at the same instant. Which lanes
 * take part, how many calls each makes, and in which order, is random.
 */
import type { AnswersOrder, DrawsOrder, WrongAnswer } from '../orders.js';
import type { Draw } from '../../arguments/random.js';
import { KeySum } from './key-sum.js';
import type { Answer, LaneCalls, Series } from './lane-calls.js';

/** ms that a lane is busy in a round. */
const ROUND_MS = 40;
/** Series of a lane, each in another order. */
const SERIES = 2;
/** Sequences of calls that are drawn for a series, which has them again and again. */
const DRAWN = 4_099;
/** Wrong answers that are told. */
const SAMPLES = 20;
/** Answers of a run of draws, at most. */
const MOST_DRAWS = 20_000_000;

/** Whether two answers count as the same, where their bytes differ. */
export type SameAnswer = (expected: unknown, seen: unknown) => boolean;

/** The sequences of calls: their number, and the calls of each, which are items one behind the other. */
export interface Sequences {
  readonly count: number;
  readonly length: number;
}

/** Answers that were drawn by a run of a series. */
interface Drawn {
  readonly lane: LaneCalls;
  readonly series: Series;
  readonly count: number;
}

export interface AnswersEnd {
  readonly calls: number;
  readonly wrong: number;
  readonly samples: readonly WrongAnswer[];
  /** ms of a call. */
  readonly callMs: number;
}

export class RoundPlayer {
  readonly #lanes: readonly LaneCalls[];
  readonly #same: SameAnswer | null;
  readonly #draw: Draw;
  readonly #sequences: Sequences;
  /** What each item answers alone. */
  #expected: Answer[] = [];
  /** ms of a call. */
  #callMs = 0;

  constructor(lanes: readonly LaneCalls[], sequences: Sequences, same: SameAnswer | null, draw: Draw) {
    this.#lanes = lanes;
    this.#sequences = sequences;
    this.#same = same;
    this.#draw = draw;
  }

  get made(): number {
    return this.#lanes.reduce((sum, { made }) => sum + made, 0);
  }

  /** ms of the calls of one lane in a round. */
  get laneMs(): number {
    return Math.max(ROUND_MS, this.#callMs);
  }

  /** Learns what each item answers alone, and how long a call takes: once, since calls at once may change it. */
  async learn(): Promise<void> {
    if (this.#expected.length > 0) return;
    const [lane] = this.#lanes as [LaneCalls];
    const expected: Answer[] = [];
    const { count, length } = this.#sequences;
    for (let sequence = 0; sequence < count; sequence += 1) {
      const series = lane.prepare(this.#itemsOf([sequence], length), length);
      await lane.run(series, 0, length);
      for (let at = 0; at < length; at += 1) expected.push(Buffer.from(lane.answer(series, at)));
    }
    this.#expected = expected;
    await this.#time(lane);
  }

  /**
   * Measures how long a call takes: by ever more calls, until more of them take longer. What takes time before that is to
   * wake the lane, and on a machine that is busy to get a core.
   */
  async #time(lane: LaneCalls): Promise<void> {
    const { count, length } = this.#sequences;
    const all = Array.from({ length: count }, (_, sequence) => sequence);
    const longest = this.#whole(lane.longest);
    const series = lane.prepare(this.#itemsOf(all, longest), Math.min(longest, count * length));
    let before = Infinity;
    for (let size = length; ; size = Math.min(longest, size * 4)) {
      const started = performance.now();
      await lane.run(series, 0, size);
      const ms = performance.now() - started;
      this.#callMs = ms / size;
      if (size === longest || ms > ROUND_MS * 4 || (ms > ROUND_MS / 2 && ms > 2.5 * before)) return;
      before = ms;
    }
  }

  async answers({ threads, atOnce, ms, enoughWrong, enoughCalls }: AnswersOrder): Promise<AnswersEnd> {
    const players = threads.map((items, at) => {
      const lane = this.#lanes[at % this.#lanes.length] as LaneCalls;
      return {
        lane,
        series: Array.from({ length: SERIES }, () => this.#shuffled(lane, items)),
      };
    });
    const over = timeFor(ms);
    const samples: WrongAnswer[] = [];
    let [calls, wrong] = [0, 0];
    const begun = this.made;
    do {
      const chosen = this.#chosen(players);
      const parts = chosen.map(({ lane, series }) => this.#part(lane, this.#of<Series>(series)));
      const started = performance.now();
      if (atOnce) await Promise.all(parts.map(({ lane, series, from, to }) => lane.run(series, from, to)));
      else for (const { lane, series, from, to } of parts) await lane.run(series, from, to);
      this.#pace(parts, performance.now() - started, atOnce);
      // Where no number of wrong answers is enough, only crashes are looked for.
      if (enoughWrong < Infinity) {
        for (const { lane, series, from, to } of parts) {
          for (const at of lane.differing(series, from, to, this.#expected)) {
            if (samples.length < SAMPLES || this.#same !== null) {
              const sample = this.#judge(lane, series, at);
              if (sample === null) continue;
              if (samples.length < SAMPLES) samples.push(sample);
            }
            wrong += 1;
          }
        }
      }
      calls = this.made - begun;
    } while (!over() && wrong < enoughWrong && calls < enoughCalls);
    return { calls, wrong, samples, callMs: this.#callMs };
  }

  /** Makes the same call many times, and tells all answers together. */
  async draws({ item, calls, ms, spread, callMs }: DrawsOrder): Promise<{
    readonly calls: number;
    readonly digest: string;
    readonly repeated: string | null;
  }> {
    this.#callMs = callMs;
    const lanes = spread === 'one' ? this.#lanes.slice(0, 1) : this.#lanes;
    const { length } = this.#sequences;
    const total = calls === 0 ? this.#whole(MOST_DRAWS) : calls;
    const late = timeFor(ms);
    let taken = 0;
    const over = (): boolean => taken >= total || (calls === 0 && late());
    const all = new KeySum();
    const read = ({ lane, series, count }: Drawn): void => {
      for (let at = 0; at < count; at += 1) all.add(lane.key(series, at));
    };
    const loops = lanes.map((lane) => {
      let series = lane.prepare(this.#itemsOf([item], this.#whole(lane.longest)), length);
      /** Runs whose answers are read when all calls were made, so that nothing comes between them. */
      const unread: Drawn[] = [];
      return {
        /** Makes some of the calls that are left. */
        some: async (): Promise<void> => {
          const count = Math.min(total - taken, this.#size(lane));
          taken += count;
          const started = performance.now();
          await lane.run(series, 0, count);
          this.#pace([{ from: 0, to: count }], performance.now() - started, true);
          const drawn = { lane, series, count };
          if (!lane.keeps) {
            read(drawn);
            return;
          }
          unread.push(drawn);
          if (!over()) series = lane.prepare(series.items, length);
        },
        unread,
      };
    });
    if (spread === 'at-once') {
      await Promise.all(
        loops.map(async ({ some }) => {
          while (!over()) await some();
        }),
      );
    } else while (!over()) for (const { some } of loops) if (!over()) await some();
    for (const { unread } of loops) unread.forEach(read);
    return { calls: taken, digest: all.digest, repeated: all.repeated() };
  }

  #judge(lane: LaneCalls, series: Series, at: number): WrongAnswer | null {
    const { length } = this.#sequences;
    const call = series.items[at] as number;
    const seen = lane.answer(series, at);
    const expected = this.#expected[call] as Answer;
    if (this.#same?.(lane.decode(expected), lane.decode(seen)) === true) return null;
    const answerOf = this.#expected.findIndex(
      (one, other) => other % length === call % length && one.equals(seen),
    );
    return {
      item: Math.floor(call / length),
      expected: lane.show(expected),
      seen: lane.show(seen),
      answerOf: answerOf < 0 ? null : Math.floor(answerOf / length),
    };
  }

  /** Two of the lanes, or more: as many as cores leave no thread waiting, more have threads interrupted amid a call. */
  #chosen<P>(players: readonly P[]): readonly P[] {
    if (players.length <= 2) return players;
    const count = this.#draw.integer(2, players.length);
    const left = [...players];
    return Array.from(
      { length: count },
      () => left.splice(this.#draw.integer(0, left.length - 1), 1)[0] as P,
    );
  }

  #part(lane: LaneCalls, series: Series): { lane: LaneCalls; series: Series; from: number; to: number } {
    const { length } = this.#sequences;
    const all = series.items.length / length;
    const most = this.#size(lane) / length;
    const count = Math.min(all, Math.max(1, Math.ceil(most * (0.5 + this.#draw.unit() / 2))));
    const from = this.#draw.integer(0, all - count);
    return { lane, series, from: from * length, to: (from + count) * length };
  }

  /** Calls of a lane that take as long as a round. */
  #size({ longest }: LaneCalls): number {
    return this.#whole(Math.min(longest, ROUND_MS / Math.max(this.#callMs, 1e-6)));
  }

  /** As many calls, at most, as whole sequences have. */
  #whole(calls: number): number {
    const { length } = this.#sequences;
    return Math.max(1, Math.floor(calls / length)) * length;
  }

  /** So many calls: those of the sequences, over and over. */
  #itemsOf(sequences: readonly number[], calls: number): Int32Array {
    const { length } = this.#sequences;
    const all = sequences.length * length;
    return Int32Array.from({ length: calls }, (_, at) => {
      const call = at % all;
      return (sequences[Math.floor(call / length)] as number) * length + (call % length);
    });
  }

  #pace(parts: readonly { from: number; to: number }[], ms: number, atOnce: boolean): void {
    const counts = parts.map(({ from, to }) => to - from);
    const calls = atOnce ? Math.max(...counts) : counts.reduce((sum, count) => sum + count, 0);
    const now = ms / calls;
    this.#callMs = now < this.#callMs ? now : (this.#callMs * 7 + now) / 8;
  }

  #of<T>(list: readonly T[]): T {
    return list[this.#draw.integer(0, list.length - 1)] as T;
  }

  /** Calls of these sequences, in random order. */
  #shuffled(lane: LaneCalls, sequences: readonly number[]): Series {
    const { length } = this.#sequences;
    const longest = this.#whole(lane.longest);
    const drawn = Array.from({ length: Math.min(longest / length, DRAWN) }, () => this.#of(sequences));
    return lane.prepare(this.#itemsOf(drawn, longest), drawn.length * length);
  }
}

/** How many times as long as asked for, where the machine is busy with other things. */
const LONGER = 3;

/**
 * Whether the time is over: ms in which the process had at least one core for half of them. On a machine that is busy,
 * time that others use finds nothing.
 */
function timeFor(ms: number): () => boolean {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const passed = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    return passed > ms && (user + system > ms * 500 || passed > LONGER * ms);
  };
}
