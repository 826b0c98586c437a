/**
 * The communication between a lane and its host in addition to the table: a thread uses shared memory and a message
 * port, a process uses mapped memory and a descriptor. The lane's code is the same for both.
 */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Atomics } from '../src/builtins.js';
import { Bell, Header } from '../src/shared/memory/layout.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { ToHost, ToLane } from '../src/shared/messages/messages.js';

export interface LaneLink {
  /** Whether addresses of the host are valid here, in the same process. */
  readonly sharesAddresses: boolean;
  /** The next message of the host; undefined if there is none now. Synchronous, so it works during a call. */
  receive(): ToLane | undefined;
  /** @param transfer buffers of the message that are transferred. */
  post(message: ToHost, transfer?: ArrayBuffer[]): void;
  /** Rings the host's doorbell, if the host has armed it. */
  ring(): void;
  /**
   * Blocks this thread until a word of the lane's memory differs from `seen`.
   * @param ms the longest wait; unlimited by default.
   * @returns false if the time is over.
   */
  wait(index: number, seen: number, ms?: number): boolean;
  /** The same for a word whose changes are always followed by what wakes a lane; nothing else may be waited for. */
  park(index: number, seen: number, ms: number): boolean;
  /** Resolves when a word of the lane's memory differs from `seen`, or earlier. The event loop continues to run. */
  sleep(index: number, seen: number): Promise<unknown>;
  /** Address of the live bytes (see `live-bytes.ts`) in this process. */
  liveAddress(): bigint;
}

/** The link of a thread lane. */
export class ThreadLink implements LaneLink {
  readonly sharesAddresses = true;
  readonly #memory: LaneMemory;
  readonly #bell: Int32Array;
  readonly #data: MessagePort;

  constructor(memory: LaneMemory, { bell, data }: { bell: SharedArrayBuffer; data: MessagePort }) {
    this.#memory = memory;
    this.#bell = new Int32Array(bell);
    this.#data = data;
  }

  receive(): ToLane | undefined {
    const received: { message: ToLane } | undefined = receiveMessageOnPort(this.#data);
    return received?.message;
  }

  post(message: ToHost, transfer: ArrayBuffer[] = []): void {
    try {
      this.#data.postMessage(message, transfer);
    } catch (cause) {
      // A real Error, because Node.js reports a thread's uncaught error to the host only if it is one: not a
      // DOMException.
      throw new TypeError(`a message to the host cannot be posted: ${String(cause)}`, { cause });
    }
  }

  ring(): void {
    if (Atomics.load(this.#bell, Bell.ARMED) === 0) return;
    if (Atomics.compareExchange(this.#bell, Bell.ARMED, 1, 0) !== 1) return;
    Atomics.add(this.#bell, Bell.COUNT, 1);
    Atomics.notify(this.#bell, Bell.COUNT);
  }

  wait(index: number, seen: number, ms: number = Infinity): boolean {
    return Atomics.wait(this.#memory.i32, index, seen, ms) !== 'timed-out';
  }

  park(index: number, seen: number, ms: number): boolean {
    return this.wait(index, seen, ms);
  }

  async sleep(index: number, seen: number): Promise<void> {
    const sleep = Atomics.waitAsync(this.#memory.i32, index, seen);
    if (sleep.async) await sleep.value;
  }

  liveAddress(): bigint {
    return this.#memory.u64[Header.SHARED_BASE / 2] as bigint;
  }
}
