/** The system's dynamic loader, called through an engine, for options that no engine offers. */
import type { Engine, NativeFunction } from '../engine.js';
import { LIBC } from '../system/libc.js';
import { type NativeMemory, nativeMemory } from '../system/native-memory.js';

const MAC = process.platform === 'darwin';

/** `RTLD_NOW`: all symbols are bound at once, so a missing symbol is reported when the library is opened. */
const NOW = 2;
/** Opens only libraries that are already loaded. */
const NO_LOAD = MAC ? 0x10 : 4;
const GLOBAL = MAC ? 8 : 0x100;
const DEEP = 8;
/**
 * A function that every replacement of malloc has. `malloc` itself does not serve: a program linked to a fixed address
 * has its own address for it.
 */
const MALLOC = 'malloc_usable_size';
/** The handle with which `dlsym` searches everywhere. */
const EVERYWHERE = 0n;

export class DynamicLoader {
  readonly #engine: Engine;
  readonly #dlopen: NativeFunction;
  readonly #dlsym: NativeFunction;
  readonly #dlclose: NativeFunction;
  readonly #dlerror: NativeFunction;
  readonly #memory: NativeMemory;

  constructor(engine: Engine) {
    const libc = engine.libc();
    this.#engine = engine;
    this.#dlopen = libc.bind('dlopen', LIBC.dlopen);
    this.#dlsym = libc.bind('dlsym', LIBC.dlsym);
    this.#dlclose = libc.bind('dlclose', LIBC.dlclose);
    this.#dlerror = libc.bind('dlerror', LIBC.dlerror);
    // Created now: a later symbol lookup would clear the loader's last error message.
    this.#memory = nativeMemory(engine);
  }

  /** Loads a library, until `unload`. @returns its handle, or the message of the loader if it failed. */
  load(name: string, options: { readonly global: boolean; readonly deep: boolean }): bigint | string {
    const flags = NOW | (options.global ? GLOBAL : 0) | (options.deep ? DEEP : 0);
    const handle = this.#open(name, flags);
    return handle === 0n ? this.#said() : handle;
  }

  /** Closes a handle from `load`. @returns whether the name is free again: some libraries cannot be unloaded. */
  unload(name: string, handle: bigint): boolean {
    this.#dlclose(handle);
    return this.find(name) === 0n;
  }

  /** The handle of a loaded library; 0n if it is not loaded. The library stays loaded. */
  find(name: string): bigint {
    return this.#open(name, NOW | NO_LOAD);
  }

  /**
   * The file of a loaded library, as the loader names it: what a name such as `libz.so.1` means here. Null if the library is
   * not loaded, or the loader does not tell.
   */
  fileOf(name: string): string | null {
    const handle = process.platform === 'linux' ? this.find(name) : 0n;
    if (handle === 0n) return null;
    // In glibc and musl, a handle is the address of the entry in the loader's list: an address, then the file's name.
    const [, path = 0n] = this.#memory.pointers(handle, 2);
    return path === 0n || path === 0 ? null : this.#text(path);
  }

  /** Whether a library's own symbols can take precedence over the program's: only with glibc. */
  get bindsDeep(): boolean {
    return process.platform === 'linux' && this.#symbol(EVERYWHERE, 'gnu_get_libc_version') !== 0n;
  }

  /** Whether `malloc` is that of the C library, and not a replacement with which the program was started. */
  get ownMalloc(): boolean {
    const libc = this.find('libc.so.6');
    return libc !== 0n && this.#symbol(EVERYWHERE, MALLOC) === this.#symbol(libc, MALLOC);
  }

  #open(name: string, flags: number): bigint {
    const text = Buffer.from(`${name}\0`);
    return this.#dlopen(this.#engine.addressOf(text), flags) as bigint;
  }

  #symbol(handle: bigint, name: string): bigint {
    const text = Buffer.from(`${name}\0`);
    return this.#dlsym(handle, this.#engine.addressOf(text)) as bigint;
  }

  #said(): string {
    const text = this.#dlerror() as bigint;
    return text === 0n ? 'dlopen reported no reason' : this.#text(text);
  }

  #text(address: number | bigint): string {
    const copy = Buffer.alloc(this.#memory.lengthOf(address));
    if (copy.length > 0) this.#memory.copy(this.#engine.addressOf(copy), 0, address, copy.length);
    return copy.toString();
  }
}

/** One per environment and engine: binding is not free. */
const loaders = new WeakMap<Engine, DynamicLoader>();

/** The loader as an engine calls it. */
export function dynamicLoader(engine: Engine): DynamicLoader {
  let loader = loaders.get(engine);
  if (loader === undefined) {
    loader = new DynamicLoader(engine);
    loaders.set(engine, loader);
  }
  return loader;
}
