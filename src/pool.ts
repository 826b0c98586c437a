/**
 * The pool as users see it. What it is made of is behind {@link poolParts}: most of the code is loaded there, at the
 * pool's first use, after the first lane's thread has been started.
 */
import type { AnyDeclarations, Checked } from './declare/language/checked.js';
import type { ColumnsFor, OutFor } from './calls/columns/column-types.js';
import type { ColumnCall } from './calls/columns/map-columns.js';
import type { Library } from './calls/library/library.js';
import type { OpenOptions } from './calls/library/open-options.js';
import type { ItemOf, Items, MapResults } from './calls/map/map.js';
import type { NativeFunction } from './calls/native-function.js';
import type { Session } from './calls/sessions/session.js';
import { FirstThread } from './lanes/thread/first-thread.js';
import { Events, type Listener, type PoolEvents } from './observe/events.js';
import type { LaneActivity } from './observe/activity.js';
import type { ModuleOptions } from './modules/module-options.js';
import type { ModuleFunctions } from './modules/module-types.js';
import type { PoolStats } from './observe/stats.js';
import type { ColumnOptions } from './options/column-options.js';
import type { MapOptions } from './options/map-options.js';
import {
  type CloseOptions,
  type PoolOptions,
  type PoolSettings,
  closeTimeout,
  poolSettings,
} from './options/pool-options.js';
import { type SessionOptions, sessionSettings } from './calls/sessions/session-options.js';
import { type PoolParts, poolParts } from './pool-core.js';
import type { LaneReport } from './shared/messages/messages.js';
import { laneFile } from './shared/package-home.js';

/** Runs blocking native calls in a bounded number of lanes. Make one with {@link createPool}. */
export class Pool implements AsyncDisposable {
  readonly #settings: PoolSettings;
  readonly #events: Events = new Events();
  readonly #firstThread: FirstThread;
  #made: PoolParts | undefined;

  /** @throws ArgumentError naming the option that is wrong. */
  constructor(options?: PoolOptions) {
    const settings = poolSettings(options);
    // Before anything is started, in the call that creates the pool.
    laneFile(settings.laneFile);
    this.#settings = settings;
    this.#firstThread = new FirstThread(settings);
  }

  /** Prefix of the lanes' names. */
  get name(): string {
    return this.#settings.name;
  }

  /** Whether `close` or `destroy` has been called. */
  get closed(): boolean {
    return this.#made?.closed === true;
  }

  /**
   * Opens a shared library. Resolves once a lane is ready, so that a blocking call
   * may follow at once.
   *
   * A path names the file that exists now: a later change of the working directory, or of the file at that path, has no
   * effect on this library. A later `open` with the same path opens the file that exists then.
   *
   * @param path a path, a name that the system's loader finds (`libz.so.1`), or a file URL.
   * @param declarations the functions, in `node:ffi`'s shape: `{ arguments, return }`.
   * @throws (rejects) DeclarationError, ArgumentError; LibraryNotFoundError, SymbolNotFoundError;
   * EngineError when no engine serves the declarations or the file is not a library for this
   * machine; PoolClosedError.
   */
  async open<const D extends AnyDeclarations & Checked<D>>(
    path: string | URL,
    declarations: D,
    options?: OpenOptions,
  ): Promise<Library<D>> {
    // The thread starts while this one loads the rest of the code.
    if (this.#made === undefined) this.#firstThread.start();
    try {
      return await this.#parts.open<D>(path, declarations, options);
    } finally {
      // An `open` that fails before it starts lanes starts nothing.
      this.#firstThread.discard();
    }
  }

  /**
   * Leases a lane to a session, which is the only one to use it until it is closed: for libraries that keep state in a
   * thread, and for handles that several calls share. Waits for the next idle lane; starts the lanes if necessary.
   *
   * ```js
   * await using session = await pool.session();
   * const db = session.use(sqlite);
   * ```
   *
   * Sessions have at most `maxSessions` lanes at once; others wait for one of them to end.
   * @throws (rejects) ArgumentError naming the option that is wrong; SessionError (`OFFTHREAD_SESSION_TIMEOUT`) when no
   * lane becomes available in time; CallCancelledError when the signal aborts; QueueFullError when more than `maxQueue`
   * sessions wait; DeadlockError when a function that native code waits for would wait for ever; PoolClosedError;
   * EngineError, LaneStartError, LaneLostError or CrashLoopError when no lane can start.
   */
  async session(options?: SessionOptions): Promise<Session> {
    const settings = sessionSettings(options);
    // As for `open`.
    if (this.#made === undefined) this.#firstThread.start();
    try {
      return await this.#parts.session(settings);
    } finally {
      this.#firstThread.discard();
    }
  }

  /**
   * Loads a module of JavaScript, or an add-on, in every lane: each function that it exports becomes one whose calls run
   * in lanes, with all that native functions have. Resolves once a lane has loaded it, and has called its `setup`.
   *
   * Arguments and results are copied as by structured cloning; `transfer(value, list)` moves, shared memory is shared.
   * Functions among the arguments run on this thread. What a function throws becomes the `cause` of a ModuleError.
   *
   * @typeParam M the type of the module, as `typeof import('./work.js')`.
   * @param module a file URL, as in `new URL('./work.js', import.meta.url)`; a path, relative to the current directory;
   * the name of a package that is installed there, or of a module of Node.js.
   * @throws (rejects) ArgumentError; ModuleError when the module cannot be loaded, or its `setup` fails;
   * LaneCrashedError when it ends its lane; PoolClosedError.
   */
  async module<M extends object = Record<string, (...args: unknown[]) => unknown>>(
    module: string | URL,
    options?: ModuleOptions,
  ): Promise<ModuleFunctions<M>> {
    if (this.#made === undefined) this.#firstThread.start();
    try {
      return (await this.#parts.module(module, options)) as ModuleFunctions<M>;
    } finally {
      this.#firstThread.discard();
    }
  }

  /**
   * Calls a function once for each item: a native function, whose items are its arguments (an array of them, or the only
   * one), or a JavaScript function of an item and its index, sync or async.
   *
   * A JavaScript function also gets a signal, which aborts when the run ends early, with an error like that of the run
   * as its reason: pass the signal on to operations that can be stopped. The run waits for functions that are still running as
   * long as for native code (the pool's `grace`), and drops later results. A native call that the function returns is
   * cancelled without the signal.
   *
   * Items are pulled only as fast as they are processed and their results are read: never more than 4,096, and twice as
   * many as have been read, ahead of the reader (or `concurrency`, if that is more). Results are in the order of items.
   * An array of items is not copied: do not change it before the run has ended. `toArray()` is the fastest way to read
   * results, since `for await` uses a promise for each.
   * @throws ArgumentError for wrong options, items or functions.
   */
  map<A extends readonly unknown[], R>(
    fn: NativeFunction<A, R>,
    items: Items<ItemOf<A>>,
    options?: MapOptions<ItemOf<A>, R>,
  ): MapResults<R>;
  map<I, R>(
    fn: (item: I, index: number, signal: AbortSignal) => R | PromiseLike<R>,
    items: Items<I>,
    options?: MapOptions<I, R>,
  ): MapResults<R>;
  map(fn: unknown, items: unknown, options?: unknown): MapResults<unknown> {
    return this.#parts.map(fn, items, options);
  }

  /**
   * Calls a function that takes and returns numbers once for each item of columns: typed arrays, one for each
   * argument, in the order of its declaration. Lanes get ranges of items, and results are written to `out`.
   *
   * Each item runs at most once, and each lane runs one item at a time; a `timeout` of the function applies to each item.
   * Columns must not change before the run has ended. Columns over SharedArrayBuffers are not copied for thread lanes.
   *
   * @param out a typed array of the function's return type for the results. If omitted, a new one is made, over a
   * SharedArrayBuffer if a column is. With null, results are discarded.
   * @throws (rejects) ArgumentError, DeclarationError; ItemsError where an item ends the run; CallCancelledError;
   * PoolClosedError.
   */
  mapColumns<A extends readonly unknown[], R, C extends OutFor<R> | null>(
    fn: NativeFunction<A, R>,
    columns: ColumnsFor<A>,
    out: C,
    options?: ColumnOptions,
  ): ColumnCall<C>;
  mapColumns<A extends readonly unknown[], R>(
    fn: NativeFunction<A, R>,
    columns: ColumnsFor<A>,
    out?: undefined,
    options?: ColumnOptions,
  ): ColumnCall<OutFor<R>>;
  mapColumns<A extends readonly unknown[], R>(
    fn: NativeFunction<A, R>,
    columns: ColumnsFor<A>,
    out: OutFor<R> | null | undefined,
    options?: ColumnOptions,
  ): ColumnCall<OutFor<R> | null>;
  mapColumns(fn: unknown, columns: unknown, out?: unknown, options?: ColumnOptions): ColumnCall<never> {
    return this.#parts.mapColumns(fn, columns, out, options);
  }

  /** Current statistics. */
  stats(): PoolStats {
    return this.#parts.stats();
  }

  /** What each lane does now. Reads memory of the host only: lanes in native code need not answer. */
  activity(): LaneActivity[] {
    return this.#parts.activity();
  }

  /** Asks every lane for a report. A lane in native code answers when its call returns; a lost lane does not answer. */
  laneReports(): Promise<LaneReport[]> {
    return this.#parts.laneReports();
  }

  /** Resolves when no call is pending. The pool still accepts calls meanwhile. */
  drain(): Promise<void> {
    return this.#parts.drain();
  }

  /** Cancels every call that is queued or running, and every run over items. */
  cancelAll(reason?: unknown): void {
    this.#made?.cancelAll(reason);
  }

  /**
   * Accepts no more calls, lets accepted calls finish, waits until sessions are
   * closed, and ends the lanes. Calls that have not finished within the timeout
   * are cancelled, and given up after the pool's `grace`; sessions that are still
   * open end. Idempotent.
   * @throws (rejects) ArgumentError for wrong options; nothing else.
   */
  async close(options?: CloseOptions): Promise<void> {
    await this.#parts.close(closeTimeout(options));
  }

  /** Accepts no more calls, rejects accepted calls with a PoolClosedError, and ends the lanes. Threads that are stuck in native code are detached. */
  destroy(): Promise<void> {
    return this.#parts.destroy();
  }

  /** Closes the pool, as `close()` without options does: `await using pool = createPool()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Adds a listener. A listener that throws affects nothing else; see the `error` event.
   * @throws ArgumentError for an unknown event, or for a listener that is not a function.
   */
  on<E extends keyof PoolEvents>(event: E, listener: Listener<E>): this {
    this.#events.on(event, listener);
    return this;
  }

  /** Adds a listener that is called for the next event only. @throws ArgumentError for an unknown event. */
  once<E extends keyof PoolEvents>(event: E, listener: Listener<E>): this {
    this.#events.once(event, listener);
    return this;
  }

  /** Removes a listener; does nothing if it was not added. @throws ArgumentError for an unknown event. */
  off<E extends keyof PoolEvents>(event: E, listener: Listener<E>): this {
    this.#events.off(event, listener);
    return this;
  }

  get #parts(): PoolParts {
    this.#made ??= poolParts(this.#settings, this.#events, this.#firstThread);
    return this.#made;
  }
}

/**
 * Makes a pool.
 * @throws ArgumentError naming the option that is wrong; LaneStartError when offthread was bundled into one file and
 * the file that lanes run is not found.
 */
export function createPool(options?: PoolOptions): Pool {
  return new Pool(options);
}
