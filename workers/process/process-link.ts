/**
 * The link of a process lane: memory that the host maps too, and one socket.
 *
 *   host ──byte──► lane   the lane sleeps, or waits in a callback: look again
 *   lane ──byte──► host   the bell is armed, or something came by messages
 *   closed                the other side has ended
 *
 * What the bytes are about is in the memory; they only wake. So one too many is
 * harmless, and one that does not fit the socket is not missed: another one is
 * on its way then.
 *
 * Guarantee: nothing here waits for a host that has ended. A lane that finds
 * the socket closed ends its process, wherever it is.
 */
import { readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { Atomics, Math, Promise, performance } from '../../src/builtins.js';
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

/** ms between looks at a word that nobody may write a byte for: an interrupt function that has ended, say. */
const FIRST_SLICE_MS = 1;
const LONGEST_SLICE_MS = 64;

export class ProcessLink implements LaneLink {
  readonly #memory: LaneMemory;
  readonly #system: System;
  readonly #in: MessageReader;
  readonly #out: MessageWriter;
  readonly #bytes = Buffer.alloc(256);
  readonly #onLibrary: (library: LibraryMessage) => void;
  /** The library that was received last, and has not been told of. */
  #received: LibraryMessage | undefined;
  #live: MappedFile | undefined;
  #wake: () => void = () => {};

  /** @param onLibrary is told of libraries after they have been bound. */
  constructor(memory: LaneMemory, system: System, onLibrary: (library: LibraryMessage) => void) {
    this.#onLibrary = onLibrary;
    this.#memory = memory;
    this.#system = system;
    this.#in = new MessageReader(memory, messagesDown(memory.size));
    this.#out = new MessageWriter(memory, messagesUp(memory.size));
    // Two readers of one descriptor: this one between calls, `wait` in the midst of one.
    const socket = new Socket({ fd: SOCKET_FD, readable: true, writable: false });
    socket.on('data', () => this.#wake());
    socket.on('error', () => this.#sever());
    socket.on('close', () => process.exit());
  }

  receive(): ToLane | undefined {
    // Bound by now, in this thread: the other one finds it as it was loaded here.
    const library = this.#received;
    this.#received = undefined;
    if (library !== undefined) this.#onLibrary(library);
    const message = this.#in.receive() as ToLane | undefined;
    // There is room now: the host sends the rest.
    if (Atomics.load(this.#memory.i32, Header.MESSAGES_DOWN_WAITS) !== 0) this.#knock();
    if (message?.kind === 'library') this.#received = message;
    return message;
  }

  post(message: ToHost): void {
    this.#out.sendAll(message, {
      knock: () => this.#knock(),
      wait: (index, seen) => void this.wait(index, seen),
    });
    // Answers to questions are waited for without a call under way.
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
      // What was slept is over, whatever the clock says.
      const left = Math.min(until - performance.now(), ms - slept);
      if (left <= 0) return false;
      const most = Math.min(slice, left);
      if (this.#system.poll([SOCKET_FD], most)) this.#takeBytes();
      else slept += most;
    }
  }

  sleep(index: number, seen: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      // A byte that came before anybody listened.
      if (Atomics.load(this.#memory.i32, index) !== seen) resolve();
    });
  }

  liveAddress(): bigint {
    this.#live ??= this.#system.map(LIVE_FD);
    return this.#live.address;
  }

  #takeBytes(): void {
    try {
      if (readSync(SOCKET_FD, this.#bytes) === 0) process.kill(process.pid, 'SIGKILL');
    } catch (error) {
      // Taken already by the socket's other reader.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      this.#sever();
      process.kill(process.pid, 'SIGKILL');
    }
  }

  /** The descriptor is no socket any more: native code has closed what it did not open. The host is to know why this ends. */
  #sever(): void {
    Atomics.store(this.#memory.i32, Header.SEVERED, 1);
  }

  #knock(): void {
    try {
      writeSync(SOCKET_FD, '\n');
    } catch {
      // Full: bytes are on their way. Closed: the next look finds out.
    }
  }
}
