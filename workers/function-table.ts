/** The functions that a lane can call, by number. They are bound when their library is announced. */
import type { EngineName, FunctionSpec } from '../src/declare/spec.js';
import { BoundFunction, bindAll } from '../src/engines/bound-function.js';
import type { Engine, EngineLibrary } from '../src/engines/engine.js';
import type { Frame } from '../src/engines/frame.js';
import { loadEngine } from '../src/engines/load-engine.js';
import { loadedFile, openOn } from '../src/engines/loading/load-library.js';
import { bindHelper } from '../src/engines/prototypes.js';
import { nativeMemory } from '../src/engines/system/native-memory.js';
import type { LaneMemory } from '../src/shared/memory/lane-memory.js';
import type { LaneSettings, ToLane } from '../src/shared/messages/messages.js';
import { planPayload } from '../src/shared/memory/payload.js';
import { LaneCallbacks } from './channel/callbacks.js';
import { ChannelEnds } from './channel/channel-ends.js';
import { ChannelWriter } from './channel/channel-writer.js';
import { loadingEngine } from './modules/addons.js';
import type { LaneLink } from './lane-link.js';

/** A function that can be called, and the memory for its calls. */
export interface Callable {
  readonly bound: BoundFunction;
  readonly frame: Frame;
}

export class FunctionTable {
  readonly #memory: LaneMemory;
  readonly #stackBytes: number;
  readonly #spinUs: number;
  readonly #link: LaneLink;
  readonly #callables: (Callable | undefined)[] = [];
  readonly #failures = new Map<number, unknown>();
  readonly #engines = new Map<EngineName, Engine>();
  readonly #callbacks = new Map<Engine, LaneCallbacks>();
  #ends: ChannelEnds | null = null;
  #writer: ChannelWriter | null = null;
  /** Native address of the lane's memory. */
  #base: bigint | undefined;

  constructor(memory: LaneMemory, { stackBytes, spinUs }: LaneSettings, link: LaneLink) {
    this.#memory = memory;
    this.#stackBytes = stackBytes;
    this.#spinUs = spinUs;
    this.#link = link;
  }

  /** Names of the engines in use. */
  get engines(): EngineName[] {
    return [...this.#engines.keys()];
  }

  /** This lane's end of its channel; null while no function of it has callbacks. */
  get writer(): ChannelWriter | null {
    return this.#writer;
  }

  /** This lane's ends of its channel. */
  get ends(): ChannelEnds {
    this.#ends ??= new ChannelEnds(this.#memory, this.#link, this.#spinUs);
    return this.#ends;
  }

  /** Whether a function has been bound, or binding has failed. */
  knows(number: number): boolean {
    return this.#callables[number] !== undefined || this.#failures.has(number);
  }

  /** @throws the error of binding the function in this lane. */
  get(number: number): Callable | undefined {
    const callable = this.#callables[number];
    if (callable === undefined && this.#failures.has(number)) throw this.#failures.get(number);
    return callable;
  }

  /**
   * Binds a library's functions. A failure is stored for the calls that need the function, because no caller waits
   * here.
   */
  add({ engine: name, path, terms, functions }: Extract<ToLane, { kind: 'library' }>): void {
    if (functions.length === 0) return;
    try {
      const engine = this.#engine(name);
      const opened = openOn(engine, path, terms);
      for (const { number, spec } of functions) this.#bind(number, spec, engine, opened);
    } catch (error) {
      for (const { number } of functions) this.#failures.set(number, error);
    }
  }

  /** Loads an engine before a library needs it. A failure is that of the library, if it comes. */
  prepare(name: EngineName): void {
    try {
      this.#engine(name);
    } catch {
      // The application may not have this engine.
    }
  }

  #bind(number: number, spec: FunctionSpec, engine: Engine, library: EngineLibrary): void {
    try {
      const bound = new BoundFunction(engine, library, spec);
      // For the interrupt thread, which on some engines may not look up symbols itself.
      if (spec.onCancel !== null) bindHelper(library, spec, spec.onCancel);
      this.#callables[number] = { bound, frame: this.#frame(engine, spec) };
    } catch (error) {
      this.#failures.set(number, error);
    }
  }

  /**
   * Opens a library and finds every symbol that its functions need.
   * @returns the file of the library, where the loader tells.
   * @throws the error of opening or binding.
   */
  probeOpen({ engine: name, path, terms, specs }: Extract<ToLane, { kind: 'try' }>): string | null {
    const engine = this.#engine(name);
    bindAll(engine, openOn(engine, path, terms), specs);
    return loadedFile(engine, path);
  }

  /** A persistent callback has been closed. */
  closeCallback(id: number): void {
    for (const callbacks of this.#callbacks.values()) callbacks.close(id);
  }

  /** Whether a thread that native code created has called back. */
  get threaded(): boolean {
    return this.#writer?.threaded === true;
  }

  /** Whether native code may call back while no call runs. */
  get lastingCallbacks(): boolean {
    return [...this.#callbacks.values()].some(({ lasting }) => lasting);
  }

  /** Releases every callback, because this thread is ending; unless a thread of native code has called one. */
  releaseCallbacks(): void {
    for (const callbacks of this.#callbacks.values()) callbacks.release();
  }

  #engine(name: EngineName): Engine {
    let engine = this.#engines.get(name);
    if (engine === undefined) {
      engine = loadingEngine(() => loadEngine(name, { role: 'lane', stackBytes: this.#stackBytes }));
      this.#engines.set(name, engine);
    }
    return engine;
  }

  #frame(engine: Engine, spec: FunctionSpec): Frame {
    // Computed once: on some engines an address costs more than a call.
    this.#base ??= engine.addressOf(new Uint8Array(this.#memory.buffer));
    const base = this.#base;
    const callbacks = planPayload(spec).hasCallbacks ? this.#callbacksOf(engine, base) : null;
    return { memory: this.#memory, base, callbacks, live: () => this.#link.liveAddress() };
  }

  #callbacksOf(engine: Engine, base: bigint): LaneCallbacks {
    let callbacks = this.#callbacks.get(engine);
    if (callbacks === undefined) {
      const memory = nativeMemory(engine);
      this.#writer ??= new ChannelWriter(
        this.#memory,
        {
          base: memory.form(base),
          ring: () => this.#link.ring(),
          wait: (index, seen, ms) => this.#link.wait(index, seen, ms),
          post: (chunk, payload) => this.#link.post({ kind: 'record', chunk, payload }, [payload]),
          sharesAddresses: this.#link.sharesAddresses,
          addressOf: (buffer) => memory.form(engine.addressOf(new Uint8Array(buffer))),
        },
        this.ends,
      );
      callbacks = new LaneCallbacks(engine, this.#writer);
      this.#callbacks.set(engine, callbacks);
    }
    return callbacks;
  }
}
