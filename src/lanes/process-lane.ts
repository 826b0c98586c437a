/**
 * A process lane: a child with one lane in it.
 *
 * Host and child map one file, with the layout that a thread lane has in shared
 * memory, and mail behind it. So calls, results, cancellation, progress and
 * what native code says go through the same words; a socket wakes either side.
 * The file has no name, and each lane has its own: a lane that runs wild can
 * overwrite its own memory and nothing else, and what it leaves there is
 * checked or cannot hurt.
 *
 *   starting ──► ready ──► lost (killed, on its way out) ──► ended
 *       └──────────┴──────────────────────────────────────────► ended
 */
import { performance } from 'node:perf_hooks';
import { LaneCrashedError } from '../errors.js';
import type { MappedFile, System } from '../engines/system.js';
import { clockOrigin } from '../shared/clock.js';
import { Header, type LaneSize } from '../shared/layout.js';
import { LaneMemory } from '../shared/lane-memory.js';
import { MailReader, MailWriter, mailDown, mailUp, processMemoryBytes } from '../shared/mail.js';
import type { ErrorData, Interruption, LaneReport, Question, ToHost, ToLane } from '../shared/messages.js';
import { interruptionLine } from '../shared/process-boot.js';
import { Child, type ChildEnd } from './child.js';
import { type Death, phaseOf, signalName } from './death.js';
import { FarMemory } from './far-memory.js';
import { Inbox } from './inbox.js';
import type { Lane, LaneEvents, LaneStatus, TryOut } from './lane.js';
import { LaneChannel } from './lane-channel.js';
import { LaneRing } from './lane-ring.js';
import { MappedHeap } from './mapped-heap.js';
import type { ProcessBell } from './process-bell.js';
import { reviveError } from './revive.js';
import type { Ticket } from './ticket.js';

/** How a process lane is made. */
export interface ProcessLaneOptions {
  readonly name: string;
  readonly size: LaneSize;
  readonly system: System;
  readonly bell: ProcessBell;
  readonly liveFd: number;
  readonly spinUs: number;
  readonly stackSizeMb: number;
  readonly env: Readonly<Record<string, string>>;
  readonly passStderr: boolean;
}

/** ms that opening a library may take: a constructor that hangs is not waited for for ever. */
const OPEN_MS = 15_000;
const OPEN_LOOK_MS = 250;
/** ms that a process has to end by itself before it is killed. */
const EXIT_MS = 1_000;

interface Asked {
  answer(reply: { readonly report: LaneReport; readonly error: ErrorData | null }): void;
  fail(reason: unknown): void;
}

export class ProcessLane<T extends Ticket> implements Lane<T> {
  readonly name: string;
  readonly kind = 'process';
  readonly vanished = false;
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
  readonly #file: MappedFile;
  readonly #heap: MappedHeap;
  readonly #child: Child;
  readonly #bell: ProcessBell;
  readonly #system: System;
  readonly #events: LaneEvents<ProcessLane<T>>;
  readonly #mail: MailWriter;
  readonly #asked = new Map<number, Asked>();
  readonly #ended: Promise<void>;
  #endedNow: () => void = () => {};
  #questions = 0;
  #ending = false;
  #killed = false;
  #over = false;
  /** Its socket was found closed while this thread blocks. */
  #hungUp = false;
  #held = false;
  #corruption: Error | undefined;
  /** Why it was killed, where that was for taking too long. */
  #overdue: string | undefined;
  #death: Death | undefined;

  /** @throws EngineError OFFTHREAD_NO_SHARED_MEMORY */
  constructor(options: ProcessLaneOptions, events: LaneEvents<ProcessLane<T>>) {
    const { name, size, system, bell } = options;
    this.name = name;
    this.#events = events;
    this.#bell = bell;
    this.#system = system;
    this.#ended = new Promise((resolve) => {
      this.#endedNow = resolve;
    });
    const bytes = processMemoryBytes(size);
    this.#file = system.create(bytes);
    const memory = new LaneMemory(size, system.view(this.#file, 0, bytes));
    system.unmapAfter(memory.buffer, this.#file);
    this.#heap = new MappedHeap(system, this.#file, bytes);
    this.ring = new LaneRing(memory, new FarMemory(this.#heap));
    this.#mail = new MailWriter(memory, mailDown(size));
    const incoming = new MailReader(memory, mailUp(size));
    this.inbox = new Inbox(
      () => incoming.receive() as ToHost | undefined,
      (reply) => this.#answered(reply.id, reply),
    );
    this.channel = new LaneChannel(memory, this.inbox, () => this.#child.knock());
    this.#child = new Child(
      {
        boot: {
          name,
          size,
          host: process.pid,
          clockOrigin: clockOrigin(),
          spinUs: options.spinUs,
          stackBytes: options.stackSizeMb * 1024 * 1024,
        },
        env: options.env,
        passStderr: options.passStderr,
        memoryFd: this.#file.fd,
        liveFd: options.liveFd,
      },
      { rung: () => this.#onRing(), ended: (end) => this.#onEnd(end) },
    );
    bell.add(this);
  }

  get asleep(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.SLEEPING) === 1;
  }

  get announcedReady(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.READY) === 1;
  }

  get announcedGone(): boolean {
    return this.#hungUp && !this.#ending && !this.#over;
  }

  get bound(): boolean {
    const { i32 } = this.ring.memory;
    return Atomics.load(i32, Header.ANNOUNCED) === Atomics.load(i32, Header.BOUND);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get residentMb(): number {
    return (this.ring.memory.i32[Header.RESIDENT_KB] as number) / 1_024;
  }

  get socketFd(): number {
    return this.#hungUp ? -1 : this.#child.socketFd;
  }

  announce(message: ToLane): void {
    Atomics.add(this.ring.memory.i32, Header.ANNOUNCED, 1);
    this.#mail.send(message);
    this.wake();
  }

  wake(): void {
    if (this.#mail.waits) this.#mail.flush();
    // Published first, looked second: see the guarantees of the lane's runtime.
    this.ring.publish();
    const { i32 } = this.ring.memory;
    if (Atomics.load(i32, Header.SLEEPING) !== 1) return;
    if (Atomics.compareExchange(i32, Header.SLEEPING, 1, 0) !== 1) return;
    Atomics.add(i32, Header.DOORBELL, 1);
    this.#child.knock();
  }

  report(): Promise<LaneReport> {
    return this.#ask('report');
  }

  setUp(): Promise<LaneReport> {
    // Whatever was announced before a question is bound before it is answered.
    return this.#ask('report');
  }

  async drain(): Promise<void> {
    await this.#ask('drain');
  }

  async retire(): Promise<void> {
    this.channel.close();
    await this.#ask('retire');
  }

  async tryOut(library: TryOut): Promise<void> {
    let opening = 0;
    // Only while it is at it: it may be in a call until then.
    const timer = setInterval(() => {
      if (phaseOf(this.ring.memory) === 'boot') opening += OPEN_LOOK_MS;
      if (opening < OPEN_MS) return;
      this.#overdue ??= `did not open ${library.path} within ${OPEN_MS} ms, and was killed`;
      this.#child.kill();
    }, OPEN_LOOK_MS).unref();
    try {
      const { error } = await this.#question((id) => ({ kind: 'try', id, ...library }));
      if (error !== null) throw reviveError(error);
    } catch (error) {
      if (!(error instanceof LaneCrashedError) || this.#death === undefined) throw error;
      throw couldNotOpen(library.path, this.name, this.#death);
    } finally {
      clearInterval(timer);
    }
  }

  death(): Death {
    const { pid } = this;
    // It has closed its end: it is dying, or has to. Then the system knows how.
    this.#child.kill();
    const end = pid === undefined ? null : this.#system.endOf(pid);
    this.#child.takeStderr();
    if (end === null) return this.#verdict({ exitCode: undefined, signal: undefined, cause: undefined });
    if ('exitCode' in end)
      return this.#verdict({ exitCode: end.exitCode, signal: undefined, cause: undefined });
    return this.#verdict({ exitCode: undefined, signal: signalName(end.signal), cause: undefined });
  }

  interrupt(interruption: Interruption): void {
    this.#child.order(interruptionLine(interruption));
  }

  kill(): void {
    this.#killed = true;
    this.#child.kill();
  }

  end(): Promise<void> {
    if (!this.#ending) {
      this.#ending = true;
      const stuck = this.ring.done !== this.ring.tail;
      if (this.status !== 'lost') this.status = 'ended';
      this.#fail();
      this.channel.close();
      if (stuck || this.#killed || !this.announcedReady || !this.bound) this.#child.kill();
      else this.#finish();
      this.#child.hold(true);
    }
    return this.#ended;
  }

  arm(armed: boolean): void {
    Atomics.store(this.ring.memory.i32, Header.BELL_ARMED, armed ? 1 : 0);
  }

  hold(alive: boolean): void {
    this.#held = alive;
    this.#holdChild();
  }

  takeBytes(): void {
    if (!this.#child.takeBytes()) this.#hungUp = true;
    this.#onRing();
  }

  takeStderr(): void {
    this.#child.takeStderr();
  }

  /** Lets it end by itself: native code's own exit handlers run. */
  #finish(): void {
    this.#child.close();
    const timer = setTimeout(() => this.#child.kill(), EXIT_MS).unref();
    void this.#ended.then(() => clearTimeout(timer));
  }

  async #ask(question: Question): Promise<LaneReport> {
    const { report } = await this.#question((id) => ({ kind: 'ask', id, question }));
    return report;
  }

  async #question(
    make: (id: number) => ToLane,
  ): Promise<{ readonly report: LaneReport; readonly error: ErrorData | null }> {
    if (this.#ending || this.#over) throw this.#hasEnded();
    this.#questions += 1;
    const id = this.#questions;
    try {
      return await new Promise((answer, fail) => {
        this.#asked.set(id, { answer, fail });
        this.#holdChild();
        this.announce(make(id));
      });
    } finally {
      this.#asked.delete(id);
      this.#holdChild();
    }
  }

  #answered(id: number, reply: { readonly report: LaneReport; readonly error: ErrorData | null }): void {
    this.#asked.get(id)?.answer(reply);
  }

  /** Nothing that was asked will be answered. */
  #fail(error: LaneCrashedError = this.#hasEnded()): void {
    for (const { fail } of this.#asked.values()) fail(error);
  }

  #hasEnded(): LaneCrashedError {
    return new LaneCrashedError(`Lane ${this.name} has ended.`, { lane: this.name });
  }

  /** Somebody waits for its calls, or for an answer. */
  #holdChild(): void {
    if (!this.#over) this.#child.hold(this.#held || this.#asked.size > 0 || this.#ending);
  }

  #onRing(): void {
    if (this.#over) return;
    try {
      this.inbox.takeAll();
      if (Atomics.load(this.ring.memory.i32, Header.MAIL_UP_WAITS) !== 0) this.#child.knock();
      if (this.#mail.waits) this.#mail.flush();
    } catch (cause) {
      this.corrupted(cause);
    }
    this.#bell.rung();
  }

  /** What it left in its memory makes no sense: it is not to be trusted with another call. */
  corrupted(cause: unknown): void {
    this.#corruption ??= cause instanceof Error ? cause : new Error(String(cause));
    this.#child.kill();
  }
  #onEnd(end: ChildEnd): void {
    this.#over = true;
    this.#bell.remove(this);
    const expected = this.#ending;
    this.#ending = true;
    this.status = this.status === 'lost' ? 'lost' : 'ended';
    this.#endedNow();
    if (expected) {
      this.status = 'ended';
      this.#release();
      return;
    }
    const death = this.#verdict(end);
    this.#death = death;
    this.#fail(
      new LaneCrashedError(`Lane ${this.name} ended before it answered: it ${death.reason}.`, {
        lane: this.name,
        ...death,
      }),
    );
    this.#events.crashed(this, death);
    this.#release();
    this.#bell.rung();
  }

  /** The host may look at the table for as long as it refers to it; what was lent is needed no more. */
  #release(): void {
    this.#heap.discard();
    this.#system.close(this.#file.fd);
  }

  #verdict({ exitCode, signal, cause }: ChildEnd): Death {
    const { pid } = this;
    return {
      reason: this.#overdue ?? reasonOf(this.#corruption, { exitCode, signal, cause }),
      phase: this.announcedReady ? phaseOf(this.ring.memory) : 'boot',
      signal,
      exitCode,
      pid,
      stderr: this.#child.stderr,
      cause: this.#corruption ?? cause,
    };
  }
}

function reasonOf(corruption: Error | undefined, { exitCode, signal, cause }: ChildEnd): string {
  if (corruption !== undefined) return `left its memory in disorder (${corruption.message}) and was killed`;
  if (signal !== undefined) return `was killed by ${signal}`;
  if (exitCode !== undefined) return `exited with code ${exitCode}`;
  if (cause instanceof Error) return `could not be started: ${cause.message}`;
  return 'ended, and the system does not say how';
}

function couldNotOpen(path: string, lane: string, { reason, ...details }: Death): LaneCrashedError {
  return new LaneCrashedError(
    `${path} could not be opened: the lane that opened it (${lane}) ${reason}. What runs when a library is loaded ` +
      '(constructors, those of the libraries it needs) does this: load it in a debugger, or look at what it needs. The pool goes on.',
    { ...details, lane },
  );
}
