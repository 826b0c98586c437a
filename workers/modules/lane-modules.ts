/**
 * The modules of a lane.
 *
 *   ordered ──► loading ──► set up ──► serving ──► torn down
 *                  └───────────┴─────► failed: the host is told, if it asked; otherwise the lane ends
 *
 * Guarantees:
 * - A module is loaded once in a lane, and its `setup` is called once.
 * - No function of a module is called before its module is set up.
 */
import { Atomics, Promise, clearTimeout, setImmediate, setTimeout } from '../../src/builtins.js';
import { allSettled, race } from '../../src/promises.js';
import {
  type LoadedModule,
  type ModuleAnswer,
  type ModuleOrder,
  type ModuleStage,
  type NumberedExport,
  nameOfPlace,
} from '../../src/shared/messages/module-messages.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { Header } from '../../src/shared/memory/layout.js';
import { watchAddons } from './addons.js';
import { offerLane } from './lane-interface-here.js';
import { type ExportedFunction, type ModuleExports, isGenerator, loadModule } from './load-module.js';
import { thrownData } from '../../src/shared/messages/thrown-data.js';

/** A function of a module, as rows call it. */
export interface ModuleFunction extends ExportedFunction {
  readonly name: string;
  /** A `ModuleMode`. */
  readonly mode: number;
}

interface Serving {
  readonly order: ModuleOrder;
  readonly exports: ModuleExports;
}

/** A failure, with what has failed. */
class StageError extends Error {
  readonly stage: ModuleStage;

  constructor(stage: ModuleStage, cause: unknown) {
    super(`the module's ${stage} failed`, { cause });
    this.stage = stage;
  }
}

export class LaneModules {
  readonly #loaded = new Map<number, Promise<Serving>>();
  readonly #functions: (ModuleFunction | undefined)[] = [];
  readonly #memory: LaneMemory;
  readonly #name: string;
  /** Files of the add-ons that this thread has loaded. */
  readonly addons: readonly string[];
  #loading = 0;
  #usesLane = false;

  /** @param name that of the lane. */
  constructor(memory: LaneMemory, name: string) {
    this.#memory = memory;
    this.#name = name;
    this.addons = watchAddons(memory);
    offerLane(name, () => {
      this.#usesLane = true;
    });
  }

  /** Whether a module is being loaded, whose functions may be called. */
  get loading(): boolean {
    return this.#loading > 0;
  }

  /** The function of a number, if its module is set up. */
  find(number: number): ModuleFunction | undefined {
    return this.#functions[number];
  }

  /** Loads a module for the host, which waits for the answer. Never rejects. */
  async load(order: ModuleOrder): Promise<ModuleAnswer> {
    try {
      const { exports } = await this.#serving(order);
      return { loaded: this.#described(exports) };
    } catch (error) {
      return error instanceof StageError
        ? { failed: error.stage, error: thrownData(error.cause) }
        : { failed: 'load', error: thrownData(error) };
    }
  }

  /** Functions that rows may call from now on. Their module is loaded if it is not. A failure ends the lane. */
  add(order: ModuleOrder, functions: readonly NumberedExport[]): void {
    this.#load(1);
    void this.#bind(order, functions);
  }

  /** Resolves once all modules that were ordered are set up. */
  async settled(): Promise<void> {
    await allSettled([...this.#loaded.values()]);
  }

  /** Calls the `teardown` of every module, before the lane ends. Their failures are of no use to anybody. */
  async tearDown(): Promise<void> {
    const serving = await allSettled([...this.#loaded.values()]);
    this.#loaded.clear();
    for (const one of serving) {
      if (one.status !== 'fulfilled') continue;
      const { order, exports } = one.value;
      const found = order.teardown === null ? undefined : exports.functions.get(order.teardown);
      if (found === undefined) continue;
      try {
        await within(order.limitMs, async () => await Reflect.apply(found.fn, found.receiver, []));
      } catch {
        // The lane ends in any case.
      }
    }
  }

  async #bind(order: ModuleOrder, functions: readonly NumberedExport[]): Promise<void> {
    try {
      const { exports } = await this.#serving(order);
      for (const { number, name, mode } of functions) {
        const found = exports.functions.get(name);
        if (found === undefined) throw new Error(`the module no longer exports the function ${name}`);
        this.#functions[number] = { ...found, name, mode };
      }
      this.#load(-1);
    } catch (error) {
      // Uncaught: it ends the lane, and the host learns of it.
      setImmediate(() => {
        throw lateFailure(order, error, this.addons);
      });
    }
  }

  #load(more: number): void {
    this.#loading += more;
    Atomics.store(this.#memory.i32, Header.MODULES_LOADING, this.#loading);
  }

  #serving(order: ModuleOrder): Promise<Serving> {
    const known = this.#loaded.get(order.id);
    if (known !== undefined) return known;
    const serving = within(order.limitMs, () => this.#start(order));
    this.#loaded.set(order.id, serving);
    return serving;
  }

  async #start(order: ModuleOrder): Promise<Serving> {
    const exports = await loadModule(order.place);
    const { setup } = order;
    if (setup !== null) {
      const found = exports.functions.get(setup);
      if (found === undefined) {
        throw new StageError('setup', new TypeError(`the module exports no function ${setup}`));
      }
      const context = { lane: this.#name, data: order.data };
      try {
        await Reflect.apply(found.fn, found.receiver, [context]);
      } catch (error) {
        throw new StageError('setup', error);
      }
    }
    return { order, exports };
  }

  #described({ functions, others }: ModuleExports): LoadedModule {
    return {
      exports: Array.from(functions, ([name, { fn }]) => ({
        name,
        kind: isGenerator(fn) ? 'generator' : 'function',
      })),
      others,
      usesLane: this.#usesLane,
    };
  }
}

/** @throws (rejects) StageError when the time is over. */
async function within<T>(limitMs: number, run: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (limitMs === Infinity) return;
    timer = setTimeout(
      () => reject(new StageError('time', new Error(`it took longer than ${limitMs} ms`))),
      limitMs,
    );
  });
  try {
    return await race([run(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The error that ends a lane in which a module fails that another lane has loaded. */
function lateFailure({ place }: ModuleOrder, error: unknown, addons: readonly string[]): Error {
  const cause = error instanceof StageError ? error.cause : error;
  const what = nameOfPlace(place);
  const message = cause instanceof Error ? cause.message : String(cause);
  const advice =
    addons.length === 0
      ? ''
      : ` It has loaded an add-on (${addons.at(-1)}): many cannot be loaded into several threads. Run 'offthread doctor ${what}', or use isolation: 'process'.`;
  return new Error(
    `the module ${what} was loaded in another lane, but not in this one: ${message}.${advice}`,
    { cause },
  );
}
