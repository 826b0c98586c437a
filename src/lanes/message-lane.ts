/**
 * A process lane that shares no memory with its host: everything between them
 * is a message, by the same socket that only wakes a lane with shared memory.
 *
 * Table and arena are the host's own memory, with room for one call. A call is
 * sent as its row, its payload and its bytes; the lane runs it in memory of its
 * own, where these lie in the same places, and sends them back.
 *
 *   queued ──sent──► running ──answered──► over
 *     ▲  │              └──► asked to stop: given up, and the lane is killed
 *     │  └──► cancelled, or taken back: never sent
 *     └────── running, and the lane died without having said that it began it
 *
 * Guarantees:
 * - A call that has been sent may have begun: nothing can stop it but the end
 *   of its lane. Before that it never starts.
 * - It is sent only when the lane has bound everything that it was told of.
 * - An answer is written into the row of the call that it is to, and decides
 *   its end only if the host has not.
 */
import { Atomics, performance } from '../builtins.js';
import type { CrateDown, CrateUp } from '../shared/crate.js';
import { clockOrigin } from '../shared/clock.js';
import { FrameReader, frameOf } from '../shared/frames.js';
import { Header, type LaneSize, Phase, Request } from '../shared/memory/layout.js';
import { LaneMemory } from '../shared/memory/lane-memory.js';
import type { LaneReport, ToHost, ToLane } from '../shared/messages/messages.js';
import { State } from '../shared/memory/states.js';
import { callCrate, takeAnswer } from './call-crate.js';
import type { LaneStart } from '../options/lane-start.js';
import { ChildLife } from './process/child-life.js';
import { type Death, phaseOf } from './death.js';
import { Inbox } from './channel/inbox.js';
import type { Lane, LaneEvents, LaneStatus, TryOut } from './lane.js';
import { LaneChannel } from './channel/lane-channel.js';
import { LaneRing } from './rows/lane-ring.js';
import type { MessageBell } from './message-bell.js';
import { PrivateBytes } from './private-bytes.js';
import type { Ticket } from './rows/ticket.js';

/** How such a lane is made. */
export interface MessageLaneOptions {
  readonly name: string;
  readonly arenaBytes: number;
  readonly bell: MessageBell;
  readonly stackSizeMb: number;
  readonly start: LaneStart;
  readonly passStderr: boolean;
}

/** Nothing goes through its channel; it is as small as one can be. */
const CHUNK_BYTES = 64;
/** Reads that {@link MessageLane.catchUp} does at most: more than a socket holds. */
const CATCH_UP_ROUNDS = 64;

export class MessageLane<T extends Ticket> implements Lane<T> {
  readonly name: string;
  readonly kind = 'process';
  readonly reachable = false;
  readonly asleep = true;
  readonly ring: LaneRing<T>;
  readonly inbox: Inbox;
  readonly channel: LaneChannel;
  readonly createdAt: number = performance.now();
  status: LaneStatus = 'starting';
  lastUsed = 0;
  abandonAt: number = Infinity;
  hasCallbacks = false;
  keepsCallbacks = false;
  readonly #bell: MessageBell;
  readonly #events: LaneEvents<MessageLane<T>>;
  readonly #life: ChildLife;
  readonly #frames = new FrameReader();
  /** What came beside the rows, for the inbox to sort. */
  readonly #posts: ToHost[] = [];
  /** The call in the ring has not been sent. */
  #waits = false;
  /** The lane has said that it runs the call it was sent. */
  #began = false;
  /** Where the bytes belong that the call is to bring back. */
  #wanted: readonly Uint8Array[] = [];
  #corrupt = false;

  constructor(options: MessageLaneOptions, events: LaneEvents<MessageLane<T>>) {
    const { name, arenaBytes, bell } = options;
    const size: LaneSize = { rows: 1, arenaBytes, chunkBytes: CHUNK_BYTES, batchBytes: 0 };
    this.name = name;
    this.#bell = bell;
    this.#events = events;
    const memory = new LaneMemory(size);
    this.ring = new LaneRing(memory, new PrivateBytes());
    this.inbox = new Inbox(
      () => this.#posts.shift(),
      (reply) => this.#life.answered(reply.id, reply),
    );
    this.channel = new LaneChannel(memory, this.inbox, () => {});
    this.#life = new ChildLife(
      name,
      {
        boot: {
          control: 'kill-only',
          name,
          size,
          host: process.pid,
          clockOrigin: clockOrigin(),
          // What it would look at meanwhile comes by its event loop.
          spinUs: 0,
          stackBytes: options.stackSizeMb * 1024 * 1024,
        },
        start: options.start,
        passStderr: options.passStderr,
        shared: null,
      },
      {
        came: (bytes) => this.#onBytes(bytes),
        announce: (message) => this.announce(message),
        phase: () => (this.loading ? 'boot' : phaseOf(memory)),
        severed: () => false,
        ended: (death) => this.#onEnd(death),
      },
    );
    bell.add(this);
  }

  /** Nothing may wait behind its call: there is room for one. */
  get exclusive(): boolean {
    return true;
  }

  set exclusive(_: boolean) {}

  get begun(): boolean {
    return this.#began;
  }

  get announcedReady(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.READY) === 1 && this.bound;
  }

  get bound(): boolean {
    const { i32 } = this.ring.memory;
    return Atomics.load(i32, Header.ANNOUNCED) === Atomics.load(i32, Header.BOUND);
  }

  get loading(): boolean {
    const { memory } = this.ring;
    return Atomics.load(memory.i32, Header.READY) !== 1 || phaseOf(memory) === 'boot';
  }

  get opening(): string | null {
    return this.#life.opening;
  }

  get pid(): number | undefined {
    return this.#life.child.pid;
  }

  get residentMb(): number {
    return (this.ring.memory.i32[Header.RESIDENT_KB] as number) / 1_024;
  }

  announce(message: ToLane): void {
    Atomics.add(this.ring.memory.i32, Header.ANNOUNCED, 1);
    this.#send({ kind: 'mail', message }, []);
  }

  wake(): void {
    if (this.ring.unpublished === 0) return;
    this.ring.publish();
    this.#waits = true;
    this.#sendCall();
  }

  report(): Promise<LaneReport> {
    return this.#life.ask('report');
  }

  setUp(): Promise<LaneReport> {
    // Whatever was announced before a question is bound before it is answered.
    return this.#life.ask('report');
  }

  async drain(): Promise<void> {
    await this.#life.ask('drain');
  }

  async retire(): Promise<void> {
    await this.#life.ask('retire');
  }

  tryOut(library: TryOut): Promise<boolean> {
    return this.#life.tryOut(library);
  }

  /** Its end is told by event alone: no host blocks on such lanes. */
  lookForEnd(): boolean {
    return false;
  }

  /** What an interrupt function would work on is out of reach. */
  interrupt(): void {}

  kill(): void {
    this.#life.kill();
  }

  corrupted(cause: unknown): void {
    this.#corrupt = true;
    this.#life.corrupted(cause);
  }

  overdue(reason: string, advice: string): void {
    this.#life.overdue(reason, advice);
  }

  end(): Promise<void> {
    if (!this.#life.isEnding && this.status !== 'lost') this.status = 'ended';
    const stuck = this.ring.done !== this.ring.tail;
    return this.#life.end(stuck || !this.announcedReady);
  }

  hold(alive: boolean): void {
    this.#life.hold(alive);
  }

  catchUp(): void {
    // What is here now; a large answer goes on coming.
    for (let round = 0; round < CATCH_UP_ROUNDS; round += 1) {
      const bytes = this.#life.child.read();
      if (bytes === null) return;
      this.#onBytes(bytes);
    }
  }

  #send(message: CrateDown, blobs: readonly Uint8Array[]): void {
    this.#life.child.send(frameOf({ message, blobs }));
  }

  /** Sends the call that waits. From here on it runs, as far as anybody knows. */
  #sendCall(): void {
    if (!this.#waits || !this.bound) return;
    this.#waits = false;
    const { ring } = this;
    const sequence = ring.head;
    if (ring.state(sequence) !== State.queued) {
      // Cancelled, or taken back, while it waited.
      this.#passOver();
      return;
    }
    // As it is while it is queued: that is how the lane is to find it.
    const { frame, wanted } = callCrate(ring, sequence);
    ring.transition(sequence, ring.ticket(sequence).id, State.queued, State.running);
    ring.setTimes(sequence, performance.now(), NaN);
    this.#began = false;
    this.#wanted = wanted;
    this.#send(frame.message, frame.blobs);
  }

  /** The lane is done with the call in the ring. */
  #passOver(): void {
    this.#wanted = [];
    Atomics.store(this.ring.memory.i32, Header.HEAD, this.ring.tail);
    this.#bell.ring();
  }

  #onBytes(bytes: Uint8Array): void {
    if (this.#corrupt) return;
    try {
      for (const { message, blobs } of this.#frames.add(bytes)) this.#take(message as CrateUp, blobs);
      this.#sendCall();
    } catch (cause) {
      this.corrupted(cause);
    }
  }

  #take(crate: CrateUp, blobs: readonly Uint8Array[]): void {
    const { post, done } = crate;
    const { ring } = this;
    this.#note(crate);
    if (post !== null) {
      this.#posts.push(post);
      this.inbox.takeAll();
    }
    if (done === null) return;
    if (this.#waits || done !== ring.head || ring.done === ring.tail) {
      throw new Error('it answered a call that it was not sent');
    }
    takeAnswer(ring, done, this.#wanted, blobs);
    this.#passOver();
  }

  /** Writes down how the lane is, and rings for what somebody may wait for. */
  #note({ phase, ready, bound, residentKb }: CrateUp): void {
    const { i32 } = this.ring.memory;
    const news = bound !== i32[Header.BOUND] || ready !== i32[Header.READY];
    i32[Header.PHASE] = phase;
    i32[Header.RESIDENT_KB] = residentKb;
    Atomics.store(i32, Header.READY, ready);
    Atomics.store(i32, Header.BOUND, bound);
    const begins = phase === Phase.CALL && !this.#began;
    if (begins) this.#began = true;
    if (news || (begins && (this.ring.outcome(this.ring.head) & Request.ANNOUNCE_START) !== 0))
      this.#bell.ring();
  }

  #onEnd(death: Death | null): void {
    this.#bell.remove(this);
    if (death === null) {
      this.status = 'ended';
      this.#events.ended(this);
    } else {
      if (this.status !== 'lost') this.status = 'ended';
      this.#takeBack();
      this.#events.crashed(this, death);
      this.#bell.ring();
    }
  }

  /** A call that the lane died before it began may run elsewhere. */
  #takeBack(): void {
    const { ring } = this;
    if (this.#began || ring.occupied === 0) return;
    ring.transition(ring.head, ring.ticket(ring.head).id, State.running, State.queued);
  }
}
