/**
 * Random numbers by position: what is drawn depends on the seed, the parameter and the item alone, so that any item can
 * be made again without those before it.
 */

/** Mixes all bits of a 32-bit number (the finaliser of MurmurHash3). */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A sequence of random numbers (sfc32). */
export class Draw {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Starts the sequence of one value. */
  start(seed: number, parameter: number, item: number): this {
    this.#a = mixed(seed ^ 0x9e3779b9);
    this.#b = mixed(item ^ this.#a);
    // Items above 2^32 differ in their high word.
    this.#c = mixed(Math.imul(parameter + 1, 0x9e3779b1) ^ Math.floor(item / 2 ** 32) ^ this.#b);
    this.#counter = 1;
    for (let round = 0; round < 4; round += 1) this.uint32();
    return this;
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const next = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + next;
    return next >>> 0;
  }

  /** From 0 to 1, without 1: 53 random bits. */
  unit(): number {
    return ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
  }

  /** A whole number from low to high; both are included, and safe integers. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  /** The same for bigints that may need 64 bits. */
  bigint(low: bigint, high: bigint): bigint {
    const bits = (BigInt(this.uint32()) << 32n) | BigInt(this.uint32());
    return low + ((bits * (high - low + 1n)) >> 64n);
  }
}
