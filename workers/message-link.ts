/**
 * The link of a process lane that shares no memory with its host: its memory is
 * its own, and everything goes by messages over one socket.
 *
 *   host ──mail, calls──► lane   a call is written into the lane's memory, as
 *                                a host that shared it would have done
 *   lane ──how it is────► host   before native code runs or a library is
 *                                loaded, and whenever it would ring
 *   closed                       the other side has ended
 *
 * Guarantee: a call begins only after the system has taken the message that
 * says so. So a host that has read all that a dead lane has sent knows whether
 * it had begun its call, and may run it elsewhere if not.
 */
import { Socket } from 'node:net';
import { Atomics, Promise } from '../src/builtins.js';
import type { CrateDown, CrateUp } from '../src/shared/crate.js';
import { FrameReader, frameOf } from '../src/shared/frames.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import { Header, Phase, ROW_BYTES } from '../src/shared/memory/layout.js';
import type { ToHost, ToLane } from '../src/shared/messages/messages.js';
import { SOCKET_FD } from '../src/shared/messages/process-boot.js';
import type { LaneLink } from './lane-link.js';
import { residentBytes } from './resident.js';

type CallMessage = Extract<CrateDown, { kind: 'call' }>;

const BYTES_PER_KB = 1_024;

/** The call that is in the lane's memory. */
interface Call extends CallMessage {
  readonly payloadBytes: number;
  readonly views: readonly Uint8Array[];
}

export class MessageLink implements LaneLink {
  readonly #memory: LaneMemory;
  readonly #socket: Socket;
  readonly #frames = new FrameReader();
  readonly #mail: ToLane[] = [];
  #call: Call | null = null;
  /** HEAD, when it was last told of. */
  #head: number;
  /** How the lane is, as last told. */
  #told = '';
  #wake: () => void = () => {};

  constructor(memory: LaneMemory) {
    this.#memory = memory;
    this.#head = Atomics.load(memory.i32, Header.HEAD);
    this.#socket = new Socket({ fd: SOCKET_FD, readable: true, writable: true });
    this.#socket.on('data', (bytes) => this.#onBytes(bytes));
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => process.exit());
  }

  receive(): ToLane | undefined {
    const message = this.#mail.shift();
    // Before it is loaded: that may end this process.
    if (message?.kind === 'library') this.#tell({ phase: Phase.BOOT });
    return message;
  }

  post(message: ToHost): void {
    this.#tell({ post: message });
  }

  ring(): void {
    const head = Atomics.load(this.#memory.i32, Header.HEAD);
    if (head !== this.#head) {
      this.#head = head;
      this.#answer();
    } else if (this.#told !== this.#state()) this.#tell({});
  }

  /** What would be waited for comes by the event loop: nothing changes while this thread waits. */
  wait(): boolean {
    return false;
  }

  sleep(index: number, seen: number): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
      if (Atomics.load(this.#memory.i32, index) !== seen) resolve();
    });
  }

  liveAddress(): bigint {
    throw new Error('a lane that shares no memory has no live bytes');
  }

  #onBytes(bytes: Uint8Array): void {
    for (const { message, blobs } of this.#frames.add(bytes)) this.#take(message as CrateDown, blobs);
  }

  #rouse(): void {
    Atomics.add(this.#memory.i32, Header.DOORBELL, 1);
    this.#wake();
  }

  #take(message: CrateDown, [row, payload, ...views]: readonly Uint8Array[]): void {
    const { i32, bytes } = this.#memory;
    if (message.kind === 'mail') {
      this.#mail.push(message.message);
      Atomics.add(i32, Header.ANNOUNCED, 1);
      this.#rouse();
      return;
    }
    if (row === undefined || payload === undefined) throw new Error('a call came without its row');
    // The lane counts its calls by itself: the host may have passed over some.
    const sequence = Atomics.load(i32, Header.TAIL);
    bytes.set(row, this.#memory.rowWord(sequence) * 4);
    bytes.set(payload, message.payload);
    if (views.length > 0) this.#mail.push({ kind: 'data', sequence, views });
    this.#call = { ...message, payloadBytes: payload.length, views };
    i32[Header.PHASE] = Phase.CALL;
    this.#tell({}, [], () => {
      Atomics.store(i32, Header.TAIL, (sequence + 1) | 0);
      this.#rouse();
    });
  }

  /** The call is over: what came of it goes back. */
  #answer(): void {
    const call = this.#call;
    if (call === null) return;
    this.#call = null;
    const { i32, bytes } = this.#memory;
    i32[Header.RESIDENT_KB] = residentBytes() / BYTES_PER_KB;
    const row = this.#memory.rowWord(this.#head - 1) * 4;
    this.#tell({ done: call.sequence }, [
      // Copies: the next call may come before they have gone out.
      Uint8Array.from(bytes.subarray(row, row + ROW_BYTES)),
      Uint8Array.from(bytes.subarray(call.payload, call.payload + call.payloadBytes)),
      ...call.views.filter((_, index) => call.back[index]),
    ]);
  }

  /** @param sent is called once the system has taken it. */
  #tell(news: Partial<CrateUp>, blobs: readonly Uint8Array[] = [], sent: () => void = () => {}): void {
    const { i32 } = this.#memory;
    const message: CrateUp = {
      phase: i32[Header.PHASE] as number,
      ready: Atomics.load(i32, Header.READY),
      bound: Atomics.load(i32, Header.BOUND),
      residentKb: i32[Header.RESIDENT_KB] as number,
      post: null,
      done: null,
      ...news,
    };
    this.#told = news.phase === undefined ? this.#state() : '';
    const parts = frameOf({ message, blobs });
    const last = parts.pop() as Uint8Array;
    this.#socket.cork();
    for (const part of parts) this.#socket.write(part);
    this.#socket.write(last, (error) => {
      // Else the host has ended, and this process is about to.
      if (error === undefined || error === null) sent();
    });
    this.#socket.uncork();
  }

  #state(): string {
    const { i32 } = this.#memory;
    return `${i32[Header.PHASE]} ${i32[Header.READY]} ${i32[Header.BOUND]}`;
  }
}
