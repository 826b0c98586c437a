/** All answers of many calls together, as numbers: the same in whatever order they come. */

/** Numbers that are kept to look for repeated ones. */
const KEPT = 1_000_000;

export class KeySum {
  readonly #kept = new Float64Array(KEPT);
  readonly #value = new Float64Array(1);
  readonly #words = new Uint32Array(this.#value.buffer);
  #count = 0;
  /** Sums of two mixtures of the numbers: as one number more or less changes them, so does one in place of another. */
  #first = 0n;
  #second = 0;
  #partial = 0;

  add(key: number): void {
    if (this.#count < KEPT) this.#kept[this.#count] = key;
    this.#count += 1;
    this.#value[0] = key;
    const low = this.#words[0] as number;
    const high = this.#words[1] as number;
    let mixed = Math.imul(low ^ (high << 7) ^ (high >>> 9), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    this.#second = (this.#second + Math.imul(high + 0x9e3779b9, 0x27d4eb2f) + (mixed ^ (mixed >>> 16))) | 0;
    mixed = Math.imul(low + 0x165667b1 + Math.imul(high, 31), 0x9e3779b1);
    this.#partial += (mixed ^ (mixed >>> 15)) >>> 0;
    // A sum of whole numbers is exact below 2^53.
    if (this.#partial < 2 ** 52) return;
    this.#first += BigInt(this.#partial);
    this.#partial = 0;
  }

  get digest(): string {
    return `${this.#count}:${this.#first + BigInt(this.#partial)}:${this.#second}`;
  }

  /** A number that came more than once, among those that were kept; null when there is none. */
  repeated(): string | null {
    const all = this.#kept.subarray(0, Math.min(this.#count, KEPT)).sort();
    const at = all.findIndex((key, index) => index > 0 && Object.is(key, all[index - 1]));
    return at < 0 ? null : String(all[at]);
  }
}
