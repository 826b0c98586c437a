/**
 * The engine ffi-rs.
 *
 *   host (main thread)                     lanes (worker threads)
 *   open  ─ opens, links                   open  ─ names the library
 *   bind  ─ looks the symbol up            bind  ─ builds the closure
 *        ╰────────── one table of libraries and symbols ──────────╯
 *
 * The table belongs to the process and has no lock: lookups from two threads at once corrupt memory; once all entries
 * exist, calls from all threads are safe. So the host first opens and binds everything that a lane opens or binds, with
 * the same path, and no ffi-rs call may run in the meantime.
 */
import { isMainThread } from 'node:worker_threads';

import { EngineError } from '../../errors.js';
import { CAPABILITIES } from '../capabilities.js';
import type {
  Capabilities,
  Engine,
  EngineLibrary,
  NativeCallback,
  NativeFunction,
  NativeValue,
  FunctionPrototype,
  Prototype,
} from '../engine.js';
import { inScalars } from '../prototypes.js';
import { ERRNO_LOCATION, Errno } from '../system/errno.js';
import {
  type FfiRs,
  type FfiRsCall,
  type FfiRsErrno,
  requireFfiRs,
  resolveSymbol,
} from './ffi-rs-binding.js';
import { argumentTypes, resultFix, resultType } from './ffi-rs-types.js';
import { withSizes } from './sizes.js';
import { LIBC, SYSTEM } from '../system/libc.js';
import { libraryFailure, symbolNotFound } from '../loading/library-error.js';
import { pathOfName } from '../loading/loader-alias.js';
import { PLAIN_TERMS, loadLibrary } from '../loading/load-library.js';
import { emptyAddress } from '../system/scratch.js';
import { withoutAbort } from './without-abort.js';

export interface FfiRsOptions {
  /**
   * `host`: opens libraries and looks symbols up. `lane`: on a worker thread it
   * does neither; on a main thread (a lane that is a process) it does both,
   * since no other thread in that process has. By default a worker thread is a lane.
   */
  readonly role?: 'host' | 'lane' | undefined;
}

/** Key of the process itself, where libc and libdl are. */
const PROCESS = '';

/** Loads ffi-rs. @throws EngineError OFFTHREAD_ENGINE_MISSING */
export function loadFfiRs(options: FfiRsOptions = {}): Engine {
  return new FfiRsEngine(requireFfiRs(), options.role === 'host' || isMainThread);
}

class FfiRsEngine implements Engine {
  readonly name = 'ffi-rs';
  readonly capabilities: Capabilities = CAPABILITIES['ffi-rs'];
  readonly #ffi: FfiRs;
  readonly #resolve: boolean;
  readonly #libraries = new Map<string, FfiRsLibrary>();
  readonly #libc: FfiRsLibrary;
  readonly #address: FfiRsCall;
  readonly #errno: Errno;

  constructor(ffi: FfiRs, resolve: boolean) {
    this.#ffi = ffi;
    this.#resolve = resolve;
    if (resolve) openProcess(ffi);
    const location = ffi.load(call(PROCESS, ERRNO_LOCATION, ffi.DataType.External, []));
    const memory = ffi.createExternalBuffer(location, 4);
    this.#errno = new Errno(memory.buffer, memory.byteOffset);
    this.#libc = new FfiRsLibrary(ffi, PROCESS, resolve, this.#errno);
    if (resolve) this.#lookUpLibc();
    const { BigInt, U8Array } = ffi.DataType;
    this.#address = call(PROCESS, 'memmove', BigInt, [U8Array, BigInt, BigInt]);
  }

  open(path: string): EngineLibrary {
    // ffi-rs links lazily: a function with an unresolved symbol would end the
    // process at its first call. Linked in full first, it fails here instead.
    if (this.#resolve && !this.#libraries.has(path)) loadLibrary(this, path, PLAIN_TERMS);
    return this.openLoaded(path);
  }

  openLoaded(name: string): EngineLibrary {
    let library = this.#libraries.get(name);
    if (library === undefined) {
      if (this.#resolve) this.#enter(name);
      library = new FfiRsLibrary(this.#ffi, name, this.#resolve, this.#errno);
      this.#libraries.set(name, library);
    }
    return library;
  }

  libc(): EngineLibrary {
    return this.#libc;
  }

  addressOf(view: Uint8Array): bigint {
    // memmove returns its first argument; with a length of 0 it touches no memory.
    this.#address.paramsValue = [view, 0n, 0n];
    const address = this.#ffi.load(this.#address) as bigint;
    this.#address.paramsValue = [];
    return address === 0n ? emptyAddress((scratch) => this.addressOf(scratch)) : BigInt.asUintN(64, address);
  }

  view(address: bigint, bytes: number): ArrayBuffer {
    const { BigInt, External } = this.#ffi.DataType;
    // A function that returns an address converts it to an object: memmove with a length of 0 touches no memory.
    const wrap = call(PROCESS, 'memmove', External, [BigInt, BigInt, BigInt]);
    wrap.paramsValue = [address, address, 0n];
    return this.#ffi.createExternalBuffer(this.#ffi.load(wrap), bytes).buffer as ArrayBuffer;
  }

  callback(): NativeCallback {
    // JavaScript callbacks of ffi-rs run only on the event loop, after the call, or from another thread.
    throw new EngineError('ffi-rs cannot run a callback during a call. Use koffi or node.', {
      code: 'OFFTHREAD_ENGINE_UNSUPPORTED',
    });
  }

  errno(): number {
    return this.#errno.last;
  }

  /** While no call runs yet: a later lookup would have to wait until none is in flight. */
  #lookUpLibc(): void {
    for (const [symbol, prototype] of Object.entries(LIBC)) this.#libc.bind(symbol, prototype);
    for (const [symbol, prototype] of Object.entries(SYSTEM)) {
      try {
        this.#libc.bind(symbol, prototype);
      } catch {
        // The system lacks the symbol: a caller that needs it gets an error.
      }
    }
  }

  /** Adds a library to the table of the process. */
  #enter(name: string): void {
    try {
      withoutAbort(() => this.#ffi.open({ library: name, path: name }));
    } catch (error) {
      throw libraryFailure(pathOfName(name), (error as Error).message, error);
    }
  }
}

class FfiRsLibrary implements EngineLibrary {
  readonly path: string;
  readonly #ffi: FfiRs;
  readonly #resolve: boolean;
  readonly #errno: Errno;
  readonly #found = new Set<string>();

  constructor(ffi: FfiRs, path: string, resolve: boolean, errno: Errno) {
    this.path = path;
    this.#ffi = ffi;
    this.#resolve = resolve;
    this.#errno = errno;
  }

  bind(symbol: string, given: FunctionPrototype): NativeFunction {
    const prototype = inScalars('ffi-rs', symbol, given);
    const params = this.#prepare(symbol, prototype);
    const fix = resultFix(prototype.returns);
    // One object serves every call: this thread runs one at a time, and native
    // code cannot come back into JavaScript from inside it.
    const { load } = this.#ffi;
    if (fix === null) {
      return withSizes(prototype, (...values) => {
        params.paramsValue = values;
        return load(params) as NativeValue;
      });
    }
    return withSizes(prototype, (...values) => {
      params.paramsValue = values;
      return fix(load(params) as NativeValue);
    });
  }

  bindErrno(symbol: string, given: FunctionPrototype): NativeFunction {
    const prototype = inScalars('ffi-rs', symbol, given);
    const params = this.#prepare(symbol, prototype);
    params.errno = true;
    const { load } = this.#ffi;
    const fix = resultFix(prototype.returns) ?? ((value: NativeValue): NativeValue => value);
    const errno = this.#errno;
    const { cell } = errno;
    return withSizes(prototype, (...values) => {
      params.paramsValue = values;
      cell[0] = 0;
      // Read by ffi-rs itself: it frees memory after the call, before it returns.
      const result = load(params) as FfiRsErrno;
      errno.last = result.errnoCode;
      return fix(result.value as NativeValue);
    });
  }

  #prepare(symbol: string, prototype: Prototype): FfiRsCall {
    if (prototype.returns === 'f32') {
      throw new EngineError(
        `The function '${symbol}' returns f32, which ffi-rs cannot return. Install koffi and use ` +
          `{ engine: 'koffi' }, or use engine 'auto'.`,
        { code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol },
      );
    }
    if (this.#resolve && !this.#found.has(symbol)) {
      if (resolveSymbol(this.#ffi, this.path, symbol) === 'missing') throw symbolNotFound(this.path, symbol);
      this.#found.add(symbol);
    }
    const { DataType } = this.#ffi;
    const types = argumentTypes(prototype.arguments).map((type) => DataType[type]);
    return call(this.path, symbol, DataType[resultType(prototype.returns)], types);
  }
}

function call(library: string, funcName: string, retType: number, paramsType: number[]): FfiRsCall {
  return { library, funcName, retType, paramsType, paramsValue: [], errno: false };
}

/** Opens the process under its key, and looks up the symbols that this file calls. */
function openProcess(ffi: FfiRs): void {
  // glibc takes '' for the process itself; elsewhere libc holds dlopen too.
  const candidates =
    process.platform === 'darwin' ? ['/usr/lib/libSystem.B.dylib'] : ['', 'libc.so.6', 'libc.so'];
  let failure: unknown;
  for (const path of candidates) {
    try {
      withoutAbort(() => ffi.open({ library: PROCESS, path }));
      for (const symbol of ['dlopen', ERRNO_LOCATION]) {
        if (resolveSymbol(ffi, PROCESS, symbol) === 'missing') throw symbolNotFound(PROCESS, symbol);
      }
      return;
    } catch (error) {
      failure = error;
    }
  }
  throw libraryFailure('libc', (failure as Error).message, failure);
}
