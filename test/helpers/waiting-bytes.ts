/** Calls that are in native code with bytes of the caller, until a gate opens. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bytes, NativeCall } from 'offthread';
import { Gate } from './gate.js';
import { laneKind, liveMemory } from './lane-kind.js';
import { until, wait } from './waiting.js';

export const HANDED = {
  ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' },
  ot_fill_bytes: { arguments: [{ inout: 'buffer' }, 'u32', 'u8'], return: 'void' },
  ot_reverse_bytes: { arguments: [{ inout: 'buffer' }, 'u32'], return: 'void' },
  /** Its bytes are not copied back. */
  ot_wait_and_fill: { arguments: ['buffer', 'u32', 'u8', 'buffer', 'buffer', 'buffer'], return: 'i32' },
  wait_and_fill_inout: {
    symbol: 'ot_wait_and_fill',
    arguments: [{ inout: 'buffer' }, 'u32', 'u8', 'buffer', 'buffer', 'buffer'],
    return: 'i32',
  },
} as const;

/** A native function that waits at the gate, then stores the checksum of its bytes, and fills them. */
export type WaitAndFill = (
  bytes: Bytes,
  length: number,
  value: number,
  entered: Bytes,
  release: Bytes,
  checksum: Bytes,
) => NativeCall<number>;

/** The value that the bytes are filled with. */
export const FILL = 0x77;

export class HeldCall {
  readonly gate: Gate = new Gate();
  readonly call: NativeCall<number>;
  readonly #seen = new Uint32Array(liveMemory(4));

  constructor(fn: WaitAndFill, bytes: Bytes, length: number) {
    this.call = fn(
      bytes,
      length,
      FILL,
      this.gate.entered,
      this.gate.release,
      new Uint8Array(this.#seen.buffer),
    );
    this.call.catch(() => {});
  }

  /** Resolves when native code has the bytes. */
  async inside(): Promise<this> {
    await this.gate.inside();
    return this;
  }

  /** Lets native code go, and blocks until it has returned: the pool cannot have seen it. */
  returnUnseen(): void {
    this.gate.open();
    const seen = new Int32Array(this.#seen.buffer);
    const pause = new Int32Array(new SharedArrayBuffer(4));
    while (Atomics.load(seen, 0) === 0) Atomics.wait(pause, 0, 0, 1);
    // The lane moves past the call; a slow one does so afterwards.
    Atomics.wait(pause, 0, 0, 50);
  }

  /** Lets native code go, and resolves to the checksum that it found. */
  async checksum(): Promise<number> {
    this.gate.open();
    await until(() => Atomics.load(this.#seen, 0) !== 0, 'native code has read its bytes');
    return Atomics.load(this.#seen, 0);
  }
}

/** Whether native code works on lent bytes themselves. Node.js before 24 cannot keep their memory. */
export function worksInPlace(): boolean {
  return laneKind() === 'thread' && Number.parseInt(process.versions.node, 10) >= 24;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Collects what nobody refers to, and uses freed memory for something else. */
export async function collect(bytes: number): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    collectGarbage();
    // Buffers are freed by another thread, in part.
    await wait(5);
    for (let count = 0; count < 20; count += 1) new Uint8Array(bytes).fill(0xdd);
  }
}

/** The memory of a WebAssembly.Memory of 64 KB. */
export function wasmMemory(): { readonly buffer: ArrayBuffer; grow(pages: number): void } {
  const { Memory } = (globalThis as unknown as Record<string, { Memory: new (size: object) => never }>)[
    'WebAssembly'
  ] as { Memory: new (size: object) => never };
  return new Memory({ initial: 1, maximum: 4 });
}

/** Bytes that differ from one another, over a buffer of their own. */
export function pattern(size: number, seed = 7): Uint8Array {
  return Uint8Array.from({ length: size }, (_, at) => (at * 31 + seed) & 255);
}
