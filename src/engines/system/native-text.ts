/**
 * C strings that native code returns, copied into shared memory by length.
 *
 * The same on every engine: by length, as `native-memory.ts` reads, so that no
 * engine's string reading (which may stop, guess or crash on NULL) is trusted,
 * and owned strings are released with the function the declaration names.
 */
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { TEXT_CAPACITY, TEXT_ELSEWHERE, TEXT_HEADER, TEXT_NULL } from '../../shared/memory/payload.js';
import type { Engine } from '../engine.js';
import { type NativeMemory, nativeMemory } from './native-memory.js';

export class NativeText {
  readonly #engine: Engine;
  readonly #memory: NativeMemory;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#memory = nativeMemory(engine);
  }

  /**
   * Copies the string at `pointer` into the text area at byte offset `at`.
   * @returns the text if it does not fit there; null if it is NULL or fits: the area says which.
   */
  copy(pointer: bigint, memory: LaneMemory, base: bigint, at: number): string | null {
    if (pointer === 0n) {
      memory.i32[at / 4] = TEXT_NULL;
      return null;
    }
    const bytes = this.#memory.lengthOf(pointer);
    if (bytes <= TEXT_CAPACITY) {
      if (bytes > 0) this.#memory.copy(base, at + TEXT_HEADER, pointer, bytes);
      memory.i32[at / 4] = bytes;
      return null;
    }
    memory.i32[at / 4] = TEXT_ELSEWHERE;
    const copy = Buffer.allocUnsafeSlow(bytes);
    this.#memory.copy(this.#engine.addressOf(copy), 0, pointer, bytes);
    return copy.toString('utf8');
  }
}

/** One per environment and engine: binding is not free. */
const readers = new WeakMap<Engine, NativeText>();

/** The text reader of an engine. */
export function nativeText(engine: Engine): NativeText {
  let reader = readers.get(engine);
  if (reader === undefined) {
    reader = new NativeText(engine);
    readers.set(engine, reader);
  }
  return reader;
}
