/**
 * The host's doorbell. One waiter (the host), many ringers (its lanes).
 *
 * The host arms the bell, checks the lanes once more, and only then sleeps; a lane publishes and then checks whether
 * the bell is armed. So the last check either finds a result, or the result rings the bell. Only the lane that disarms
 * the bell rings, so many results cause one wake-up.
 */
import { Atomics, queueMicrotask } from '../../builtins.js';
import { whenSettled } from '../../promises.js';
import { BELL_BYTES, Bell } from './layout.js';

/**
 * V8 keeps the promises of all asynchronous waits of a thread in one table, in the old generation. It makes the table
 * anew when few are left, which is after each wake-up of a thread that waits for one thing; and each allocation there
 * may start a collection, as soon as 16 MB of chunks have been allocated. Waits that never end keep the table large: a
 * stream of 4 KB chunks then causes a third of the collections.
 */
const LASTING_WAITS = 512;
const lasting: Promise<unknown>[] = [];

/** Whether this thread may block: that of a window in Electron may not. */
const maySleep = canWait();

function canWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}

/** Makes the waits that never end, once for this thread, in 0.4 ms. They do not keep the process alive. */
function keepTableLarge(): void {
  if (lasting.length > 0) return;
  const words = new Int32Array(new SharedArrayBuffer(4));
  for (let index = 0; index < LASTING_WAITS; index += 1) {
    const wait = Atomics.waitAsync(words, 0, 0);
    if (wait.async) lasting.push(wait.value);
  }
}

/** The bell on which a host sleeps until a lane has results or requests. */
export interface Doorbell {
  /** Announces that the host is about to sleep. @returns the count to sleep on. */
  arm(): number;
  /** The host has found work and does not sleep. */
  disarm(): void;
  /** Calls `wake` once the bell has rung since `count`. */
  whenRung(count: number, wake: () => void): void;
  /** Blocks this thread until the bell has rung since `count`, at most `ms`. */
  sleep(count: number, ms: number): void;
  /** The same for a part of a ms; does nothing where that is not possible. */
  nap(count: number, ms: number): void;
  /** Rings from the host itself. */
  ring(): void;
}

/** The bell of thread lanes. */
export class HostBell implements Doorbell {
  readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(BELL_BYTES);
  readonly #words: Int32Array = new Int32Array(this.buffer);

  arm(): number {
    const count = Atomics.load(this.#words, Bell.COUNT);
    Atomics.store(this.#words, Bell.ARMED, 1);
    return count;
  }

  disarm(): void {
    Atomics.store(this.#words, Bell.ARMED, 0);
  }

  whenRung(count: number, wake: () => void): void {
    keepTableLarge();
    const wait = Atomics.waitAsync(this.#words, Bell.COUNT, count);
    if (wait.async) void whenSettled(wait.value, wake);
    else queueMicrotask(wake);
  }

  sleep(count: number, ms: number): void {
    Atomics.wait(this.#words, Bell.COUNT, count, ms);
  }

  nap(count: number, ms: number): void {
    if (maySleep) this.sleep(count, ms);
  }

  ring(): void {
    this.disarm();
    Atomics.add(this.#words, Bell.COUNT, 1);
    Atomics.notify(this.#words, Bell.COUNT);
  }
}
