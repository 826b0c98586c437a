/**
 * System calls that Node.js does not offer and process lanes need: memory that two processes map, blocking waits for
 * descriptors, and a child that ends with its parent. Called through any available engine.
 */
import { closeSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { getSystemErrorName } from 'node:util';
import { Math } from '../../builtins.js';
import type { EngineName } from '../../declare/spec.js';
import { EngineError } from '../../errors.js';
import type { Engine, NativeFunction } from '../engine.js';
import { SYSTEM, type SystemSymbol } from './libc.js';
import { loadEngine } from '../load-engine.js';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
/** Linux: no swap space is set aside for the reserved range. */
const MAP_NORESERVE = 0x4000;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1_033;
const F_SEAL_SHRINK = 2;
const MAP_FAILED = 2n ** 64n - 1n;
const MADV_DONTDUMP = 16;
const SIG_IGN = 1n;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const POLLIN = 1;
const POLL_ENTRY_WORDS = 2;
const EVENTS_THAT_CAME = 0xffff_0000 | 0;
const P_PID = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;
const WNOHANG = 1;
const CLD_EXITED = 1;
/** siginfo_t of Linux, 64 bits: bytes, and index of three of its words. */
const SIGINFO_BYTES = 128;
const SI_SIGNO = 0;
const SI_CODE = 2;
const SI_STATUS = 6;
/** Sizes of the address space that a file may grow into: the first that can be reserved is used. */
const RESERVES = [2 ** 40, 2 ** 36, 2 ** 32, 2 ** 30, 2 ** 28, 2 ** 26] as const;

/** The end of a process as reported by the system. */
export type NativeEnd = { readonly exitCode: number } | { readonly signal: number };

/** A file in memory, mapped into this process. */
export interface MappedFile {
  readonly fd: number;
  /** Address of the mapping; bytes beyond the file's end must not be touched. */
  readonly address: bigint;
  /** Bytes of address space: the maximum size of the file. */
  readonly reserved: number;
}

export class System {
  readonly engine: Engine;
  readonly #mmap: NativeFunction;
  readonly #munmap: NativeFunction;
  readonly #poll: NativeFunction;
  readonly #unowned = new FinalizationRegistry<Pick<MappedFile, 'address' | 'reserved'>>(
    ({ address, reserved }) => this.#munmap(address, BigInt(reserved)),
  );
  /** Descriptors that Node.js has opened and tracks. */
  readonly #opened = new Set<number>();
  #polled = new Int32Array(0);
  #polledAddress = 0n;

  /** @throws EngineError if the C library lacks a required function. */
  constructor(engine: Engine) {
    this.engine = engine;
    const libc = engine.libc();
    this.#mmap = libc.bind('mmap', SYSTEM.mmap);
    this.#munmap = libc.bind('munmap', SYSTEM.munmap);
    this.#poll = libc.bind('poll', SYSTEM.poll);
  }

  /**
   * Creates an unnamed file in memory, and maps it.
   * @param bytes the initial size; all of it is backed by memory.
   * @throws EngineError OFFTHREAD_NO_SHARED_MEMORY
   */
  create(bytes: number): MappedFile {
    const fd = this.#file();
    try {
      const file = this.map(fd);
      if (bytes > 0) this.allocate(file, 0, bytes);
      return file;
    } catch (error) {
      this.close(fd);
      throw error;
    }
  }

  /** Closes a descriptor of a file that was created here. */
  close(fd: number): void {
    // In worker threads, Node.js tracks the descriptors that it has opened, and warns about others.
    const close = this.#opened.delete(fd) ? null : this.#optional('close');
    if (close === null) closeSync(fd);
    else close(fd);
  }

  /** Ignores signals from now on; a handler would interrupt system calls of native code. */
  ignore(signals: readonly number[]): void {
    const ignore = this.#optional('signal');
    for (const signal of signals) ignore?.(signal, SIG_IGN);
  }

  /** Maps a file that another process created. @throws EngineError OFFTHREAD_NO_SHARED_MEMORY */
  map(fd: number): MappedFile {
    for (const reserved of RESERVES) {
      const address = this.#mmap(
        0n,
        BigInt(reserved),
        PROT_READ_WRITE,
        MAP_SHARED | MAP_NORESERVE,
        fd,
        0n,
      ) as bigint;
      if (BigInt.asUintN(64, address) === MAP_FAILED) continue;
      // A core dump would scan the whole reserved range, for minutes.
      if (process.platform === 'linux') this.#optional('madvise')?.(address, BigInt(reserved), MADV_DONTDUMP);
      return { fd, address, reserved };
    }
    throw noSharedMemory('the file could not be mapped', undefined);
  }

  /**
   * Backs the bytes of a file from `offset` on with memory. Touching an unbacked page raises SIGBUS.
   * @throws EngineError OFFTHREAD_NO_SHARED_MEMORY
   */
  allocate(file: MappedFile, offset: number, bytes: number): void {
    if (offset + bytes > file.reserved) throw noSharedMemory('its address space is used up', undefined);
    const allocate = this.#optional('posix_fallocate');
    if (allocate === null) {
      ftruncateSync(file.fd, offset + bytes);
      return;
    }
    const error = allocate(file.fd, BigInt(offset), BigInt(bytes)) as number;
    if (error !== 0) throw noSharedMemory(`the system refused ${bytes} bytes (${nameOf(error)})`, undefined);
  }

  /** Returns the memory of a range to the system; its content is lost. */
  discard(file: MappedFile, offset: number, bytes: number): void {
    const KEEP_SIZE = 1;
    const PUNCH_HOLE = 2;
    this.#optional('fallocate')?.(file.fd, KEEP_SIZE | PUNCH_HOLE, BigInt(offset), BigInt(bytes));
  }

  /** A part of a mapped file. */
  view(file: MappedFile, offset: number, bytes: number): ArrayBuffer {
    return this.engine.view(file.address + BigInt(offset), bytes);
  }

  /**
   * Unmaps a file once `owner` is unreachable: code that accesses the file must
   * keep a reference to it, since access to unmapped memory ends the process.
   */
  unmapAfter(owner: object, { address, reserved }: MappedFile): void {
    this.#unowned.register(owner, { address, reserved });
  }

  /** Unmaps a file that is no longer accessed. */
  unmap({ address, reserved }: MappedFile): void {
    this.#munmap(address, BigInt(reserved));
  }

  /**
   * Blocks this thread until one of the descriptors can be read or has been closed by the other side, for at most `ms`;
   * -1 is unlimited.
   * @returns whether one can be read or has been closed.
   */
  poll(fds: readonly number[], ms: number): boolean {
    const words = fds.length * POLL_ENTRY_WORDS;
    if (this.#polled.length < words) {
      this.#polled = new Int32Array(new ArrayBuffer(Math.max(words, 64) * 4));
      this.#polledAddress = this.engine.addressOf(new Uint8Array(this.#polled.buffer));
    }
    fds.forEach((fd, index) => {
      this.#polled[index * POLL_ENTRY_WORDS] = fd;
      // The low half has the requested events, the high half the returned ones.
      this.#polled[index * POLL_ENTRY_WORDS + 1] = POLLIN;
    });
    return (this.#poll(this.#polledAddress, BigInt(fds.length), Math.ceil(ms)) as number) > 0;
  }

  /** Whether the descriptor at that place of the last {@link poll} can be read, or has been closed. */
  isReady(index: number): boolean {
    return ((this.#polled[index * POLL_ENTRY_WORDS + 1] as number) & EVENTS_THAT_CAME) !== 0;
  }

  /**
   * How a child of this process ended, without waiting. The child is not reaped, so Node.js also detects its end.
   * @returns `running` if the child has not ended; null if the system does not report it.
   */
  endOf(pid: number): NativeEnd | 'running' | null {
    const wait = this.#optional('waitid');
    if (wait === null) return null;
    const info = new Int32Array(new ArrayBuffer(SIGINFO_BYTES));
    const address = this.engine.addressOf(new Uint8Array(info.buffer));
    if (wait(P_PID, pid, address, WEXITED | WNOWAIT | WNOHANG) !== 0) return null;
    if (info[SI_SIGNO] === 0) return 'running';
    const status = info[SI_STATUS] as number;
    return info[SI_CODE] === CLD_EXITED ? { exitCode: status } : { signal: status };
  }

  /**
   * Makes the system kill this process when the thread that started it ends. @returns false if the system does not
   * support this.
   */
  endWithParent(): boolean {
    return this.#optional('prctl')?.(PR_SET_PDEATHSIG, BigInt(SIGKILL), 0n, 0n, 0n) === 0;
  }

  /** A descriptor of a new file without a name. */
  #file(): number {
    const create = this.#optional('memfd_create');
    if (create !== null) {
      const name = Buffer.from('offthread\0');
      const fd = create(this.engine.addressOf(name), MFD_CLOEXEC | MFD_ALLOW_SEALING) as number;
      if (fd >= 0) {
        // Without the seal, native code of a lane could truncate the file, and the host's next read would raise SIGBUS.
        this.#optional('fcntl')?.(fd, F_ADD_SEALS, F_SEAL_SHRINK);
        return isMainThread ? fd : this.#entrust(fd);
      }
    }
    let failure: unknown;
    for (const folder of ['/dev/shm', tmpdir()]) {
      const path = join(folder, `offthread-${process.pid}-${Math.random().toString(36).slice(2)}`);
      try {
        const fd = openSync(path, 'wx+', 0o600);
        this.#opened.add(fd);
        unlinkSync(path);
        return fd;
      } catch (error) {
        failure = error;
      }
    }
    throw noSharedMemory('no file for the memory could be created', failure);
  }

  /**
   * Makes Node.js reopen a file that was created without it: Node.js closes what it has opened in a worker thread,
   * however the thread ends.
   * @returns the new descriptor; the given one if the file cannot be reopened.
   */
  #entrust(fd: number): number {
    try {
      const own = openSync(`/proc/self/fd/${fd}`, 'r+');
      this.#opened.add(own);
      this.close(fd);
      return own;
    } catch {
      return fd;
    }
  }

  #optional(symbol: Exclude<SystemSymbol, 'mmap' | 'munmap' | 'poll'>): NativeFunction | null {
    // The code reads Linux's structure.
    if (symbol === 'waitid' && process.platform !== 'linux') return null;
    try {
      return this.engine.libc().bind(symbol, SYSTEM[symbol]);
    } catch {
      return null;
    }
  }
}

function nameOf(error: number): string {
  try {
    return getSystemErrorName(-error);
  } catch {
    return `error ${error}`;
  }
}

/** @param what has failed: a clause. */
export function noSharedMemory(what: string, cause: unknown): EngineError {
  return new EngineError(
    `No memory can be shared with a process lane: ${what}. Free memory, or raise the limits of this process: file ` +
      "size (ulimit -f), descriptors (ulimit -n), address space (ulimit -v), the container's memory. If " +
      'memfd_create() is forbidden, allow it, or mount a writable /dev/shm with free space. Fewer lanes need less memory.',
    { code: 'OFFTHREAD_NO_SHARED_MEMORY', cause },
  );
}

/** The engines tried for system calls, in order: koffi is the fastest. */
const ENGINES: readonly EngineName[] = ['koffi', 'ffi-rs', 'node'];
let system: System | undefined;

/**
 * The system calls of this environment.
 * @param stackBytes see `KoffiOptions`: the first load of koffi decides.
 * @throws EngineError if no engine can be loaded, or none supports the calls.
 */
export function systemCalls(stackBytes?: number): System {
  let failure: unknown;
  for (const name of system === undefined ? ENGINES : []) {
    // Its tables belong to the main thread.
    if (name === 'ffi-rs' && !isMainThread) continue;
    try {
      system = new System(loadEngine(name, { role: isMainThread ? 'host' : 'lane', stackBytes }));
      break;
    } catch (error) {
      // The first says what to install; node:ffi is only a last resort.
      failure ??= error;
    }
  }
  if (system !== undefined) return system;
  const why = failure instanceof Error ? ` ${failure.message}` : '';
  throw new EngineError(
    `Process lanes need koffi (or, on the main thread, ffi-rs) for system calls, but neither could be loaded.${why}`,
    { code: 'OFFTHREAD_ENGINE_MISSING', cause: failure },
  );
}
