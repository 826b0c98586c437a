/**
 * The engine node: Node's own `node:ffi`, from Node 26.1 on.
 *
 * V8 is told not to compile its calls into machine code of their own: Node.js frees the description of a function when
 * its thread ends, while a compiler thread may still read that. With Node.js 26.12 the process then ends by SIGSEGV.
 * The setting holds for the process; a call takes 2 to 4 times as long, some tenths of a microsecond more.
 */
import { JSON, builtinModule } from '../../builtins.js';
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
import { inScalars } from '../prototypes.js';
import { ERRNO_LOCATION, Errno } from '../system/errno.js';
import { symbolNotFound } from '../loading/library-error.js';
import { PLAIN_TERMS, loadLibrary } from '../loading/load-library.js';
import { emptyAddress } from '../system/scratch.js';
import { sizedHandler, withSizes } from './sizes.js';

interface Signature {
  readonly arguments: readonly string[];
  readonly return: string;
}

interface DynamicLibrary {
  getFunction(name: string, signature: Signature): NativeFunction;
  getSymbol(name: string): bigint;
  registerCallback(signature: Signature, handler: CallbackHandler): bigint;
  unregisterCallback(address: bigint): void;
}

/** The used part of `node:ffi`. */
interface NodeFfi {
  readonly DynamicLibrary: new (path: string | null) => DynamicLibrary;
  getRawPointer(view: Uint8Array): bigint;
  toArrayBuffer(address: bigint, length: number, copy: boolean): ArrayBuffer;
}

/** Loads node:ffi. @throws EngineError OFFTHREAD_ENGINE_MISSING */
export function loadNodeFfi(): Engine {
  const ffi = requireNodeFfi();
  builtinModule('node:v8').setFlagsFromString('--no-turbo-fast-api-calls');
  try {
    return new NodeFfiEngine(ffi);
  } catch (cause) {
    throw missing(`Node.js refused access to node:ffi: ${(cause as Error).message}. `, cause);
  }
}

class NodeFfiEngine implements Engine {
  readonly name = 'node';
  readonly capabilities: Capabilities = CAPABILITIES.node;
  readonly #ffi: NodeFfi;
  readonly #libraries = new Map<string, EngineLibrary>();
  readonly #libc: NodeFfiLibrary;
  readonly #errno: Errno;
  /** The library that owns the callbacks. Any library would do. */
  readonly #self: DynamicLibrary;

  constructor(ffi: NodeFfi) {
    this.#ffi = ffi;
    const self = new ffi.DynamicLibrary(null);
    this.#self = self;
    const locate = self.getFunction(ERRNO_LOCATION, { arguments: [], return: 'pointer' });
    this.#errno = new Errno(ffi.toArrayBuffer(locate() as bigint, 4, false));
    this.#libc = new NodeFfiLibrary(ffi, '', this.#errno);
  }

  open(path: string): EngineLibrary {
    // node:ffi links lazily: a function with an unresolved symbol would end the
    // process at its first call. Linked in full first, it fails here instead.
    if (!this.#libraries.has(path)) loadLibrary(this, path, PLAIN_TERMS);
    return this.openLoaded(path);
  }

  openLoaded(name: string): EngineLibrary {
    let library = this.#libraries.get(name);
    if (library === undefined) {
      library = new NodeFfiLibrary(this.#ffi, name, this.#errno);
      this.#libraries.set(name, library);
    }
    return library;
  }

  libc(): EngineLibrary {
    return this.#libc;
  }

  addressOf(view: Uint8Array): bigint {
    const address = this.#ffi.getRawPointer(view);
    return address === 0n ? emptyAddress((scratch) => this.addressOf(scratch)) : address;
  }

  view(address: bigint, bytes: number): ArrayBuffer {
    return this.#ffi.toArrayBuffer(address, bytes, false);
  }

  callback(prototype: Prototype, handler: CallbackHandler): NativeCallback {
    const self = this.#self;
    // In a callback, node:ffi's bool is true or false; as a byte it is 0 or 1.
    const name = (type: Prototype['returns']): string => (type === 'bool' ? 'u8' : nameOf(type));
    const signature = { arguments: prototype.arguments.map(name), return: name(prototype.returns) };
    const address = self.registerCallback(signature, sizedHandler(prototype, handler));
    return { address, release: () => self.unregisterCallback(address) };
  }

  errno(): number {
    return this.#errno.last;
  }
}

/** Scalars have the names that node:ffi uses; its bool is a byte, 0 or 1, like ours. */
function nameOf(type: Prototype['returns']): string {
  return type === 'size' ? 'u64' : type;
}

interface Handle {
  readonly handle: DynamicLibrary;
  /** Symbols bound through it, with their signatures. */
  readonly signatures: Map<string, string>;
}

class NodeFfiLibrary implements EngineLibrary {
  readonly path: string;
  readonly #ffi: NodeFfi;
  readonly #errno: Errno;
  /** One handle for each prototype of a symbol: a handle binds a symbol with one signature only. */
  readonly #handles: Handle[] = [];

  constructor(ffi: NodeFfi, path: string, errno: Errno) {
    this.path = path;
    this.#ffi = ffi;
    this.#errno = errno;
    this.#add();
  }

  bind(symbol: string, given: FunctionPrototype): NativeFunction {
    const prototype = inScalars('node:ffi', symbol, given);
    const signature: Signature = {
      arguments: prototype.arguments.map(nameOf),
      return: nameOf(prototype.returns),
    };
    const key = JSON.stringify(signature);
    const fits =
      this.#handles.find(({ signatures }) => (signatures.get(symbol) ?? key) === key) ?? this.#add();
    try {
      fits.handle.getSymbol(symbol);
    } catch (error) {
      throw symbolNotFound(this.path, symbol, error);
    }
    fits.signatures.set(symbol, key);
    return withSizes(prototype, fits.handle.getFunction(symbol, signature));
  }

  bindErrno(symbol: string, prototype: FunctionPrototype): NativeFunction {
    return this.#errno.around(this.bind(symbol, prototype));
  }

  #add(): Handle {
    const added: Handle = {
      handle: new this.#ffi.DynamicLibrary(this.path === '' ? null : this.path),
      signatures: new Map<string, string>(),
    };
    this.#handles.push(added);
    return added;
  }
}

function requireNodeFfi(): NodeFfi {
  try {
    const builtin = process.getBuiltinModule?.('node:ffi') as unknown;
    return (builtin ?? requireInstalled('node:ffi')) as NodeFfi;
  } catch (cause) {
    throw missing(`This Node.js (${process.version}) has no node:ffi. `, cause);
  }
}

function missing(what: string, cause: unknown): EngineError {
  return new EngineError(
    `${what}The engine 'node' needs Node.js 26.1 or later, without --no-experimental-ffi, and --allow-ffi ` +
      `under the permission model. Alternatively, use engine 'auto'.`,
    { code: 'OFFTHREAD_ENGINE_MISSING', cause },
  );
}
