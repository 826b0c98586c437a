/**
 * The process of a lane: started with just the descriptors and the environment
 * it is to have, and watched to its end.
 *
 * Guarantees:
 * - `ended` is called exactly once, also for a process that could not be
 *   started, and never before the constructor has returned.
 * - Whether it has ended can be learnt without the event loop, by looking
 *   ({@link Child.lookForEnd}): by the socket, and by the system's word.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';
import type { NativeEnd } from '../../engines/system/system-calls.js';
import { JSON, queueMicrotask } from '../../builtins.js';
import { ORDERS_FD, type ProcessBoot, SOCKET_FD } from '../../shared/messages/process-boot.js';
import type { LaneStart } from '../../options/lane-start.js';
import { laneEnvironment } from '../../shared/lane-mark.js';
import { workerFile } from '../../shared/package-home.js';
import { type ChildEnd, UNKNOWN_END, endByEvent, endBySystem } from './child-end.js';
import { ChildStderr } from './child-stderr.js';
import { descriptorOf, readNow, socketOf } from './descriptors.js';

const STDERR_FD = 2;

export interface ChildOptions {
  readonly boot: ProcessBoot;
  readonly start: LaneStart;
  /** Whether what it writes to stderr is passed on. */
  readonly passStderr: boolean;
  /** Descriptors of the lane's memory and of the live bytes. */
  readonly shared: { readonly memoryFd: number; readonly liveFd: number };
  /** What the system says of the end of a process that has closed its socket; null where it says nothing. */
  readonly endOf?: (pid: number) => NativeEnd | null;
}

export interface ChildEvents {
  /** Bytes have come by the socket. */
  rung(): void;
  ended(end: ChildEnd): void;
}

/** Those that run: what they said last is passed on when this process ends, and none outlives it. */
const running = new Set<Child>();

function onExit(): void {
  for (const child of running) {
    child.stderr.take();
    child.kill();
  }
}

function watch(child: Child): void {
  if (running.size === 0) process.on('exit', onExit);
  running.add(child);
}

function unwatch(child: Child): void {
  if (running.delete(child) && running.size === 0) process.off('exit', onExit);
}

export class Child {
  readonly stderr: ChildStderr;
  readonly #process: ChildProcess | null;
  readonly #events: ChildEvents;
  #over = false;
  #closed = false;
  #seen: NativeEnd | null = null;
  #severed = false;
  /** Its socket was found closed by a look, not by an event. */
  #foundClosed = false;
  /** Why there is no process, where that is known before an event tells. */
  #failure: unknown = new Error('the system refused to start it');

  constructor(options: ChildOptions, events: ChildEvents) {
    this.#events = events;
    try {
      this.#process = start(options);
    } catch (cause) {
      this.#process = null;
      this.stderr = new ChildStderr(null, false);
      this.#failure = cause;
      queueMicrotask(() => this.#end({ ...UNKNOWN_END, cause }));
      return;
    }
    const child = this.#process;
    watch(this);
    child.on('error', (cause) => {
      if (child.pid === undefined) this.#end({ ...UNKNOWN_END, cause });
    });
    child.on('exit', (code, signal) => this.#end(endByEvent(code, signal, this.#seen)));
    // Without a descriptor to be had it has none of them; then an error follows.
    for (const one of (child.stdio as ChildProcess['stdio'] | undefined) ?? []) one?.on('error', () => {});
    const socket = socketOf(child, SOCKET_FD);
    socket?.on('data', () => events.rung());
    socket?.on('close', () => {
      if (this.#closed) return;
      this.hungUp();
      // Before Node.js reaps the process: after that the system cannot be asked.
      if (child.pid !== undefined && !this.#over) this.#seen = options.endOf?.(child.pid) ?? null;
    });
    this.stderr = new ChildStderr(child.stderr ?? null, options.passStderr);
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Descriptor of the socket; -1 when it is closed, by either side. */
  get socketFd(): number {
    return this.#foundClosed ? -1 : descriptorOf(socketOf(this.#process, SOCKET_FD));
  }

  /** Whether its end of the socket is known to be closed: it is ending, or has to. */
  get isCut(): boolean {
    return this.#foundClosed || (!this.#closed && socketOf(this.#process, SOCKET_FD)?.destroyed !== false);
  }

  /**
   * Looks whether it has ended, for a host that hears of no event; `ended` is
   * called then, as by the event.
   * @param endOf how a process ended, by the system's word.
   */
  lookForEnd(endOf: (pid: number) => NativeEnd | 'running' | null): void {
    if (this.#over) return;
    if (this.pid === undefined) {
      this.#end({ ...UNKNOWN_END, cause: this.#failure });
      return;
    }
    if (this.isCut) this.hungUp();
    const end = endOf(this.pid);
    if (end === 'running') return;
    if (end !== null) this.#end(endBySystem(end));
    // Killed, and the system reports no more.
    else if (this.isCut) this.#end(UNKNOWN_END);
  }

  /** Whether the host's process has to live for this one. */
  hold(alive: boolean): void {
    const child = this.#process;
    if (child === null) return;
    const sockets = [SOCKET_FD, ORDERS_FD, STDERR_FD].map((fd) => socketOf(child, fd));
    // One that is closed would take this as for when it is connected, each time anew.
    const [socket, ...others] = sockets.map((one) => (one?.destroyed === false ? one : undefined));
    for (const one of [child, socket]) {
      if (alive) one?.ref();
      else one?.unref();
    }
    for (const one of others) one?.unref();
  }

  /** Wakes it. */
  knock(): void {
    const fd = this.socketFd;
    if (fd < 0) return;
    try {
      writeSync(fd, '\n');
    } catch {
      // Full: it has been woken. Closed: its end is on its way.
    }
  }

  /** Sends a line to its interrupt thread. */
  order(line: string): void {
    socketOf(this.#process, ORDERS_FD)?.write(`${line}\n`);
  }

  /** Takes what has come by the socket, without the event loop. */
  takeBytes(): void {
    if (readNow(this.socketFd) === 'closed') this.#foundClosed = true;
  }

  /** Whether it was alive when its end of the socket was closed: native code has closed what it did not open. */
  get severed(): boolean {
    return this.#severed;
  }

  /** Its end of the socket is closed. It is ending, or cannot serve any more. */
  hungUp(): void {
    if (!this.#over && this.pid !== undefined && livesOn(this.pid)) this.#severed = true;
    this.kill();
  }

  /** Ends it, wherever it is. */
  kill(): void {
    if (!this.#over) this.#process?.kill('SIGKILL');
  }

  /** Closes what the host tells it by: a lane between calls then ends by itself. What it says on its way is still heard. */
  close(): void {
    this.#closed = true;
    for (const fd of [SOCKET_FD, ORDERS_FD]) socketOf(this.#process, fd)?.destroy();
  }

  #end(end: ChildEnd): void {
    if (this.#over) return;
    this.#over = true;
    unwatch(this);
    this.stderr.end();
    this.close();
    this.#events.ended(end);
  }
}

function start({ boot, start, shared }: ChildOptions): ChildProcess {
  const options: SpawnOptions = {
    env: laneEnvironment('process', start.env),
    stdio: ['ignore', 'inherit', 'pipe', shared.memoryFd, 'pipe', shared.liveFd, 'pipe'],
  };
  return spawn(
    start.execPath,
    [...start.execArgv, workerFile('process-entry'), JSON.stringify(boot)],
    options,
  );
}

/** Of the flags of a process: it is ending. Set before its descriptors are closed. */
const EXITING = 4;

/** Whether a process is not ending: as Linux reports it; false where the system does not report it. */
function livesOn(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // Behind the name, which may have anything in it: state, four ids, the terminal's group, flags.
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6];
    return (Number(flags) & EXITING) === 0;
  } catch {
    return false;
  }
}
