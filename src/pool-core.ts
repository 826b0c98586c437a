/**
 * What a pool is made of: admission, supervisor, dispatcher, counters. Made at its first use: in the package, this and
 * all that it needs is a file of its own, which is loaded while the first lane's thread starts (see `pool.ts`).
 */
import { Math, Promise, clearTimeout, setTimeout } from './builtins.js';
import { race } from './promises.js';
import type { AnyDeclarations } from './declare/language/checked.js';
import { DeclaredFunction } from './lanes/rows/declared-function.js';
import type { CompiledFunction } from './declare/compile/compile.js';
import type { EngineName } from './declare/spec.js';
import { C_LIBRARY } from './engines/engine.js';
import { CallCancelledError, ChannelClosedError, type OffthreadError, PoolClosedError } from './errors.js';
import { Admission } from './calls/admission/admission.js';
import { CallDispatcher } from './calls/dispatcher.js';
import type { Library } from './calls/library/library.js';
import { makeLibrary } from './calls/library/make-library.js';
import type { Session } from './calls/sessions/session.js';
import { makeSessions } from './calls/sessions/make-sessions.js';
import { type MapResults, map } from './calls/map/map.js';
import { type ColumnCall, mapColumns } from './calls/columns/map-columns.js';
import type { ColumnOptions } from './options/column-options.js';
import { LibraryVersions } from './calls/library/library-versions.js';
import { type OpenOptions, libraryPath, openSettings } from './calls/library/open-options.js';
import { openModule } from './modules/open-module.js';
import { type Opened, openInLane, openOnHost, prepareHost } from './calls/library/opening.js';
import type { ProbeOpen, ProbeOpened } from './lanes/lane.js';
import type { FirstThread } from './lanes/thread/first-thread.js';
import { Counters } from './observe/counters.js';
import type { Events } from './observe/events.js';
import type { LaneActivity } from './observe/activity.js';
import type { PoolStats } from './observe/stats.js';
import { laneActivity } from './lane-activity.js';
import { poolStats } from './pool-stats.js';
import { LONGEST_MS } from './options/checks.js';
import type { PoolSettings } from './options/pool-options.js';
import type { SessionSettings } from './calls/sessions/session-options.js';
import { currentLane } from './shared/lane-mark.js';
import type { LaneReport } from './shared/messages/messages.js';
import { type Call, reasonText } from './calls/call.js';
import { Supervisor } from './supervisor/supervisor.js';

/** The parts of a pool, as {@link Pool} uses them. Its members are those of the pool, without checks of options. */
export interface PoolParts {
  readonly closed: boolean;
  open<D extends AnyDeclarations>(
    path: string | URL,
    declarations: D,
    options?: OpenOptions,
  ): Promise<Library<D>>;
  session(settings: SessionSettings): Promise<Session>;
  module(given: unknown, options?: unknown): Promise<object>;
  map(fn: unknown, items: unknown, options?: unknown): MapResults<unknown>;
  mapColumns(fn: unknown, columns: unknown, out?: unknown, options?: ColumnOptions): ColumnCall<never>;
  stats(): PoolStats;
  activity(): LaneActivity[];
  laneReports(): Promise<LaneReport[]>;
  drain(): Promise<void>;
  cancelAll(reason?: unknown): void;
  /** @param timeout ms for accepted calls to finish. */
  close(timeout: number): Promise<void>;
  destroy(): Promise<void>;
}

class PoolCore implements PoolParts {
  readonly #settings: PoolSettings;
  readonly #counters: Counters = new Counters();
  readonly #events: Events;
  readonly #admission: Admission;
  readonly #supervisor: Supervisor;
  readonly #dispatcher: CallDispatcher;
  /** Names under which process lanes open libraries; thread lanes share those of the host. */
  readonly #libraryVersions: LibraryVersions = new LibraryVersions();
  /** Undefined until the first session. */
  #sessions: ReturnType<typeof makeSessions> | undefined;
  #functions = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: PoolSettings, events: Events, firstThread: FirstThread) {
    this.#settings = settings;
    this.#events = events;
    this.#admission = new Admission(settings, this.#counters, events);
    this.#supervisor = new Supervisor(settings, this.#admission, events, this.#counters, firstThread);
    this.#admission.connect(this.#supervisor);
    this.#dispatcher = new CallDispatcher(settings, this.#admission, this.#supervisor, (error) =>
      events.emit('error', error),
    );
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  async open<D extends AnyDeclarations>(
    path: string | URL,
    declarations: D,
    options?: OpenOptions,
  ): Promise<Library<D>> {
    this.#requireOpen();
    const given = libraryPath(path);
    const settings = openSettings(options);
    const number = (): number => this.#functions++;
    const startLanes = (engine: EngineName | null = null): void => this.#supervisor.startLanes(engine);
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

  async session(settings: SessionSettings): Promise<Session> {
    this.#requireOpen();
    this.#sessions ??= makeSessions({
      settings: this.#settings,
      events: this.#events,
      admission: this.#admission,
      supervisor: this.#supervisor,
      dispatcher: this.#dispatcher,
    });
    return await this.#sessions.session(settings);
  }

  module(given: unknown, options?: unknown): Promise<object> {
    return openModule(
      {
        dispatcher: this.#dispatcher,
        admission: this.#admission,
        number: () => this.#functions++,
        startLanes: () => {
          if (this.#settings.isolation === 'thread') prepareHost();
          this.#supervisor.startLanes();
        },
        probe: async (order) => {
          try {
            return await this.#supervisor.probeModule(order);
          } catch (error) {
            this.#requireOpen();
            throw error;
          }
        },
        announce: (module) => this.#supervisor.addModule(module),
        requireOpen: () => this.#requireOpen(),
      },
      given,
      options,
    );
  }

  map(fn: unknown, items: unknown, options?: unknown): MapResults<unknown> {
    return map(this.#dispatcher, fn, items, options);
  }

  mapColumns(fn: unknown, columns: unknown, out?: unknown, options?: ColumnOptions): ColumnCall<never> {
    return mapColumns(this.#dispatcher, fn, columns, out, options) as ColumnCall<never>;
  }

  stats(): PoolStats {
    const waiting = this.#sessions?.waiting ?? 0;
    return poolStats(this.#settings, this.#admission, this.#supervisor, this.#events.errors, waiting);
  }

  activity(): LaneActivity[] {
    return laneActivity(this.#supervisor.lanes);
  }

  laneReports(): Promise<LaneReport[]> {
    return this.#supervisor.reports();
  }

  drain(): Promise<void> {
    return this.#admission.drain();
  }

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

  close(timeout: number): Promise<void> {
    this.#closing ??= this.#close(timeout);
    return this.#closing;
  }

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

  #requireOpen(): void {
    if (this.#closing !== undefined) throw this.#closedError();
  }

  #closedError(symbol?: string, call?: number): PoolClosedError {
    return new PoolClosedError(
      `${symbol === undefined ? 'Nothing was opened' : `${symbol} was not called`}: the pool '${this.#settings.name}' is closed. ` +
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
    this.#sessions?.close(() => this.#closedError());
  }

  async #close(timeout: number): Promise<void> {
    this.#refuseCalls();
    const sessions = this.#sessions?.open.size ?? 0;
    if (timeout > 0 && this.#counters.pending + sessions > 0) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.min(timeout, LONGEST_MS));
      });
      // Sessions first: they may make calls until they are closed.
      await race([this.#finished(), late]);
      clearTimeout(timer);
    }
    await this.#end(this.#settings.grace);
  }

  /** Resolves when the sessions have ended, and no call is pending. */
  async #finished(): Promise<void> {
    await this.#sessions?.ends();
    await this.drain();
  }

  /** Cancels pending calls, waits for them (without a grace period, gives them up), and ends the lanes. */
  async #end(grace: number): Promise<void> {
    // A run whose items are all over ends by itself.
    if (this.#counters.pending === 0) this.#sessions?.stop((symbol) => this.#closedError(symbol));
    else {
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
          `${call.fn.name} was ended while it communicated with the host: its pool '${this.#settings.name}' was closed before the call had finished.`,
          context,
        );
      }
      return new PoolClosedError(
        `${call.fn.name} was ended: its pool '${this.#settings.name}' was closed before the call had finished.`,
        context,
      );
    };
    this.#stopRuns();
    this.#admission.cancelAll(error);
    this.#sessions?.stop((symbol) => this.#closedError(symbol));
  }

  #stopRuns(): void {
    this.#dispatcher.runs.stop((symbol) => this.#closedError(symbol));
  }
}

/** @param firstThread becomes the thread of the first lane, if it has been started. */
export function poolParts(settings: PoolSettings, events: Events, firstThread: FirstThread): PoolParts {
  return new PoolCore(settings, events, firstThread);
}
