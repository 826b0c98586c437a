/** Memory of the C library, in the process of a pool's lanes. */
import type { Pool } from 'offthread';
import { type Libc, openSystemLibc } from './system-libc.js';

export class NativeMemory {
  readonly #libc: Libc;

  static async in(pool: Pool): Promise<NativeMemory> {
    return new NativeMemory(await openSystemLibc(pool));
  }

  private constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** New memory, aligned for everything. It is released with its process. */
  async allocate(bytes: number): Promise<bigint> {
    const address = await this.#libc.malloc(BigInt(Math.max(1, bytes)));
    if (address === 0n) throw new Error(`There are no ${bytes} bytes of memory for the arguments.`);
    return address;
  }

  async write(address: bigint, bytes: Uint8Array): Promise<void> {
    if (bytes.length > 0) await this.#libc.fill(address, bytes, BigInt(bytes.length));
  }

  async copy(to: bigint, from: bigint, bytes: number): Promise<void> {
    await this.#libc.move(to, from, BigInt(bytes));
  }

  /** The address of shared memory, which threads use in place. The memory has to stay referenced. */
  addressOf(shared: Uint8Array): Promise<bigint> {
    return this.#libc.own(shared, shared, 0n);
  }
}
