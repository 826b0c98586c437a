/**
 * The process of a lane: started with only the necessary descriptors and environment, and watched until its end.
 *
 * Guarantees:
 * - `ended` is called exactly once, also for a process that could not be started, and never before the constructor has
 *   returned.
 * - The end of the process can be detected without the event loop ({@link Child.lookForEnd}), by the socket and by a
 *   system call.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { readFileSync, writeSync } from 'node:fs';
import type { NativeEnd } from '../../engines/system/system-calls.js';
import { JSON, builtinModule, queueMicrotask } from '../../builtins.js';
import { ORDERS_FD, type ProcessBoot, SOCKET_FD } from '../../shared/messages/process-boot.js';
import type { LaneStart } from '../../options/lane-start.js';
import { laneEnvironment } from '../../shared/lane-mark.js';
import { laneFile } from '../../shared/package-home.js';
import { type ChildEnd, UNKNOWN_END, endByEvent, endBySystem } from './child-end.js';
import { ChildStderr } from './child-stderr.js';
import { descriptorOf, readNow, socketOf } from './descriptors.js';

const STDERR_FD = 2;

export interface ChildOptions {
  readonly boot: ProcessBoot;
  readonly start: LaneStart;
  /** Whether the stderr output is forwarded. */
  readonly passStderr: boolean;
  /** Whether the stdout output goes to the stderr of this process. */
  readonly stdoutToStderr: boolean;
  /** Descriptors of the lane's memory and of the live bytes. */
  readonly shared: { readonly memoryFd: number; readonly liveFd: number };
  /** The end of a process that has closed its socket, as reported by the system; null if unknown. */
  readonly endOf?: (pid: number) => NativeEnd | null;
}

export interface ChildEvents {
  /** Bytes have arrived on the socket. */
  rung(): void;
  ended(end: ChildEnd): void;
}

/** The running children: their last output is forwarded when this process ends, and none outlives it. */
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
  /** Whether the closed socket was found by a check, not by an event. */
  #foundClosed = false;
  /** Why there is no process, if that is known before an event. */
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
    // If descriptors have run out, the child has no streams; an error event follows.
    for (const one of (child.stdio as ChildProcess['stdio'] | undefined) ?? []) one?.on('error', () => {});
    const socket = socketOf(child, SOCKET_FD);
    socket?.on('data', () => events.rung());
    const gone = (): void => {
      if (this.#closed) return;
      this.hungUp();
      // Before Node.js reaps the process: after that, the system no longer has its status.
      if (child.pid !== undefined && !this.#over) this.#seen ??= options.endOf?.(child.pid) ?? null;
    };
    // In one turn of the event loop, the end of the socket comes before the signal that makes Node.js reap the process,
    // and its close after it. A socket that fails has no end.
    socket?.on('end', gone).on('close', gone);
    this.stderr = new ChildStderr(child.stderr ?? null, options.passStderr);
    this.hold(false);
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Descriptor of the socket; -1 if either side has closed it. */
  get socketFd(): number {
    return this.#foundClosed ? -1 : descriptorOf(socketOf(this.#process, SOCKET_FD));
  }

  /** Whether the child's end of the socket is known to be closed: the child is exiting, or must be ended. */
  get isCut(): boolean {
    return this.#foundClosed || (!this.#closed && socketOf(this.#process, SOCKET_FD)?.destroyed !== false);
  }

  /**
   * Checks whether the process has ended, for a host that receives no events; if so, `ended` is called, as by the
   * event.
   * @param endOf returns how a process ended, as reported by the system.
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
    // The process was killed, and the system has no status.
    else if (this.isCut) this.#end(UNKNOWN_END);
  }

  /** Sets whether this child keeps the host's process alive. */
  hold(alive: boolean): void {
    const child = this.#process;
    if (child === null) return;
    const sockets = [SOCKET_FD, ORDERS_FD, STDERR_FD].map((fd) => socketOf(child, fd));
    // A closed socket would add a listener for its next connection at each call.
    const [socket, ...others] = sockets.map((one) => (one?.destroyed === false ? one : undefined));
    for (const one of [child, socket]) {
      if (alive) one?.ref();
      else one?.unref();
    }
    for (const one of others) one?.unref();
  }

  /** Wakes the lane. */
  knock(): void {
    const fd = this.socketFd;
    if (fd < 0) return;
    try {
      writeSync(fd, '\n');
    } catch {
      // If the socket is full, the lane has been woken already. If it is closed, the lane is about to end.
    }
  }

  /** Sends a line to the lane's interrupt thread. */
  order(line: string): void {
    socketOf(this.#process, ORDERS_FD)?.write(`${line}\n`);
  }

  /** Reads the bytes that have arrived on the socket, without the event loop. */
  takeBytes(): void {
    if (readNow(this.socketFd) === 'closed') this.#foundClosed = true;
  }

  /**
   * Whether the child was alive when its end of the socket was closed: native code has closed a descriptor that it did
   * not open.
   */
  get severed(): boolean {
    return this.#severed;
  }

  /** The child's end of the socket is closed: the child is exiting, or can no longer serve. */
  hungUp(): void {
    if (!this.#over && this.pid !== undefined && livesOn(this.pid)) this.#severed = true;
    this.kill();
  }

  /** Kills the process. */
  kill(): void {
    if (!this.#over) this.#process?.kill('SIGKILL');
  }

  /** Closes the host's sending ends: a lane between calls then exits by itself. Its last output is still read. */
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

function start({ boot, start, shared, stdoutToStderr }: ChildOptions): ChildProcess {
  const options: SpawnOptions = {
    env: laneEnvironment('process', start.env),
    stdio: [
      'ignore',
      stdoutToStderr ? STDERR_FD : 'inherit',
      'pipe',
      shared.memoryFd,
      'pipe',
      shared.liveFd,
      'pipe',
    ],
  };
  return builtinModule('node:child_process').spawn(
    start.execPath,
    [...start.execArgv, laneFile(start.laneFile), JSON.stringify(boot)],
    options,
  );
}

/** The flag of an exiting process. Linux sets it before the descriptors are closed. */
const EXITING = 4;

/** Whether a process is not ending: as Linux reports it; false where the system does not report it. */
function livesOn(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The fields after the name, which may contain any character: state, four ids, the terminal's group, flags.
    const flags = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6];
    return (Number(flags) & EXITING) === 0;
  } catch {
    return false;
  }
}
