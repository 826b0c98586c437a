/** Which items have ended: all before a position, and some behind it. Positions count the items of this run's shard. */

/** Positions [from, to). */
export type Range = readonly [from: number, to: number];

export class EndedItems {
  #before: number;
  /** Positions behind the first that has not ended. */
  readonly #beyond = new Set<number>();

  constructor(before = 0, beyond: readonly Range[] = []) {
    this.#before = before;
    for (const [from, to] of beyond) for (let at = from; at < to; at += 1) this.#beyond.add(at);
  }

  /** All positions before this one have ended; this one has not. */
  get before(): number {
    return this.#before;
  }

  /** The positions behind it that have ended. */
  get beyond(): Range[] {
    return rangesOf([...this.#beyond].toSorted((one, other) => one - other));
  }

  get count(): number {
    return this.#before + this.#beyond.size;
  }

  has(position: number): boolean {
    return position < this.#before || this.#beyond.has(position);
  }

  add(position: number): void {
    if (position !== this.#before) {
      this.#beyond.add(position);
      return;
    }
    this.#before += 1;
    while (this.#beyond.size > 0 && this.#beyond.delete(this.#before)) this.#before += 1;
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
