/**
 * Runs functions on the host that native code calls.
 *
 *   requested ──► running ──► returned | threw ──► answered
 *                    └─ a promise ──► settled ──► answered
 *                             ├─ timeout ───────────────► declined, the call fails
 *                             └─ the call was stopped, or its lane died ──► forgotten
 *
 * Guarantees:
 * - A request is answered at most once, and only while its native thread waits
 *   for it. A lane waits for one request at a time, which is in `#waiting`.
 * - An error thrown by the function does not leave this file: it becomes the
 *   call's failure, and native code gets the declared fallback.
 * - Native code of a failed call does not wait again: the cancel flag is set,
 *   and the lane itself answers every further callback.
 * - Re-entrant: a record is taken before its function runs.
 */
import type { AsyncResource } from 'node:async_hooks';
import { Math, performance } from '../../builtins.js';
import { whenSettled } from '../../promises.js';
import { fitsType } from '../../declare/values/validate.js';
import type { HostFunctionSpec, ParamSpec } from '../../declare/spec.js';
import type { OffthreadError } from '../../errors.js';
import { thrownText } from '../../options/checks.js';
import { RecordKind } from '../../shared/memory/record.js';
import { Disorder } from '../../shared/messages/disorder.js';
import { StopCause } from '../../shared/memory/layout.js';
import type { RecordHead } from '../../lanes/channel/lane-channel.js';
import { callerOf } from '../row-owner.js';
import type { HostCallsParts, ModuleCalls } from './host-calls-parts.js';
import { moduleRequests } from './module-requests.js';
import { enterInvocation, leaveInvocation } from './host-context.js';
import { failedWith, lateHost, unreadable, wrongResult, wrongSync } from './host-failures.js';
import type { Invocation } from './invocation.js';
import type { Job, JobLane } from '../job.js';
import { isThenable, settled } from './thenable.js';

/** ms that requests of one lane may take per look. */
const SERVE_MS = 1;

type HostFunction = (...values: unknown[]) => unknown;

/** The function that a request asks for. */
interface Asked {
  readonly param: HostFunctionSpec;
  readonly fn: HostFunction;
  /** The async context in which the function runs. */
  readonly context: AsyncResource | null;
}

export class HostCalls {
  readonly #parts: HostCallsParts;
  /** The function that each lane waits for. */
  readonly #waiting = new Map<JobLane, Invocation>();
  /** Serves the requests of modules; null before the first. */
  #modules: ModuleCalls | null = null;
  /** Number of requests for functions that no longer exist. */
  late = 0;

  constructor(parts: HostCallsParts) {
    this.#parts = parts;
  }

  /** Serves the requests of a lane, for `SERVE_MS` at most. @returns how many. */
  serve(lane: JobLane): number {
    const { channel } = lane;
    const until = performance.now() + SERVE_MS;
    let found = 0;
    for (let head = channel.nextCall(); head !== null; head = channel.nextCall()) {
      // Native code that does not wait may send requests faster than the host serves them.
      if (found > 0 && performance.now() > until) break;
      found += 1;
      if ((head.kind & RecordKind.VALUE) !== 0) {
        this.#modules ??= moduleRequests(this.#parts);
        this.#modules.serve(lane, head);
        continue;
      }
      const job = callerOf(lane, head);
      // Copied before the function runs, which may read the pipe again.
      const { noCall, request } = head;
      if ((head.kind & RecordKind.FAULT) !== 0) {
        const text = channel.takeFault(head);
        if (job !== null) this.fail(job, unreadable(job, text));
        continue;
      }
      const asked = this.#askedFor(job, head);
      const values = this.#take(lane, job, head, asked);
      if (asked === null) this.late += 1;
      if (asked === null || values === null || (!noCall && job === null)) channel.decline(request);
      else this.#run(lane, job, request, asked, values);
    }
    return found;
  }

  /** The function that a lane waits for; null when the lane waits for none. */
  waitingIn(lane: JobLane): Invocation | null {
    const invocation = this.#waiting.get(lane);
    if (invocation === undefined) return this.#modules?.waitingIn(lane) ?? null;
    const { job } = invocation;
    return job !== null && (job.isSettled || job.stopping !== null || job.lane !== lane) ? null : invocation;
  }

  /** Ends functions that are past their timeout. @returns when the next one is due. */
  due(now: number): number {
    let next = this.#modules?.due(now) ?? Infinity;
    for (const [lane, invocation] of this.#waiting) {
      if (this.waitingIn(lane) === null) this.forget(lane);
      else if (invocation.dueAt <= now) this.end(invocation, lateHost(invocation));
      else next = Math.min(next, invocation.dueAt);
    }
    return next;
  }

  /** The lane no longer waits for a function. */
  forget(lane: JobLane): void {
    const invocation = this.#waiting.get(lane);
    if (invocation !== undefined) leaveInvocation(invocation);
    this.#waiting.delete(lane);
    this.#modules?.forget(lane);
  }

  /** Makes a call fail with `error`, whatever native code returns, and asks native code to return. */
  fail(job: Job, error: OffthreadError): void {
    if (job.isSettled) return;
    job.callbackState ??= { sink: null, context: null, failure: null };
    if (job.callbackState.failure !== null) return;
    job.callbackState.failure = error;
    if (job.lane === null) return;
    error.lane ??= job.lane.name;
    job.lane.ring.trip(job.sequence, StopCause.FAILED);
    job.lane.channel.nudge();
  }

  #run(lane: JobLane, job: Job | null, request: number, asked: Asked, values: readonly unknown[]): void {
    const { param, fn, context } = asked;
    const timeout = job?.hostTimeout ?? param.timeout ?? this.#parts.hostTimeout;
    const dueAt = timeout === Infinity ? Infinity : performance.now() + timeout;
    const invocation: Invocation = { lane, job, param, request, timeout, dueAt, followed: true };
    // Registered before the function runs, which may make a blocking call.
    if (request !== 0) this.#waiting.set(lane, invocation);
    let result: unknown;
    let promised = false;
    try {
      const run = (): unknown => enterInvocation(invocation, () => fn(...values));
      result = context === null ? run() : context.runInAsyncScope(run);
      promised = isThenable(result);
    } catch (thrown) {
      leaveInvocation(invocation);
      this.end(invocation, failedWith(invocation, thrown));
      return;
    }
    if (!promised) {
      leaveInvocation(invocation);
      this.#answer(invocation, result);
      return;
    }
    const settle = (end: () => void): void => {
      leaveInvocation(invocation);
      end();
    };
    void whenSettled(
      settled(result as PromiseLike<unknown>),
      (value) => settle(() => this.#answer(invocation, value)),
      (thrown: unknown) => settle(() => this.end(invocation, failedWith(invocation, thrown))),
    );
    if (param.sync) this.end(invocation, wrongSync(invocation));
    else if (request !== 0) {
      this.#parts.watch.by(dueAt);
      // The promise may wait for a call that never starts.
      this.#parts.source.hostWaits();
    }
  }

  /** Answers a request with the value of its function. */
  #answer(invocation: Invocation, value: unknown): void {
    const { lane, param, request } = invocation;
    const { returns } = param.callback;
    // A synchronous function may exceed its timeout, since no timer fires while it runs.
    if (performance.now() > invocation.dueAt) {
      this.end(invocation, lateHost(invocation));
      return;
    }
    if (returns !== 'void' && !fitsType(returns, value)) {
      this.end(invocation, wrongResult(invocation, value));
      return;
    }
    if (request === 0 || !this.#release(invocation)) return;
    lane.channel.reply(request, returns, value);
    this.#parts.loop.notice();
  }

  /** Declines a request whose function has failed. */
  end(invocation: Invocation, error: OffthreadError): void {
    if (this.#modules?.has(invocation) === true) {
      this.#modules.end(invocation, error);
      return;
    }
    const { lane, job, request } = invocation;
    const waits = request !== 0;
    if (waits && !this.#release(invocation)) return;
    leaveInvocation(invocation);
    // Fails before the answer, after which the call may end.
    if (job !== null && !job.isSettled) this.fail(job, error);
    // The function belongs to no call, or to one that has settled.
    else this.#parts.events.emit('error', error);
    if (!waits) return;
    lane.channel.decline(request);
    this.#parts.loop.notice();
  }

  /** The function that a request asks for; null when it no longer exists. */
  #askedFor(job: Job | null, { target }: RecordHead): Asked | null {
    if (target < 0) {
      const persistent = this.#parts.persistents.get(-target);
      if (persistent === undefined) return null;
      const { param, callback } = persistent;
      return { param, fn: callback.fn as HostFunction, context: callback.context };
    }
    if (job === null) return null;
    const { spec, callerArguments } = job.fn.compiled;
    const param: ParamSpec | undefined = spec.params[target];
    const fn = job.args[callerArguments.positions.indexOf(target)];
    if (param?.kind !== 'callback' || typeof fn !== 'function') return null;
    return { param, fn: fn as HostFunction, context: job.callbackState?.context ?? null };
  }

  /** The values of a request; null when they cannot be read. */
  #take(lane: JobLane, job: Job | null, head: RecordHead, asked: Asked | null): unknown[] | null {
    try {
      return lane.channel.takeCall(head, asked?.param.callback.params ?? []);
    } catch (cause) {
      if (cause instanceof Disorder) throw cause;
      // For example, no memory for a copy.
      if (job !== null) this.fail(job, unreadable(job, thrownText(cause)));
      return null;
    }
  }

  /** Unregisters a function. @returns whether native code was still waiting for it. */
  #release({ lane, request }: Invocation): boolean {
    const current = this.waitingIn(lane);
    if (current?.request !== request) return false;
    this.#waiting.delete(lane);
    return true;
  }
}
