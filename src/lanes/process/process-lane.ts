/**
 * A process lane: a child with one lane in it.
 *
 * Host and child map one file. It has the layout of a thread lane's shared memory, followed by messages. Calls,
 * results, cancellation, progress and callbacks therefore use the same words; a socket wakes either side. The file has
 * no name, and each lane has its own: a faulty lane can overwrite only its own memory, and the host checks what it
 * reads from there, or uses it only where a wrong value is harmless.
 *
 *   starting ──► ready ──► lost (killed, on its way out) ──► ended
 *       └──────────┴──────────────────────────────────────────► ended
 */
import type { MappedFile, NativeEnd, System } from '../../engines/system/system-calls.js';
import { Atomics, Math, performance } from '../../builtins.js';
import { clockOrigin } from '../../shared/clock.js';
import { Header, type LaneSize } from '../../shared/memory/layout.js';
import { LaneMemory } from '../../shared/memory/lane-memory.js';
import {
  MessageReader,
  MessageWriter,
  messagesDown,
  messagesUp,
  processMemoryBytes,
} from '../../shared/messages/message-channel.js';
import type { Interruption, LaneReport, ToHost, ToLane } from '../../shared/messages/messages.js';
import type { ModuleAnswer, ModuleOrder } from '../../shared/messages/module-messages.js';
import { interruptionLine } from '../../shared/messages/process-boot.js';
import type { Child } from './child.js';
import type { LaneStart } from '../../options/lane-start.js';
import { ChildLife } from './child-life.js';
import { type Death, phaseOf } from '../death.js';
import { MappedBuffers } from '../memory/mapped-buffers.js';
import { Inbox } from '../channel/inbox.js';
import type { Lane, LaneEvents, LaneStatus, ProbeOpen, ProbeOpened } from '../lane.js';
import { LaneChannel } from '../channel/lane-channel.js';
import { LaneRing } from '../rows/lane-ring.js';
import { MappedHeap } from '../memory/mapped-heap.js';
import type { ProcessBell } from './process-bell.js';
import type { Ticket } from '../rows/ticket.js';

/** Number of checks, 1 ms apart, for the end of a child that has closed its socket. One is usually enough. */
const END_LOOKS = 20;

/** The options of a process lane. */
export interface ProcessLaneOptions {
  readonly name: string;
  readonly size: LaneSize;
  readonly system: System;
  readonly bell: ProcessBell;
  readonly liveFd: number;
  readonly spinUs: number;
  readonly stackSizeMb: number;
  readonly start: LaneStart;
  readonly passStderr: boolean;
  readonly stdoutToStderr: boolean;
}

export class ProcessLane<T extends Ticket> implements Lane<T> {
  readonly name: string;
  readonly kind = 'process';
  /** A process is killed, whatever is in it. */
  readonly hasAddons = false;
  readonly ring: LaneRing<T>;
  readonly inbox: Inbox;
  readonly channel: LaneChannel;
  readonly createdAt: number = performance.now();
  status: LaneStatus = 'starting';
  lastUsed = 0;
  exclusive = false;
  abandonAt: number = Infinity;
  hasCallbacks = false;
  keepsCallbacks = false;
  keepsValues = false;
  readonly #file: MappedFile;
  readonly #heap: MappedHeap;
  readonly #life: ChildLife;
  readonly #bell: ProcessBell;
  readonly #system: System;
  readonly #events: LaneEvents<ProcessLane<T>>;
  readonly #messages: MessageWriter;
  /** Number of messages for the lane. Kept on the host, because the lane can overwrite its memory. */
  #announced = 0;
  /** ms of the module that may take longest to load. */
  #moduleMs = 0;

  /** @throws EngineError OFFTHREAD_NO_SHARED_MEMORY */
  constructor(options: ProcessLaneOptions, events: LaneEvents<ProcessLane<T>>) {
    const { name, size, system, bell } = options;
    this.name = name;
    this.#events = events;
    this.#bell = bell;
    this.#system = system;
    const bytes = processMemoryBytes(size);
    this.#file = system.create(bytes);
    const memory = new LaneMemory(size, system.view(this.#file, 0, bytes));
    system.unmapAfter(memory.buffer, this.#file);
    this.#heap = new MappedHeap(system, this.#file, bytes);
    this.ring = new LaneRing(memory, new MappedBuffers(this.#heap, (message) => this.#send(message)));
    this.#messages = new MessageWriter(memory, messagesDown(size));
    const incoming = new MessageReader(memory, messagesUp(size));
    this.inbox = new Inbox(
      () => incoming.receive() as ToHost | undefined,
      (reply) => this.#life.answered(reply.id, reply),
    );
    this.channel = new LaneChannel(memory, this.inbox, () => this.#child.knock());
    this.#life = new ChildLife(
      name,
      {
        boot: {
          name,
          size,
          host: process.pid,
          clockOrigin: clockOrigin(),
          spinUs: options.spinUs,
          stackBytes: options.stackSizeMb * 1024 * 1024,
        },
        start: options.start,
        passStderr: options.passStderr,
        stdoutToStderr: options.stdoutToStderr,
        shared: { memoryFd: this.#file.fd, liveFd: options.liveFd },
        endOf: (pid) => endSoon(system, pid),
      },
      {
        came: () => this.#onRing(),
        announce: (message) => this.announce(message),
        phase: () => (this.loading ? 'boot' : phaseOf(memory)),
        severed: () => Atomics.load(memory.i32, Header.SEVERED) === 1,
        ended: (death) => this.#onEnd(death),
      },
    );
    bell.add(this);
  }

  get asleep(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.SLEEPING) === 1;
  }

  get announcedReady(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.READY) === 1;
  }

  get bound(): boolean {
    return this.#announced === Atomics.load(this.ring.memory.i32, Header.BOUND);
  }

  get loading(): boolean {
    return !this.announcedReady || phaseOf(this.ring.memory) === 'boot';
  }

  get moduleMs(): number {
    const loads = this.loading || Atomics.load(this.ring.memory.i32, Header.MODULES_LOADING) > 0;
    return Math.max(this.#life.moduleMs, loads ? this.#moduleMs : 0);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get residentMb(): number {
    return (this.ring.memory.i32[Header.RESIDENT_KB] as number) / 1_024;
  }

  get socketFd(): number {
    return this.#child.socketFd;
  }

  get opening(): string | null {
    return this.#life.opening;
  }

  announce(message: ToLane): void {
    this.#announced = (this.#announced + 1) | 0;
    Atomics.store(this.ring.memory.i32, Header.ANNOUNCED, this.#announced);
    if (message.kind === 'module') this.#moduleMs = Math.max(this.#moduleMs, message.order.limitMs);
    this.#send(message);
    this.wake();
  }

  /** @throws what serializing the message throws: the values in it are the caller's. */
  #send(message: ToLane): void {
    this.#messages.add(message);
    try {
      // The word first if there is no room, so that the lane rings once it has made some.
      if (!this.#messages.flush()) this.#flushMessages();
    } catch (cause) {
      this.corrupted(cause);
    }
  }

  wake(): boolean {
    if (this.#messages.waits) this.#flushMessages();
    // Publish before checking whether the lane sleeps: see the guarantees of the lane's runtime.
    this.ring.publish();
    return this.rouse();
  }

  rouse(): boolean {
    const { i32 } = this.ring.memory;
    if (Atomics.load(i32, Header.SLEEPING) !== 1) return false;
    if (Atomics.compareExchange(i32, Header.SLEEPING, 1, 0) !== 1) return false;
    Atomics.add(i32, Header.DOORBELL, 1);
    this.#child.knock();
    return true;
  }

  report(): Promise<LaneReport> {
    return this.#life.ask('report');
  }

  setUp(): Promise<LaneReport> {
    // Everything that was announced before a question is bound before the answer.
    return this.#life.ask('report');
  }

  async drain(): Promise<void> {
    await this.#life.ask('drain');
  }

  async retire(): Promise<void> {
    this.channel.close();
    await this.#life.ask('retire');
  }

  probeOpen(library: ProbeOpen): Promise<ProbeOpened | null> {
    return this.#life.probeOpen(library);
  }

  loadModule(order: ModuleOrder): Promise<ModuleAnswer> {
    return this.#life.loadModule(order);
  }

  lookForEnd(thoroughly: boolean): boolean {
    return this.#life.lookForEnd(thoroughly, (pid) => this.#system.endOf(pid));
  }

  interrupt(interruption: Interruption): void {
    this.#child.order(interruptionLine(interruption));
  }

  kill(): void {
    this.#life.kill();
  }

  corrupted(cause: unknown): void {
    this.#life.corrupted(cause);
  }

  overdue(reason: string, advice: string): void {
    this.#life.overdue(reason, advice);
  }

  end(): Promise<void> {
    const { isEnding } = this.#life;
    if (!isEnding && this.status !== 'lost') this.status = 'ended';
    if (!isEnding) this.channel.close();
    const stuck = this.ring.done !== this.ring.tail;
    return this.#life.end(stuck || !this.announcedReady || !this.bound);
  }

  arm(armed: boolean): void {
    Atomics.store(this.ring.memory.i32, Header.BELL_ARMED, armed ? 1 : 0);
  }

  takeBytes(): void {
    this.#child.takeBytes();
    this.#onRing();
  }

  takeStderr(): void {
    this.#child.stderr.take();
  }

  get #child(): Child {
    return this.#life.child;
  }

  /**
   * Sends as many messages as there is room for. Sets the word for waiting messages first, so that a lane that makes
   * room from then on rings.
   */
  #flushMessages(): void {
    const { i32 } = this.ring.memory;
    Atomics.store(i32, Header.MESSAGES_DOWN_WAITS, 1);
    if (this.#messages.flush()) Atomics.store(i32, Header.MESSAGES_DOWN_WAITS, 0);
  }

  #onRing(): void {
    if (this.#life.isOver) return;
    try {
      this.inbox.takeAll();
      if (Atomics.load(this.ring.memory.i32, Header.MESSAGES_UP_WAITS) !== 0) this.#child.knock();
      // The lane has made room: more was sent, so the lane must check again.
      if (this.#messages.waits) {
        this.wake();
        // A lane that waits for the answer of a function on the host does not sleep: its thread is blocked.
        this.channel.nudge();
      }
    } catch (cause) {
      this.corrupted(cause);
    }
    this.#bell.rung();
  }

  #onEnd(death: Death | null): void {
    this.#bell.remove(this);
    if (death === null) {
      this.status = 'ended';
      this.#events.endedAsAsked(this);
    } else {
      if (this.status !== 'lost') this.status = 'ended';
      this.#events.crashed(this, death);
    }
    this.#release();
    if (death !== null) this.#bell.rung();
  }

  /** The memory stays mapped while the host refers to it; lent memory is no longer needed. */
  #release(): void {
    this.ring.releaseAll();
    this.#heap.discard();
    this.#system.close(this.#file.fd);
  }
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** How a child that has closed its socket ended: it is exiting, or has been killed. Null if the end takes too long. */
function endSoon(system: System, pid: number): NativeEnd | null {
  for (let looks = 0; looks < END_LOOKS; looks += 1) {
    const end = system.endOf(pid);
    if (end !== 'running') return end;
    Atomics.wait(pause, 0, 0, 1);
  }
  return null;
}
