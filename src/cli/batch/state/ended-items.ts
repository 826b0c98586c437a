/**
 * Which items have ended: all before a position, and some behind it. Positions count the items of this run's shard.
 *
 * What is behind is kept as ranges: while one item takes long, millions behind it may end, in nearly as many ranges as there
 * are lanes.
 */

/** Positions [from, to). */
export type Range = readonly [from: number, to: number];

export class EndedItems {
  #before: number;
  /** Ranges behind the first position that has not ended: ascending, with gaps between them. */
  readonly #ranges: [from: number, to: number][];
  #count: number;
  /** The range that was extended last: mostly the next position continues it. */
  #last = 0;

  constructor(before = 0, beyond: readonly Range[] = []) {
    this.#before = before;
    this.#ranges = beyond.map(([from, to]) => [from, to]);
    this.#count = beyond.reduce((sum, [from, to]) => sum + to - from, before);
  }

  /** All positions before this one have ended; this one has not. */
  get before(): number {
    return this.#before;
  }

  /** The positions behind it that have ended. */
  get beyond(): Range[] {
    return this.#ranges.map(([from, to]) => [from, to]);
  }

  /** No position from this one on has ended. */
  get end(): number {
    return this.#ranges.at(-1)?.[1] ?? this.#before;
  }

  get count(): number {
    return this.#count;
  }

  has(position: number): boolean {
    if (position < this.#before) return true;
    const range = this.#ranges[this.#firstBehind(position) - 1];
    return range !== undefined && position < range[1];
  }

  /** A position has ended that had not. */
  add(position: number): void {
    this.#count += 1;
    if (position !== this.#before) {
      this.#addBehind(position);
      return;
    }
    this.#before += 1;
    if (this.#ranges[0]?.[0] !== this.#before) return;
    this.#before = this.#ranges[0][1];
    this.#ranges.shift();
    this.#last = 0;
  }

  #addBehind(position: number): void {
    const ranges = this.#ranges;
    let at = this.#last;
    if (ranges[at]?.[1] !== position) at = this.#firstBehind(position) - 1;
    const range = ranges[at];
    const next = ranges[at + 1];
    if (range?.[1] === position) {
      range[1] = next?.[0] === position + 1 ? next[1] : position + 1;
      if (next?.[0] === position + 1) ranges.splice(at + 1, 1);
    } else if (next?.[0] === position + 1) {
      next[0] = position;
      at += 1;
    } else {
      ranges.splice(at + 1, 0, [position, position + 1]);
      at += 1;
    }
    this.#last = at;
  }

  /** Index of the first range that begins behind a position. */
  #firstBehind(position: number): number {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#ranges[middle]?.[0] ?? 0) > position) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** Ranges of positions in ascending order. */
export function rangesOf(positions: Iterable<number>): Range[] {
  const ranges: [number, number][] = [];
  for (const position of positions) {
    const last = ranges.at(-1);
    if (last?.[1] === position) last[1] = position + 1;
    else ranges.push([position, position + 1]);
  }
  return ranges;
}
