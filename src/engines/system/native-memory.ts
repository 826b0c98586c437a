/**
 * Native memory, read by address: libc's own `strlen` and `memcpy`, the same
 * on every engine. Addresses are numbers where the engine takes them, which
 * is three times as fast as bigints.
 */
import { Math } from '../../builtins.js';
import type { Engine, NativeFunction } from '../engine.js';

const FIRST_ENTRIES = 64;

export class NativeMemory {
  readonly #engine: Engine;
  readonly #strlen: NativeFunction;
  readonly #memcpy: NativeFunction;
  readonly #numeric: boolean;
  /** Buffer for copies of pointer arrays. */
  #scratch = new BigUint64Array(0);
  #scratchAddress = 0n;

  constructor(engine: Engine) {
    const libc = engine.libc();
    this.#engine = engine;
    this.#numeric = engine.capabilities.numericPointers;
    this.#strlen = libc.bind('strlen', { arguments: ['pointer'], returns: 'u64' });
    this.#memcpy = libc.bind('memcpy', { arguments: ['pointer', 'pointer', 'u64'], returns: 'void' });
  }

  /** The form of an address with which {@link copy} is fastest. */
  form(address: bigint): number | bigint {
    return this.#numeric && address <= Number.MAX_SAFE_INTEGER ? Number(address) : address;
  }

  /** Bytes of the C string at an address, without its NUL. */
  lengthOf(address: number | bigint): number {
    return Number(this.#strlen(this.#numeric ? address : BigInt(address)));
  }

  /** Copies from native memory to an offset behind an address. */
  copy(to: number | bigint, offset: number, from: number | bigint, bytes: number): void {
    if (this.#numeric && typeof to === 'number') this.#memcpy(to + offset, from, bytes);
    else this.#memcpy(BigInt(to) + BigInt(offset), BigInt(from), BigInt(bytes));
  }

  /** The addresses in an array of them. */
  pointers(address: number | bigint, entries: number): (number | bigint)[] {
    if (entries === 0) return [];
    if (entries > this.#scratch.length) {
      this.#scratch = new BigUint64Array(Math.max(entries, FIRST_ENTRIES));
      this.#scratchAddress = this.#engine.addressOf(new Uint8Array(this.#scratch.buffer));
    }
    this.copy(this.#scratchAddress, 0, address, entries * 8);
    return Array.from(this.#scratch.subarray(0, entries));
  }

  /** Adds a number to each word that is not 0 of those behind a word with their number. */
  shift(address: bigint, by: bigint): void {
    const [count] = this.pointers(address, 1);
    const entries = Number(count);
    this.pointers(address + 8n, entries);
    const words = this.#scratch;
    for (let at = 0; at < entries; at += 1) {
      if (words[at] !== 0n) words[at] = (words[at] as bigint) + by;
    }
    if (entries > 0) this.copy(address, 8, this.#scratchAddress, entries * 8);
  }
}

/** One per environment and engine: binding is not free. */
const memories = new WeakMap<Engine, NativeMemory>();

/** Native memory as an engine reads it. */
export function nativeMemory(engine: Engine): NativeMemory {
  let memory = memories.get(engine);
  if (memory === undefined) {
    memory = new NativeMemory(engine);
    memories.set(engine, memory);
  }
  return memory;
}
