/**
 * The link of a process lane: memory that the host also maps, and one socket.
 *
 *   host ──byte──► lane   the lane sleeps, or waits in a callback: check again
 *   lane ──byte──► host   the bell is armed, or a message was sent
 *   closed                the other side has ended
 *
 * The bytes only wake; all data is in the memory. So an extra byte is harmless, and a byte that does not fit in the
 * socket is not needed: others are already on their way.
 *
 * Guarantee: nothing here waits for a host that has ended. A lane that finds the socket closed ends its process, even
 * during a call.
 */
import { readSync, writeSync } from 'node:fs';
import { Atomics, Math, Promise, builtinModule, performance } from '../../src/builtins.js';
import type { MappedFile, System } from '../../src/engines/system/system-calls.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header } from '../../src/shared/memory/layout.js';
import {
  MessageReader,
  MessageWriter,
  messagesDown,
  messagesUp,
} from '../../src/shared/messages/message-channel.js';
import type { ToHost, ToLane } from '../../src/shared/messages/messages.js';
import { LIVE_FD, SOCKET_FD } from '../../src/shared/messages/process-boot.js';
import type { LaneLink } from '../lane-link.js';

type LibraryMessage = Extract<ToLane, { kind: 'library' }>;

/**
 * ms between checks of a word whose change may not be followed by a byte, for example at the end of an interrupt
 * function.
 */
const FIRST_SLICE_MS = 1;
const LONGEST_SLICE_MS = 64;

export class ProcessLink implements LaneLink {
  readonly sharesAddresses = false;
  readonly #memory: LaneMemory;
  readonly #system: System;
  readonly #in: MessageReader;
  readonly #out: MessageWriter;
  readonly #bytes = Buffer.alloc(256);
  readonly #onLibrary: (library: LibraryMessage) => void;
  /** The last received library, if it has not been reported yet. */
  #received: LibraryMessage | undefined;
  #live: MappedFile | undefined;
  /** Wakes those who sleep in the event loop: each checks its word. */
  #sleepers: (() => void)[] = [];

  /** @param onLibrary called with each library after it has been bound. */
  constructor(memory: LaneMemory, system: System, onLibrary: (library: LibraryMessage) => void) {
    this.#onLibrary = onLibrary;
    this.#memory = memory;
    this.#system = system;
    this.#in = new MessageReader(memory, messagesDown(memory.size));
    this.#out = new MessageWriter(memory, messagesUp(memory.size));
    // The descriptor has two readers: this one between calls, `wait` during calls.
    const { Socket } = builtinModule('node:net');
    const socket = new Socket({ fd: SOCKET_FD, readable: true, writable: false });
    socket.on('data', () => {
      for (const wake of this.#sleepers.splice(0)) wake();
    });
    socket.on('error', () => this.#sever());
    socket.on('close', () => process.exit());
  }

  receive(): ToLane | undefined {
    // This thread has bound the library by now: the interrupt thread finds the version that was loaded here.
    const library = this.#received;
    this.#received = undefined;
    if (library !== undefined) this.#onLibrary(library);
    const message = this.#in.receive() as ToLane | undefined;
    // There is room now: wake the host, which sends the rest.
    if (Atomics.load(this.#memory.i32, Header.MESSAGES_DOWN_WAITS) !== 0) this.#knock();
    if (message?.kind === 'library') this.#received = message;
    return message;
  }

  post(message: ToHost): void {
    this.#out.sendAll(message, {
      knock: () => this.#knock(),
      wait: (index, seen) => void this.wait(index, seen),
    });
    // The host may wait for an answer while no call is in progress.
    if (message.kind === 'reply') this.#knock();
  }

  ring(): void {
    const { i32 } = this.#memory;
    if (Atomics.load(i32, Header.BELL_ARMED) === 0) return;
    if (Atomics.compareExchange(i32, Header.BELL_ARMED, 1, 0) === 1) this.#knock();
  }

  wait(index: number, seen: number, ms: number = Infinity): boolean {
    const { i32 } = this.#memory;
    const until = ms === Infinity ? Infinity : performance.now() + ms;
    let slept = 0;
    for (let slice = FIRST_SLICE_MS; ; slice = Math.min(slice * 2, LONGEST_SLICE_MS)) {
      if (Atomics.load(i32, index) !== seen) return true;
      // Count the time slept, even if the clock stands still.
      const left = Math.min(until - performance.now(), ms - slept);
      if (left <= 0) return false;
      const most = Math.min(slice, left);
      if (this.#system.poll([SOCKET_FD], most)) this.#takeBytes();
      else slept += most;
    }
  }

  park(index: number, seen: number, ms: number): boolean {
    const { i32 } = this.#memory;
    if (Atomics.load(i32, index) !== seen) return true;
    // The event loop finds a closed socket, too, and lets the process exit by itself.
    if (this.#system.poll([SOCKET_FD], ms)) this.#read();
    return Atomics.load(i32, index) !== seen;
  }

  sleep(index: number, seen: number): Promise<void> {
    return new Promise((resolve) => {
      this.#sleepers.push(resolve);
      // The byte may have arrived before there was a listener.
      if (Atomics.load(this.#memory.i32, index) !== seen) resolve();
    });
  }

  liveAddress(): bigint {
    this.#live ??= this.#system.map(LIVE_FD);
    return this.#live.address;
  }

  /** During a call: a lane whose host has ended ends at once. */
  #takeBytes(): void {
    if (!this.#read()) process.kill(process.pid, 'SIGKILL');
  }

  /** Reads the bytes on the socket. @returns false if it is closed. */
  #read(): boolean {
    try {
      return readSync(SOCKET_FD, this.#bytes) > 0;
    } catch (error) {
      // The other reader of the socket has taken the byte.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return true;
      this.#sever();
      return false;
    }
  }

  /**
   * The descriptor is no longer a socket: native code has closed a descriptor that it did not open. Records the cause
   * of the end for the host.
   */
  #sever(): void {
    Atomics.store(this.#memory.i32, Header.SEVERED, 1);
  }

  #knock(): void {
    try {
      writeSync(SOCKET_FD, '\n');
    } catch {
      // If the socket is full, bytes are on their way. If it is closed, the next check finds that.
    }
  }
}
