/**
 * A thread lane: one single-thread piscina whose one task boots the lane.
 *
 * Piscina starts the thread, sets its limits, detects its death and ends it. Its task is over once the lane serves: a
 * task that runs would keep the process alive, and calls need none, since they go through the ring, also while the host
 * blocks and piscina can read nothing. Comlink serves set-up, statistics and drain between calls; every question is
 * raced against the lane's death, because comlink would wait for ever.
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { type Remote, releaseProxy, wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { Piscina } from 'piscina';
import { Atomics, Promise, performance } from '../../builtins.js';
import { ignoreFailure, race, whenSettled } from '../../promises.js';
import { detach } from './detach.js';
import { keepForever } from './kept-threads.js';
import { LaneCrashedError } from '../../errors.js';
import { withoutPrototype } from '../../options/checks.js';
import { Header, type LaneSize } from '../../shared/memory/layout.js';
import { clockOrigin } from '../../shared/clock.js';
import type { ErrorData, LaneBoot, LaneControl, LaneReport, ToLane } from '../../shared/messages/messages.js';
import { type ModuleAnswer, type ModuleOrder, nameOfPlace } from '../../shared/messages/module-messages.js';
import { LaneMemory } from '../../shared/memory/lane-memory.js';
import { type Death, phaseOf } from '../death.js';
import { BufferGrants } from '../channel/buffer-grants.js';
import { Inbox, portReader } from '../channel/inbox.js';
import type { Lane, LaneEvents, LaneStatus, ProbeOpened } from '../lane.js';
import { LaneChannel, wakeWaiting } from '../channel/lane-channel.js';
import { LaneRing } from '../rows/lane-ring.js';
import { findAddress } from '../memory/addresses.js';
import type { Slabs } from '../memory/slabs.js';
import { ThreadBytes } from '../memory/thread-bytes.js';
import {
  type ThreadEnd,
  disordered,
  exited,
  hasThread,
  isLost,
  stopped,
  uncaught,
  unfit,
  vanished,
} from './thread-death.js';
import { withOriginals } from './originals.js';
import { keepUntil } from './used-memory.js';
import type { Ticket } from '../rows/ticket.js';

/** The options of a thread lane. */
export interface ThreadLaneOptions {
  readonly name: string;
  readonly size: LaneSize;
  readonly slabs: Slabs;
  readonly bell: SharedArrayBuffer;
  readonly spinUs: number;
  /** MB of stack for native code, if the engine has a separate stack. */
  readonly stackSizeMb: number;
  /** The thread, started in this turn of the event loop: no event of it has been missed. */
  readonly thread: Piscina;
}

/**
/**
 * Lanes whose thread has not exited. A thread that is left behind in native code may still write to buffers that the
 * host has granted it: its lane keeps them.
 */
const living = new Set<object>();

function deserialized(data: ErrorData): Error {
  return Object.assign(new Error(data.message), data);
}

export class ThreadLane<T extends Ticket> implements Lane<T> {
  readonly name: string;
  readonly kind = 'thread';
  readonly loading = false;
  readonly moduleMs = 0;
  readonly pid = undefined;
  readonly residentMb = 0;
  readonly ring: LaneRing<T>;
  readonly createdAt: number = performance.now();
  status: LaneStatus = 'starting';
  lastUsed = 0;
  exclusive = false;
  abandonAt: number = Infinity;
  opening: string | null = null;
  hasCallbacks = false;
  keepsCallbacks = false;
  keepsValues = false;
  readonly inbox: Inbox;
  readonly channel: LaneChannel;
  readonly #piscina: Piscina;
  readonly #events: LaneEvents<ThreadLane<T>>;
  readonly #port: MessagePort;
  readonly #control: MessagePort;
  readonly #remote: Remote<LaneControl>;
  readonly #death: Promise<never>;
  #die: (reason: unknown) => void = () => {};
  /** Resolves when the thread has ended by itself. */
  readonly #gone: Promise<void>;
  #goneNow: () => void = () => {};
  #ending: Promise<void> | undefined;
  #questions = 0;
  /** Whether the lane has released its callbacks. */
  #retired = false;
  #dead = false;
  /** The thread was asked to end by itself. */
  #leaving = false;

  constructor(options: ThreadLaneOptions, events: LaneEvents<ThreadLane<T>>) {
    this.name = options.name;
    this.#events = events;
    this.#death = new Promise((_, reject) => {
      this.#die = reject;
    });
    ignoreFailure(this.#death);
    this.#gone = new Promise((resolve) => {
      this.#goneNow = resolve;
    });
    const data = new MessageChannel();
    const control = new MessageChannel();
    this.#port = data.port1;
    this.#control = control.port1;
    const memory = new LaneMemory(options.size);
    this.ring = new LaneRing(memory, new ThreadBytes(data.port1, options.slabs));
    this.inbox = new Inbox(portReader(data.port1));
    const grants = new BufferGrants(memory, findAddress);
    this.channel = new LaneChannel(memory, this.inbox, () => wakeWaiting(memory), grants);
    this.#remote = wrap<LaneControl>(nodeEndpoint(control.port1));
    // A port on which comlink listens would keep the process alive.
    control.port1.unref();
    this.#piscina = options.thread;
    this.#piscina.on('error', (error) => this.#died(uncaught(error)));
    // Before piscina's own listener, which would start another thread, and does not report the exit of an idle one.
    this.#piscina.threads[0]
      ?.prependOnceListener('error', (error: unknown) => this.#died(this.#uncaught(error)))
      .prependOnceListener('exit', (code: number) => this.#exited(code));
    living.add(this);
    const boot: LaneBoot = {
      name: options.name,
      memory: this.ring.memory.buffer,
      size: options.size,
      bell: options.bell,
      data: data.port2,
      control: control.port2,
      clockOrigin: clockOrigin(),
      spinUs: options.spinUs,
      stackBytes: options.stackSizeMb * 1024 * 1024,
    };
    this.#boot(boot, [data.port2, control.port2]);
  }

  get asleep(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.SLEEPING) === 1;
  }

  get announcedReady(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.READY) === 1;
  }

  get hasAddons(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.ADDONS) !== 0;
  }

  /** Whether the lane has recorded in shared memory that it is ending by itself. */
  get #announcedGone(): boolean {
    return Atomics.load(this.ring.memory.i32, Header.GONE) === 1;
  }

  get bound(): boolean {
    const { i32 } = this.ring.memory;
    return Atomics.load(i32, Header.ANNOUNCED) === Atomics.load(i32, Header.BOUND);
  }

  get #exitCode(): number | undefined {
    return this.#announcedGone ? this.ring.memory.i32[Header.EXIT_CODE] : undefined;
  }

  announce(library: ToLane): void {
    Atomics.add(this.ring.memory.i32, Header.ANNOUNCED, 1);
    this.#port.postMessage(library);
    this.wake();
  }

  wake(): boolean {
    // Publish before checking whether the lane sleeps: see the guarantees of the lane's runtime.
    this.ring.publish();
    return this.rouse();
  }

  rouse(): boolean {
    const { i32 } = this.ring.memory;
    if (Atomics.load(i32, Header.SLEEPING) !== 1) return false;
    if (Atomics.compareExchange(i32, Header.SLEEPING, 1, 0) !== 1) return false;
    Atomics.add(i32, Header.DOORBELL, 1);
    Atomics.notify(i32, Header.DOORBELL);
    return true;
  }

  setUp(): Promise<LaneReport> {
    return this.#ask(() => this.#remote.setUp());
  }

  report(): Promise<LaneReport> {
    return this.#ask(() => this.#remote.report());
  }

  drain(): Promise<void> {
    this.ring.publish();
    return this.#ask(() => this.#remote.drain());
  }

  retire(): Promise<void> {
    this.ring.publish();
    this.channel.close();
    return whenSettled(
      this.#ask(() => this.#remote.retire()),
      () => {
        this.#retired = true;
      },
    );
  }

  /** Nothing to do: the host has opened the library in the same process. */
  async probeOpen(): Promise<ProbeOpened> {
    return { file: null };
  }

  async loadModule(order: ModuleOrder): Promise<ModuleAnswer> {
    this.opening = nameOfPlace(order.place);
    try {
      return await this.#ask(() => this.#remote.load(order) as Promise<ModuleAnswer>);
    } finally {
      this.opening = null;
    }
  }

  lookForEnd(thoroughly: boolean): boolean {
    if (this.#announcedGone) this.#died(this.#said());
    else if (thoroughly && !hasThread(this.ring.memory.i32[Header.THREAD] as number)) this.#died(vanished());
    return false;
  }

  /** A thread cannot be killed. */
  overdue(): void {}

  corrupted(cause: unknown): void {
    this.#died(disordered(cause));
  }

  /** The host's thread for interrupt functions does this: see `interrupt-thread.ts`. */
  interrupt(): void {}

  /** A thread in native code cannot be ended from outside. */
  kill(): void {}

  end(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  /** Comlink never rejects when its peer dies, so the answer is raced against the lane's death. */
  async #ask<R>(question: () => Promise<R>): Promise<R> {
    if (this.#ending !== undefined) return await this.#death;
    // The answer is awaited: until then the process must stay alive.
    this.#questions += 1;
    this.#control.ref();
    try {
      return await race([this.#send(question), this.#death]);
    } finally {
      this.#questions -= 1;
      if (this.#questions === 0) this.#control.unref();
    }
  }

  /** Sends a question to the lane's event loop, which the lane leaves alone while it is parked. */
  #send<R>(question: () => Promise<R>): Promise<R> {
    // Before the lane is woken: see the guarantees of the lane's runtime.
    Atomics.add(this.ring.memory.i32, Header.ASKED, 1);
    const answer = withOriginals(question);
    this.wake();
    return answer;
  }

  #boot(boot: LaneBoot, transferList: MessagePort[]): void {
    const options = withoutPrototype({ transferList });
    const booted = withOriginals(() => this.#piscina.run(boot, options));
    void whenSettled(booted, null, (error: unknown) => this.#died(unfit(error)));
  }

  #exited(code: number): void {
    living.delete(this);
    this.#port.close();
    this.#goneNow();
    // Before piscina's own listener, which would start another thread.
    if (this.#leaving) void withOriginals(() => this.#piscina.destroy());
    this.#died(this.#announcedGone ? this.#said() : stopped(code));
  }

  /** The end of the thread as the lane has recorded it. */
  #said(): ThreadEnd {
    const error = this.inbox.lastWords();
    return error === undefined ? exited(this.#exitCode ?? 0) : uncaught(deserialized(error), this.#exitCode);
  }

  /**
   * Some errors, such as a DOMException, arrive without content. The error that the lane itself sent is then better.
   */
  #uncaught(error: unknown): ThreadEnd {
    const words = isLost(error) ? this.inbox.lastWords() : undefined;
    return uncaught(words === undefined ? error : deserialized(words), this.#exitCode);
  }

  /** The first report of a death is the most precise. */
  #died(end: ThreadEnd): void {
    if (this.#dead || this.#ending !== undefined) return;
    this.#dead = true;
    this.#goneNow();
    // Piscina must not start another thread: the pool starts another lane.
    void withOriginals(() => this.#piscina.destroy());
    const { reason, cause } = end;
    this.#die(
      new LaneCrashedError(`Lane ${this.name} ended before it replied: it ${reason}.`, {
        lane: this.name,
        exitCode: end.exitCode,
        cause,
      }),
    );
    this.#events.crashed(this, this.#deathBy(end));
  }

  #deathBy(end: ThreadEnd): Death {
    const phase = this.announcedReady ? phaseOf(this.ring.memory) : 'boot';
    return { ...end, phase, stderr: [] };
  }

  /**
   * Asks the thread to end by itself once its call has returned: many add-ons abort the process when their thread is
   * terminated from outside.
   */
  #leave(stuck: boolean): Promise<void> {
    const { i32 } = this.ring.memory;
    this.#leaving = true;
    // Whoever closes the pool waits for the thread, as piscina's `destroy` does; a stuck one never holds up the exit.
    if (!stuck) this.#piscina.threads[0]?.ref();
    Atomics.store(i32, Header.LEAVE, 1);
    Atomics.add(i32, Header.DOORBELL, 1);
    Atomics.notify(i32, Header.DOORBELL);
    return this.#gone;
  }

  async #end(): Promise<void> {
    const stuck = this.ring.done !== this.ring.tail;
    if (this.status !== 'lost') this.status = 'ended';
    if (stuck) {
      keepUntil(this.#gone, this.ring);
      detach(this.#piscina);
    } else {
      // Their calls have returned, and nobody takes their results any more.
      this.ring.releaseAll();
    }
    this.channel.close();
    // A thread that is ended in native code never releases its callbacks: it must return first. It may have ended
    // already, or may end before it answers.
    const returned =
      this.hasCallbacks && !this.#retired ? this.#send(() => this.#remote.retire()) : undefined;
    // Comlink has listened for the answer, which refs the port again.
    this.#control.unref();
    this.#die(new LaneCrashedError(`Lane ${this.name} has ended.`, { lane: this.name }));
    if (returned !== undefined) await whenSettled(race([returned, this.#gone]), null, () => {});
    withOriginals(() => this.#remote[releaseProxy]());
    this.#control.close();
    if (this.channel.threaded && !this.#dead) {
      keepForever(this.#piscina);
    } else if (this.hasAddons && !this.#dead) {
      await this.#leave(stuck);
    } else if (!this.#dead) {
      // A dead lane's piscina has been destroyed; a second `destroy` would make it start a thread when the old one
      // exits.
      await withOriginals(() => this.#piscina.destroy());
    }
    this.status = 'ended';
  }
}
