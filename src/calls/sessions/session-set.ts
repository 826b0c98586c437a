/**
 * The sessions of a pool: those that wait for a lane, and those that have one.
 *
 *   requested ──► waiting ──► open ──► …                 see `open-session.ts`
 *       └────────────┴──► refused: aborted, timeout, too many wait, no lane, closed pool, deadlock
 *
 * A session waits in a line of its own, sorted by priority and age. `PendingCalls` asks for each queued call whether it
 * may be dispatched: not while a session that comes before it waits for an idle lane. So a session gets the next idle
 * lane in its turn, and neither a stream of short calls nor a full queue keeps it waiting.
 *
 * Guarantee: never more lanes than `maxSessions` are leased, and a session that waits for another session to end holds up no
 * call.
 */
import { all } from '../../promises.js';
import type { OffthreadError } from '../../errors.js';
import type { Events } from '../../observe/events.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { SessionSettings } from './session-options.js';
import { abortReason, hasAborted } from '../../options/signal-state.js';
import type { JobLane } from '../../supervisor/job.js';
import type { Supervisor } from '../../supervisor/supervisor.js';
import type { Admission } from '../admission/admission.js';
import type { Call } from '../call.js';
import type { CallDispatcher } from '../dispatcher.js';
import { linkSignal, unlinkSignal } from '../signals.js';
import { LaneRequest, type RequestOwner } from './lane-request.js';
import { OpenSession, type SessionOwner } from './open-session.js';
import type { PoolSessions } from './pool-sessions.js';
import { addressesGiven, foreignPointer } from './returned-pointers.js';
import type { Session } from './session.js';
import { SessionHandle } from './session-handle.js';
import { type LaneShortage, cancelledWait, leakedSession, noLane, tooManyWait } from './session-errors.js';

export interface SessionSetParts {
  readonly settings: PoolSettings;
  readonly events: Events;
  readonly admission: Admission;
  readonly supervisor: Supervisor;
  readonly dispatcher: CallDispatcher;
}

export class SessionSet implements PoolSessions, SessionOwner, RequestOwner {
  readonly open: Set<OpenSession> = new Set<OpenSession>();
  readonly #parts: SessionSetParts;
  /** In the order of their turns. */
  readonly #requests: LaneRequest[] = [];
  readonly #signals = new Map<OpenSession, AbortSignal>();
  readonly #ends = new Map<OpenSession, Promise<void>>();
  /** Sessions whose object has been collected. */
  readonly #leaks = new FinalizationRegistry<OpenSession>((session) => {
    if (session.closed) return;
    this.#parts.events.emit('error', leakedSession(session.lane.name));
    session.leaked();
  });

  constructor(parts: SessionSetParts) {
    this.#parts = parts;
  }

  /** Number of sessions that wait for a lane. */
  get waiting(): number {
    return this.#requests.length;
  }

  get waits(): boolean {
    return this.#requests.length > 0;
  }

  get awaitsIdle(): boolean {
    return this.#requests.length > 0 && this.#parts.supervisor.leases.mayTake;
  }

  /**
   * Leases a lane to a new session.
   * @throws (rejects) SessionError after the timeout; CallCancelledError; QueueFullError; DeadlockError; EngineError, or the
   * reason why no lane can start.
   */
  async session(settings: SessionSettings): Promise<Session> {
    const { admission, supervisor, dispatcher } = this.#parts;
    const { signal } = settings;
    if (signal !== undefined && hasAborted(signal)) throw cancelledWait(abortReason(signal));
    supervisor.startLanes();
    const request = new LaneRequest(settings, this);
    this.#insert(request);
    admission.beginWait(request);
    // Calls written ahead wait in lanes that would be idle before them.
    supervisor.takeBackAhead();
    supervisor.supply.want();
    // The pump looks at the requests: whether a lane is idle, and whether one will ever be.
    admission.pump();
    const { maxQueue } = this.#parts.settings;
    if (this.#requests.length > maxQueue + supervisor.lanes.startingActive) {
      this.#requests.at(-1)?.refuse(tooManyWait(maxQueue, this.#shortage()));
    }
    supervisor.loop.notice();
    const open = await request.promise;
    const session = new SessionHandle(open, dispatcher);
    this.#leaks.register(session, open);
    return session;
  }

  passes(call: Call | null): boolean {
    const { leases } = this.#parts.supervisor;
    for (;;) {
      const request = this.#requests[0];
      if (request === undefined || !leases.mayTake) return true;
      if (call !== null && !request.before(call)) return true;
      const session = leases.take((lane) => new OpenSession(lane, this));
      if (session === null) return false;
      this.#begin(session, request);
    }
  }

  refusal(call: Call): OffthreadError | null {
    if (this.#parts.settings.isolation === 'thread' || this.open.size === 0) return null;
    const addresses = addressesGiven(call);
    if (addresses.length === 0) return null;
    const own = call.limits.session;
    for (const address of addresses) {
      let foreign: OpenSession | undefined;
      let isOwn = false;
      for (const session of this.open) {
        if (session.pointers?.has(address) !== true) continue;
        if (session === own) isOwn = true;
        else foreign = session;
      }
      if (foreign !== undefined && !isOwn) return foreignPointer(call, address, foreign.lane.name);
    }
    return null;
  }

  refuseWaiting(error: OffthreadError): void {
    const { supply } = this.#parts.supervisor;
    // An error for each: callers may change them.
    for (const request of [...this.#requests]) request.refuse(supply.unavailable() ?? error);
  }

  /** The pool is being closed: no session gets a lane any more. */
  close(error: () => OffthreadError): void {
    for (const request of [...this.#requests]) request.refuse(error());
  }

  /** Resolves when the sessions that are open now have ended. */
  async ends(): Promise<void> {
    await all([...this.#ends.values()]);
  }

  /** Ends every session. @param why the error of their calls. */
  stop(why: (symbol: string) => OffthreadError): void {
    for (const session of [...this.open]) session.stop(why);
  }

  pending(): readonly Call[] {
    return this.#parts.admission.pending();
  }

  cancel(call: Call, error: OffthreadError): void {
    this.#parts.admission.stop(call, 'cancelled', error);
  }

  fail(call: Call, error: OffthreadError): void {
    this.#parts.admission.abandon(call, error);
  }

  beginWait(wait: Parameters<SessionOwner['beginWait']>[0]): void {
    this.#parts.admission.beginWait(wait);
  }

  endWait(wait: Parameters<SessionOwner['endWait']>[0]): void {
    this.#parts.admission.endWait(wait);
  }

  ended(session: OpenSession): void {
    this.open.delete(session);
    this.#ends.delete(session);
    const signal = this.#signals.get(session);
    this.#signals.delete(session);
    if (signal !== undefined) unlinkSignal(signal, session);
    this.#parts.supervisor.leases.release(session.lane);
  }

  lanesFor(): readonly JobLane[] | null {
    const { leases } = this.#parts.supervisor;
    return leases.mayTake ? null : leases.lanes;
  }

  late(ms: number): Error {
    return noLane(ms, this.#shortage());
  }

  left(request: LaneRequest, refused: boolean): void {
    const at = this.#requests.indexOf(request);
    if (at >= 0) this.#requests.splice(at, 1);
    const { admission } = this.#parts;
    admission.endWait(request);
    // Calls may have waited behind it.
    if (refused) admission.pump();
  }

  #begin(session: OpenSession, request: LaneRequest): void {
    this.open.add(session);
    this.#ends.set(session, session.over);
    const { signal } = request;
    // Before the request is unlinked: the signal may abort before the caller goes on.
    if (signal !== undefined) {
      this.#signals.set(session, signal);
      linkSignal(signal, session);
    }
    request.accept(session);
  }

  #insert(request: LaneRequest): void {
    const at = this.#requests.findIndex((other) => request.priority > other.priority);
    this.#requests.splice(at < 0 ? this.#requests.length : at, 0, request);
  }

  #shortage(): LaneShortage {
    const { settings, supervisor } = this.#parts;
    return { lanes: settings.lanes, leased: supervisor.leases.count, maxSessions: settings.maxSessions };
  }
}
