/** The functions a lane can call, by number: bound as libraries are announced. */
import type { EngineName } from '../src/declare/spec.js';
import { BoundFunction, type Frame } from '../src/engines/bound-function.js';
import type { Engine } from '../src/engines/engine.js';
import { loadEngine } from '../src/engines/load.js';
import type { LaneMemory } from '../src/shared/lane-memory.js';
import type { ToLane } from '../src/shared/messages.js';

export class FunctionTable {
  readonly #memory: LaneMemory;
  readonly #stackBytes: number;
  readonly #bound: (BoundFunction | undefined)[] = [];
  readonly #failures = new Map<number, unknown>();
  readonly #engines = new Map<EngineName, Engine>();
  #frame: Frame | undefined;

  constructor(memory: LaneMemory, stackBytes: number) {
    this.#memory = memory;
    this.#stackBytes = stackBytes;
  }

  /** Names of the engines in use. */
  get engines(): EngineName[] {
    return [...this.#engines.keys()];
  }

  /** Where this lane's memory is. Known once there is an engine to ask. */
  get frame(): Frame {
    if (this.#frame === undefined) throw new Error('no library has been opened in this lane');
    return this.#frame;
  }

  /** @throws what binding the function failed with, in this lane. */
  get(number: number): BoundFunction | undefined {
    const bound = this.#bound[number];
    if (bound === undefined && this.#failures.has(number)) throw this.#failures.get(number);
    return bound;
  }

  /** Binds a library's functions. A failure is kept for the calls that need it: nobody waits here. */
  add(library: Extract<ToLane, { kind: 'library' }>): void {
    for (const { number, spec } of library.functions) {
      try {
        const engine = this.#engine(library.engine);
        this.#bound[number] = new BoundFunction(engine, engine.open(library.path), spec);
      } catch (error) {
        this.#failures.set(number, error);
      }
    }
  }

  #engine(name: EngineName): Engine {
    let engine = this.#engines.get(name);
    if (engine === undefined) {
      engine = loadEngine(name, { role: 'lane', stackBytes: this.#stackBytes });
      this.#engines.set(name, engine);
    }
    this.#frame ??= { memory: this.#memory, base: engine.addressOf(new Uint8Array(this.#memory.buffer)) };
    return engine;
  }
}
