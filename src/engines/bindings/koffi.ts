/** The engine koffi: an optional peer dependency, with state of its own in every environment. */
import { Math } from '../../builtins.js';
import { EngineError } from '../../errors.js';
import { requireInstalled } from '../../shared/package-home.js';
import { CAPABILITIES } from '../capabilities.js';
import type {
  CallbackHandler,
  Capabilities,
  Engine,
  EngineLibrary,
  FunctionPrototype,
  NativeCallback,
  NativeFunction,
  Prototype,
} from '../engine.js';
import { bindKoffi } from './koffi-functions.js';
import { KoffiStructs, type KoffiTypes } from './koffi-structs.js';
import { type KoffiType, TYPES } from './koffi-types.js';
import { ERRNO_LOCATION, Errno } from '../system/errno.js';
import { libraryFailure, symbolNotFound } from '../loading/library-error.js';
import { pathOfName } from '../loading/loader-alias.js';
import { PLAIN_TERMS, loadLibrary } from '../loading/load-library.js';
import { emptyAddress } from '../system/scratch.js';
import { withoutAbort } from './without-abort.js';

/**
 * koffi runs native code on a separate stack, which is never larger than this, whatever the stack of the thread. A
 * larger size is reduced to it.
 */
const LARGEST_STACK_BYTES = 16 * 1024 * 1024;

export interface KoffiOptions {
  /**
   * Size of the stack that native code runs on, in bytes (koffi's default is 2 MiB; see `LARGEST_STACK_BYTES`).
   * Only the first load in an environment can set it.
   */
  readonly stackBytes?: number | undefined;
}

interface KoffiLibrary {
  func(name: string, result: KoffiType, parameters: readonly KoffiType[]): (...values: unknown[]) => unknown;
}

/** The used part of the koffi package. */
interface Koffi extends KoffiTypes {
  load(path: string | null): KoffiLibrary;
  address(view: Uint8Array): bigint;
  view(address: bigint, length: number): ArrayBuffer;
  proto(result: string, parameters: readonly string[]): unknown;
  pointer(type: unknown): unknown;
  register(handler: CallbackHandler, type: unknown): bigint;
  unregister(address: bigint): void;
  config(settings: { readonly sync_stack_size: number }): unknown;
}

/** Loads koffi. @throws EngineError OFFTHREAD_ENGINE_MISSING */
export function loadKoffi(options: KoffiOptions = {}): Engine {
  const koffi = requireKoffi();
  if (options.stackBytes !== undefined && (loadedHere || !Object.hasOwn(globalThis, IN_USE))) {
    setStack(koffi, Math.min(options.stackBytes, LARGEST_STACK_BYTES));
  }
  const engine = new KoffiEngine(koffi);
  Object.defineProperty(globalThis, IN_USE, { value: true });
  loadedHere = true;
  return engine;
}

/**
 * Marks a thread in which a copy of offthread has loaded koffi, whose stack is then set for good. In a lane that is
 * a module which the user has it preload, and which opens a library itself.
 */
const IN_USE = Symbol.for('offthread.koffi');
/** Whether it was this copy. */
let loadedHere = false;

class KoffiEngine implements Engine {
  readonly name = 'koffi';
  readonly capabilities: Capabilities = CAPABILITIES.koffi;
  readonly #koffi: Koffi;
  /** Also keeps the handles: koffi unloads a library without references. */
  readonly #libraries = new Map<string, EngineLibrary>();
  readonly #libc: EngineLibrary;
  readonly #errno: Errno;
  readonly #structs: KoffiStructs;
  readonly #callbackTypes = new Map<string, unknown>();

  constructor(koffi: Koffi) {
    this.#koffi = koffi;
    const self = koffi.load(null);
    const address = BigInt(self.func(ERRNO_LOCATION, 'uintptr', [])() as number | bigint);
    this.#errno = new Errno(koffi.view(address, 4));
    this.#structs = new KoffiStructs(koffi);
    this.#libc = library('', self, this.#errno, this.#structs);
  }

  open(path: string): EngineLibrary {
    if (!this.#libraries.has(path)) loadLibrary(this, path, PLAIN_TERMS);
    return this.openLoaded(path);
  }

  openLoaded(name: string): EngineLibrary {
    let opened = this.#libraries.get(name);
    if (opened === undefined) {
      opened = library(name, this.#load(name), this.#errno, this.#structs);
      this.#libraries.set(name, opened);
    }
    return opened;
  }

  libc(): EngineLibrary {
    return this.#libc;
  }

  addressOf(view: Uint8Array): bigint {
    const address = this.#koffi.address(view);
    return address === 0n ? emptyAddress((scratch) => this.addressOf(scratch)) : address;
  }

  view(address: bigint, bytes: number): ArrayBuffer {
    return this.#koffi.view(address, bytes);
  }

  callback(prototype: Prototype, handler: CallbackHandler): NativeCallback {
    const koffi = this.#koffi;
    try {
      const address = withoutAbort(() => koffi.register(handler, this.#callbackType(prototype)));
      return { address, release: () => koffi.unregister(address) };
    } catch (cause) {
      throw new EngineError(
        `koffi could not create a callback: ${(cause as Error).message}. The limit is 8,192 callbacks per process: close ` +
          'persistent callbacks that are no longer needed.',
        { cause },
      );
    }
  }

  errno(): number {
    return this.#errno.last;
  }

  #callbackType({ arguments: parameters, returns }: Prototype): unknown {
    const key = `${returns} ${parameters.join()}`;
    let type = this.#callbackTypes.get(key);
    if (type === undefined) {
      const prototype = this.#koffi.proto(
        TYPES[returns],
        parameters.map((parameter) => TYPES[parameter]),
      );
      type = this.#koffi.pointer(prototype);
      this.#callbackTypes.set(key, type);
    }
    return type;
  }

  #load(path: string): KoffiLibrary {
    try {
      return withoutAbort(() => this.#koffi.load(path));
    } catch (error) {
      throw libraryFailure(pathOfName(path), (error as Error).message, error);
    }
  }
}

function library(path: string, handle: KoffiLibrary, errno: Errno, structs: KoffiStructs): EngineLibrary {
  const bind = (symbol: string, prototype: FunctionPrototype): NativeFunction =>
    bindKoffi((result, parameters) => find(path, handle, symbol, result, parameters), structs, prototype);
  return { path, bind, bindErrno: (symbol, prototype) => errno.around(bind(symbol, prototype)) };
}

function find(
  path: string,
  handle: KoffiLibrary,
  symbol: string,
  result: KoffiType,
  parameters: readonly KoffiType[],
): (...values: unknown[]) => unknown {
  try {
    return withoutAbort(() => handle.func(symbol, result, parameters));
  } catch (error) {
    const text = (error as Error).message;
    if (text.startsWith('Cannot find')) throw symbolNotFound(path, symbol, error);
    throw new EngineError(`koffi could not bind '${symbol}': ${text}.`, { symbol, cause: error });
  }
}

function setStack(koffi: Koffi, bytes: number): void {
  try {
    withoutAbort(() => koffi.config({ sync_stack_size: bytes }));
  } catch (cause) {
    throw new EngineError(
      `koffi's stack could not be set to ${bytes} bytes: ${(cause as Error).message}. The stack can be set only once, ` +
        `before the first library is opened in a thread.`,
      { cause },
    );
  }
}

/**
 * The range of the peer dependency: an earlier version lacks functions or returns other values, and a later one may.
 */
const OLDEST = [3, 3, 4] as const;
const WANTED = `${OLDEST.join('.')} or later, below ${OLDEST[0] + 1}`;

function requireKoffi(): Koffi {
  let koffi: Koffi & { readonly version?: unknown };
  try {
    koffi = requireInstalled('koffi') as Koffi;
  } catch (cause) {
    throw new EngineError(
      `The engine koffi could not be loaded: ${(cause as Error).message.split('\n')[0]}. It is an optional ` +
        `peer: install it with 'npm install koffi@${OLDEST[0]}'.`,
      { code: 'OFFTHREAD_ENGINE_MISSING', cause },
    );
  }
  if (serves(koffi.version)) return koffi;
  throw new EngineError(
    `The engine koffi could not be loaded: version ${String(koffi.version)} is installed, but offthread needs ${WANTED}. ` +
      `Install it with 'npm install koffi@${OLDEST[0]}'.`,
    { code: 'OFFTHREAD_ENGINE_MISSING' },
  );
}

function serves(version: unknown): boolean {
  const [major = 0, minor = 0, patch = 0] = String(version)
    .split('.', 3)
    .map((part) => Number.parseInt(part, 10));
  if (major !== OLDEST[0]) return false;
  return minor > OLDEST[1] || (minor === OLDEST[1] && patch >= OLDEST[2]);
}
