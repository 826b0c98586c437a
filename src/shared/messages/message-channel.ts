/**
 * Messages between the host and a process lane, through memory that both map: one pipe in each direction, behind the
 * lane's channel. Thread lanes use message ports instead. Either end reads without its event loop, so this works while
 * a side blocks.
 *
 * A message is serialized and sent in fragments, in order; a message that does not fit now is kept by its sender, which
 * tries again ({@link MessageWriter.flush}) whenever the reader may have made room.
 */
import { Atomics, Math, builtinModule } from '../../builtins.js';
import { memoryBytes, type PipePlace } from '../memory/channel.js';
import { Disorder } from './disorder.js';
import { align8 } from '../memory/record.js';
import type { LaneMemory } from '../memory/lane-memory.js';
import { Header, type LaneSize } from '../memory/layout.js';
import { NO_RECORD, PipeReader, PipeWriter } from '../memory/pipe.js';

/** Bytes of each pipe: a power of two. */
const MESSAGE_CHANNEL_BYTES = 65_536;
/** A fragment: its size, the bytes it carries, and whether it is the last of its message. */
const HEADER_BYTES = 16;
const LENGTH = 1;
const LAST = 2;
const FRAGMENT_BYTES = 16_384;

/** Bytes of the memory of a process lane: the lane's, then the messages. */
export function processMemoryBytes(size: LaneSize): number {
  return memoryBytes(size) + 2 * MESSAGE_CHANNEL_BYTES;
}

/** The pipe from the host to the lane. */
export function messagesDown(size: LaneSize): PipePlace {
  const start = memoryBytes(size);
  return {
    start,
    bytes: MESSAGE_CHANNEL_BYTES,
    write: Header.MESSAGES_DOWN_WRITE,
    read: Header.MESSAGES_DOWN_READ,
  };
}

/** The pipe from the lane to the host. */
export function messagesUp(size: LaneSize): PipePlace {
  const start = memoryBytes(size) + MESSAGE_CHANNEL_BYTES;
  return {
    start,
    bytes: MESSAGE_CHANNEL_BYTES,
    write: Header.MESSAGES_UP_WRITE,
    read: Header.MESSAGES_UP_READ,
  };
}

export class MessageWriter {
  readonly #memory: LaneMemory;
  readonly #pipe: PipeWriter;
  /** Messages that have not been sent yet, oldest first. */
  readonly #backlog: Buffer[] = [];
  /** Number of sent bytes of the oldest message. */
  #sent = 0;

  constructor(memory: LaneMemory, place: PipePlace) {
    this.#memory = memory;
    this.#pipe = new PipeWriter(memory, place);
  }

  /** Whether a message waits for room. */
  get waits(): boolean {
    return this.#backlog.length > 0;
  }

  /** @returns whether the whole message was sent; if not, {@link flush} sends the rest. */
  send(message: unknown): boolean {
    this.add(message);
    return this.flush();
  }

  /** Adds a message, which {@link flush} sends. @throws what serializing it throws; then there is no message. */
  add(message: unknown): void {
    this.#backlog.push(builtinModule('node:v8').serialize(message));
  }

  /**
   * Sends a message from a lane to its host, which takes a large one in pieces: waits for room where there is none.
   * @param host `knock` makes the host read messages; `wait` waits until a word has changed.
   */
  sendAll(message: unknown, host: { knock(): void; wait(index: number, seen: number): void }): void {
    if (this.send(message)) return;
    const { i32 } = this.#memory;
    Atomics.store(i32, Header.MESSAGES_UP_WAITS, 1);
    for (;;) {
      const seen = Atomics.load(i32, Header.MESSAGES_UP_READ);
      if (this.flush()) break;
      // After the write: a host that was woken earlier may have found nothing.
      host.knock();
      host.wait(Header.MESSAGES_UP_READ, seen);
    }
    Atomics.store(i32, Header.MESSAGES_UP_WAITS, 0);
  }

  /** Sends as much as there is room for. @returns whether everything was sent. */
  flush(): boolean {
    for (let message = this.#backlog[0]; message !== undefined; message = this.#backlog[0]) {
      if (!this.#flushOne(message)) return false;
      this.#backlog.shift();
      this.#sent = 0;
    }
    return true;
  }

  #flushOne(message: Buffer): boolean {
    const { i32, bytes } = this.#memory;
    do {
      const length = Math.min(message.length - this.#sent, FRAGMENT_BYTES);
      const at = this.#pipe.reserve(HEADER_BYTES + align8(length));
      if (at === NO_RECORD) return false;
      i32[at / 4 + LENGTH] = length;
      i32[at / 4 + LAST] = this.#sent + length === message.length ? 1 : 0;
      message.copy(bytes, at + HEADER_BYTES, this.#sent, this.#sent + length);
      this.#sent += length;
      this.#pipe.commit();
    } while (this.#sent < message.length);
    return true;
  }
}

export class MessageReader {
  readonly #memory: LaneMemory;
  readonly #pipe: PipeReader;
  /** Fragments of the message that is coming in. */
  #fragments: Buffer[] = [];

  constructor(memory: LaneMemory, place: PipePlace) {
    this.#memory = memory;
    this.#pipe = new PipeReader(memory, place);
  }

  /** The next complete message; undefined if there is none now. */
  receive(): unknown {
    for (let at = this.#pipe.peek(); at !== NO_RECORD; at = this.#pipe.peek()) {
      const { i32, bytes } = this.#memory;
      const length = i32[at / 4 + LENGTH] as number;
      if (length < 0 || at + HEADER_BYTES + length > this.#pipe.end)
        throw new Disorder('the length of a message');
      const last = i32[at / 4 + LAST] === 1;
      // A copy, because the memory is released.
      this.#fragments.push(Buffer.from(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length)));
      this.#pipe.take();
      if (!last) continue;
      const message = this.#fragments.length === 1 ? this.#fragments[0] : Buffer.concat(this.#fragments);
      this.#fragments = [];
      return builtinModule('node:v8').deserialize(message as Buffer);
    }
    return undefined;
  }
}
