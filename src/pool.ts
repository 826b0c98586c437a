/** The pool: connects admission, supervisor, counters and events. */
import { Math, Promise, clearTimeout, setTimeout } from './builtins.js';
import { race } from './promises.js';
import type { AnyDeclarations, Checked } from './declare/language/checked.js';
import { DeclaredFunction } from './lanes/rows/declared-function.js';
import type { CompiledFunction } from './declare/compile/compile.js';
import type { EngineName } from './declare/spec.js';
import { C_LIBRARY } from './engines/engine.js';
import { CallCancelledError, ChannelClosedError, type OffthreadError, PoolClosedError } from './errors.js';
import { Admission } from './calls/admission/admission.js';
import { CallDispatcher } from './calls/dispatcher.js';
import type { Library } from './calls/library/library.js';
import { makeLibrary } from './calls/library/make-library.js';
import { type ItemOf, type Items, type MapResults, map } from './calls/map/map.js';
import type { NativeFunction } from './calls/native-function.js';
import type { MapOptions } from './options/map-options.js';
import type { ColumnsFor, OutFor } from './calls/columns/column-types.js';
import { type ColumnCall, mapColumns } from './calls/columns/map-columns.js';
import type { ColumnOptions } from './options/column-options.js';
import { LibraryVersions } from './calls/library/library-versions.js';
import { type OpenOptions, libraryPath, openSettings } from './calls/library/open-options.js';
import { type Opened, openInLane, openOnHost } from './calls/library/opening.js';
import type { ProbeOpen, ProbeOpened } from './lanes/lane.js';
import { Counters } from './observe/counters.js';
import { Events, type Listener, type PoolEvents } from './observe/events.js';
import type { LaneActivity } from './observe/activity.js';
import type { PoolStats } from './observe/stats.js';
import { laneActivity } from './lane-activity.js';
import { poolStats } from './pool-stats.js';
import { LONGEST_MS } from './options/checks.js';
import { type PoolOptions, type PoolSettings, closeTimeout, poolSettings } from './options/pool-options.js';
import { currentLane } from './shared/lane-mark.js';
import type { LaneReport } from './shared/messages/messages.js';
import { type Call, reasonText } from './calls/call.js';
import { Supervisor } from './supervisor/supervisor.js';

/** Options of `pool.close`. */
export interface CloseOptions {
  /** ms for accepted calls to finish before they are cancelled. Default 30,000; 0 cancels at once. */
  readonly timeout?: number;
}

/** Runs blocking native calls in a bounded number of lanes. Make one with {@link createPool}. */
export class Pool implements AsyncDisposable {
  readonly #settings: PoolSettings;
  readonly #counters: Counters = new Counters();
  readonly #events: Events = new Events();
  readonly #admission: Admission;
  readonly #supervisor: Supervisor;
  readonly #dispatcher: CallDispatcher;
  /** Names under which process lanes open libraries; thread lanes share those of the host. */
  readonly #libraryVersions: LibraryVersions = new LibraryVersions();
  #functions = 0;
  #closing: Promise<void> | undefined;

  /** @throws ArgumentError naming the option that is wrong. */
  constructor(options?: PoolOptions) {
    const settings = poolSettings(options);
    this.#settings = settings;
    this.#admission = new Admission(settings, this.#counters, this.#events);
    this.#supervisor = new Supervisor(settings, this.#admission, this.#events, this.#counters);
    this.#admission.connect(this.#supervisor);
    this.#dispatcher = new CallDispatcher(settings, this.#admission, this.#supervisor, (error) =>
      this.#events.emit('error', error),
    );
  }

  /** Prefix of the lanes' names. */
  get name(): string {
    return this.#settings.name;
  }

  /** Whether `close` or `destroy` has been called. */
  get closed(): boolean {
    return this.#closing !== undefined;
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
    this.#requireOpen();
    const given = libraryPath(path);
    const settings = openSettings(options);
    const number = (): number => this.#functions++;
    const startLanes = (): void => this.#supervisor.startLanes();
    const opened =
      this.#settings.isolation === 'thread'
        ? await openOnHost(given, declarations, settings, number, startLanes)
        : await openInLane(given, declarations, settings, number, {
            names: this.#libraryVersions,
            libraryPath: this.#settings.env['LD_LIBRARY_PATH'] ?? '',
            startLanes,
            probeOpen: (library) => this.#probeOpen(library),
          });
    this.#requireOpen();
    const { path: where, file, engine, functions } = opened;
    await this.#tellLanes(opened);
    const announce = (compiled: readonly CompiledFunction[]): readonly DeclaredFunction[] =>
      this.#announceOwn(engine, compiled);
    return makeLibrary<D>(
      { path: where, file, engine },
      functions,
      this.#dispatcher,
      this.#admission,
      announce,
    );
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
    return map(this.#dispatcher, fn, items, options);
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
    return mapColumns(this.#dispatcher, fn, columns, out, options) as ColumnCall<never>;
  }

  /** Current statistics. */
  stats(): PoolStats {
    return poolStats(this.#settings, this.#admission, this.#supervisor, this.#events.errors);
  }

  /** What each lane does now. Reads memory of the host only: lanes in native code need not answer. */
  activity(): LaneActivity[] {
    return laneActivity(this.#supervisor.lanes);
  }

  /** Asks every lane for a report. A lane in native code answers when its call returns; a lost lane does not answer. */
  laneReports(): Promise<LaneReport[]> {
    return this.#supervisor.reports();
  }

  /** Resolves when no call is pending. The pool still accepts calls meanwhile. */
  drain(): Promise<void> {
    return this.#admission.drain();
  }

  /** Cancels every call that is queued or running, and every run over items. */
  cancelAll(reason?: unknown): void {
    this.#dispatcher.runs.cancel(reason);
    const why = reasonText(reason) || 'all calls of its pool were cancelled';
    this.#admission.cancelAll(
      (call) =>
        new CallCancelledError(`${call.fn.name} was cancelled: ${why}.`, {
          call: call.id,
          symbol: call.fn.name,
          cause: reason,
        }),
    );
  }

  /**
   * Accepts no more calls, lets accepted calls finish, and ends the lanes. Calls
   * that have not finished within the timeout are cancelled, and given up after
   * the pool's `grace`. Idempotent.
   * @throws (rejects) ArgumentError for wrong options; nothing else.
   */
  async close(options?: CloseOptions): Promise<void> {
    const timeout = closeTimeout(options);
    this.#closing ??= this.#close(timeout);
    await this.#closing;
  }

  /** Accepts no more calls, rejects accepted calls with a PoolClosedError, and ends the lanes. Threads that are stuck in native code are detached. */
  destroy(): Promise<void> {
    if (this.#closing === undefined) {
      this.#refuseCalls();
      this.#stopRuns();
      this.#closing = this.#end(0);
    } else {
      // A close in progress stops waiting.
      this.#abortAll();
      this.#supervisor.giveUpAll();
    }
    return this.#closing;
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

  #requireOpen(): void {
    if (this.#closing !== undefined) throw this.#closedError();
  }

  #closedError(symbol?: string, call?: number): PoolClosedError {
    return new PoolClosedError(
      `${symbol === undefined ? 'Nothing was opened' : `${symbol} was not called`}: the pool '${this.name}' is closed. ` +
        'Close a pool only after its last call, or create a new pool.',
      { symbol, call },
    );
  }

  async #probeOpen(library: ProbeOpen): Promise<ProbeOpened> {
    try {
      return await this.#supervisor.probeOpen(library);
    } catch (error) {
      // A pool that was closed meanwhile has ended the lane.
      this.#requireOpen();
      throw error;
    }
  }

  /** Announces functions of the C library, which every lane has. */
  #announceOwn(engine: EngineName, compiled: readonly CompiledFunction[]): readonly DeclaredFunction[] {
    const functions = compiled.map(
      (one) => new DeclaredFunction(this.#functions++, one, engine, C_LIBRARY, null),
    );
    this.#announce({ name: C_LIBRARY, engine, terms: null, functions });
    return functions;
  }

  #announce({
    name,
    engine,
    terms,
    functions,
  }: Pick<Opened, 'name' | 'engine' | 'terms' | 'functions'>): void {
    const numbered = functions.map(({ number, compiled }) => ({ number, spec: compiled.spec }));
    this.#supervisor.addLibrary({ kind: 'library', path: name, engine, terms, functions: numbered });
  }

  /** Announces the functions to the lanes, and waits for a ready lane, except in a lane, where blocking calls run in place. */
  async #tellLanes(opened: Opened): Promise<void> {
    if (opened.functions.length === 0) return;
    this.#announce(opened);
    if (currentLane() === undefined) await this.#supervisor.supply.ready();
  }

  #refuseCalls(): void {
    const error = (symbol: string): PoolClosedError => this.#closedError(symbol);
    this.#admission.close(error);
    this.#dispatcher.runs.close(error);
  }

  async #close(timeout: number): Promise<void> {
    this.#refuseCalls();
    if (timeout > 0 && this.#counters.pending > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.min(timeout, LONGEST_MS));
      });
      await race([this.drain(), late]);
      clearTimeout(timer);
    }
    await this.#end(this.#settings.grace);
  }

  /** Cancels pending calls, waits for them (without a grace period, gives them up), and ends the lanes. */
  async #end(grace: number): Promise<void> {
    if (this.#counters.pending > 0) {
      this.#abortAll();
      if (grace > 0) await this.drain();
      else this.#supervisor.giveUpAll();
    }
    await this.#supervisor.end(() => this.#closedError());
  }

  #abortAll(): void {
    const error = (call: Call): OffthreadError => {
      const context = { call: call.id, symbol: call.fn.name };
      if (this.#supervisor.callbacks.isCallingBack(call) || call.awaitsReader) {
        return new ChannelClosedError(
          `${call.fn.name} was ended while it communicated with the host: its pool '${this.name}' was closed before the call had finished.`,
          context,
        );
      }
      return new PoolClosedError(
        `${call.fn.name} was ended: its pool '${this.name}' was closed before the call had finished.`,
        context,
      );
    };
    this.#stopRuns();
    this.#admission.cancelAll(error);
  }

  #stopRuns(): void {
    this.#dispatcher.runs.stop((symbol) => this.#closedError(symbol));
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
