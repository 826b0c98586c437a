/**
 * Handshakes with native code through shared memory. `ot_enter_and_wait` adds
 * 1 to `entered` and waits until `release` is set, so a test knows that a call
 * runs, and decides when it ends. Times here are guards against deadlock only.
 */
import type { NativeCall } from 'offthread';
import { liveMemory } from './lane-kind.js';
import type { Offtest } from './offtest.js';
import { until } from './waiting.js';

/** ms after which a call that nobody lets go comes back. */
const HELD_MS = 6_000;
const open = new Set<Gate>();

export class Gate {
  readonly entered: Int32Array;
  readonly release: Int32Array;

  constructor() {
    const memory = liveMemory(128);
    this.entered = new Int32Array(memory, 0, 1);
    this.release = new Int32Array(memory, 64, 1);
    open.add(this);
  }

  /** Calls that have gone in since the gate was made. */
  get count(): number {
    return Atomics.load(this.entered, 0);
  }

  /** Starts a call that waits at this gate. Nothing else can stop it. */
  hold(lib: Pick<Offtest, 'ot_enter_and_wait'>): NativeCall<number> {
    return lib.ot_enter_and_wait(this.entered, this.release, HELD_MS);
  }

  /** Resolves when `count` calls have gone in. */
  inside(count = 1): Promise<void> {
    return until(() => this.count >= count, `${count} calls inside the gate`);
  }

  /** Lets every call go, those that come later too. */
  open(): void {
    Atomics.store(this.release, 0, 1);
    open.delete(this);
  }
}

/** Lets every call of every gate go: for hooks, so that a failed test leaves nothing stuck. */
export function openGates(): void {
  for (const gate of open) gate.open();
}

/** Bytes that native code and this thread both see. */
export function shared(bytes: number): Uint8Array {
  return new Uint8Array(liveMemory(bytes));
}

/** Starts a call that writes to shared bytes until its flag is set: resolves when it is running. */
export async function runningFill(
  lib: Pick<Offtest, 'ot_fill_slowly'>,
  start: (fill: Offtest['ot_fill_slowly'], bytes: Uint8Array) => NativeCall<number> = (fill, bytes) =>
    fill(bytes, bytes.length, 7, 200),
): Promise<{ call: NativeCall<number>; bytes: Uint8Array }> {
  const bytes = shared(30_000);
  const call = start(lib.ot_fill_slowly, bytes);
  await until(() => Atomics.load(bytes, 0) === 7, 'the fill to run');
  return { call, bytes };
}
