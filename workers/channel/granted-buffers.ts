/** The lane's end of the buffers that the host grants for chunks, see `buffer-grants.ts`. */
import { Atomics } from '../../src/builtins.js';
import { Channel, GRANTS, GRANT_DOUBLES, GrantDouble, grantsStart } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';

/** No buffer of that length is granted now. */
export const NO_BUFFER = 0;

export class GrantedBuffers {
  readonly #memory: LaneMemory;
  readonly #first: number;
  /** The number of buffers granted so far, as last read, and of those passed: modulo 2^32. */
  #granted = 0;
  #passed = 0;

  constructor(memory: LaneMemory) {
    this.#memory = memory;
    this.#first = grantsStart(memory.size) / 8;
  }

  /** The number of buffers passed so far, modulo 2^32: filled, or left behind because of their length. */
  get passed(): number {
    return this.#passed;
  }

  /** The address of a buffer of `bytes` bytes, for the next record; or {@link NO_BUFFER}. Passes those of other lengths. */
  take(bytes: number): number {
    const { i32, f64, channel } = this.#memory;
    let address = NO_BUFFER;
    const before = this.#passed;
    while (address === NO_BUFFER) {
      if (this.#passed === this.#granted) {
        this.#granted = Atomics.load(i32, channel + Channel.GRANTED);
        if (this.#passed === this.#granted) break;
      }
      const cell = this.#first + (this.#passed & (GRANTS - 1)) * GRANT_DOUBLES;
      if (f64[cell + GrantDouble.BYTES] === bytes) address = f64[cell + GrantDouble.ADDRESS] as number;
      this.#passed = (this.#passed + 1) | 0;
    }
    // After the cells have been read: the host may use them again.
    if (this.#passed !== before) Atomics.store(i32, channel + Channel.GRANTS_PASSED, this.#passed);
    return address;
  }
}
