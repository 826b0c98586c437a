/**
 * Runs functions on the host that functions of modules call.
 *
 *   requested ──► running ──► returned | threw ──► answered
 *                    └─ a promise ──► settled ──► answered
 *                             ├─ timeout ───────────────► answered with an error
 *                             └─ its call has ended, or its lane has died ──► forgotten
 *
 * Unlike native code, a module may have several requests open, and learns of a failure by an exception: it may go on.
 *
 * Guarantees:
 * - A request is answered at most once.
 * - An error thrown by the function does not leave this file: the module gets it, with its cause and stack.
 * - Re-entrant: a record is taken before its function runs.
 */
import { Math, performance } from '../../builtins.js';
import type { HostFunctionSpec } from '../../declare/spec.js';
import type { RecordHead } from '../../lanes/channel/lane-channel.js';
import { PackedValues, encodeResult, encoderFor } from '../../lanes/rows/packed-values.js';
import { messageOf } from '../../shared/values/message-value.js';
import { whenSettled } from '../../promises.js';
import { thrownData } from '../../shared/messages/thrown-data.js';
import type { ToLane } from '../../shared/messages/messages.js';
import type { Job, JobLane } from '../job.js';
import { callerOf } from '../row-owner.js';
import { enterInvocation, leaveInvocation } from './host-context.js';
import type { HostCallsParts, ModuleCalls } from './host-calls-parts.js';
import { lateHost } from './host-failures.js';
import type { Invocation } from './invocation.js';
import { isThenable, settled } from './thenable.js';

type Outcome = Extract<ToLane, { kind: 'answer' }>['outcome'];

/** What a function of a module's call is declared as. */
const SPEC: HostFunctionSpec = {
  kind: 'callback',
  callback: { params: [], returns: 'void' },
  timeout: null,
  sync: false,
  wait: true,
  fallback: 0,
};

class ModuleRequests implements ModuleCalls {
  readonly #parts: HostCallsParts;
  /** The open requests of each lane, by their numbers. */
  readonly #open = new Map<JobLane, Map<number, Invocation>>();

  constructor(parts: HostCallsParts) {
    this.#parts = parts;
  }

  /** Serves a request of a module. */
  serve(lane: JobLane, head: RecordHead): void {
    const job = callerOf(lane, head);
    const { request, target } = head;
    const args = lane.channel.takeModuleCall(head);
    const fn = job === null ? undefined : functionOf(job, target);
    if (job === null || args === null || typeof fn !== 'function') {
      post(lane, request, {
        thrown: thrownData(new Error('The call that the function belongs to has ended.')),
      });
      return;
    }
    this.#run(lane, job, request, fn as (...args: unknown[]) => unknown, args);
  }

  /** The request that a lane waits for: of a lane with several, none is the only one. */
  waitingIn(lane: JobLane): Invocation | null {
    const open = this.#open.get(lane);
    if (open === undefined || open.size !== 1) return null;
    for (const invocation of open.values()) return invocation.job?.isSettled === true ? null : invocation;
    return null;
  }

  /** Whether an invocation is one of a module. */
  has(invocation: Invocation): boolean {
    return this.#open.get(invocation.lane)?.get(invocation.request) === invocation;
  }

  /** Ends functions that are past their timeout. @returns when the next one is due. */
  due(now: number): number {
    let next = Infinity;
    for (const [lane, open] of this.#open) {
      for (const invocation of open.values()) {
        if (invocation.job?.lane !== lane || invocation.job.isSettled) this.#remove(invocation);
        else if (invocation.dueAt <= now) this.end(invocation, lateHost(invocation));
        else next = Math.min(next, invocation.dueAt);
      }
    }
    return next;
  }

  /** The lane is gone. */
  forget(lane: JobLane): void {
    for (const invocation of this.#open.get(lane)?.values() ?? []) leaveInvocation(invocation);
    this.#open.delete(lane);
  }

  /** Answers a request with an error. */
  end(invocation: Invocation, error: unknown): void {
    if (!this.#remove(invocation)) return;
    this.#answer(invocation, { thrown: thrownData(error) });
  }

  #run(
    lane: JobLane,
    job: Job,
    request: number,
    fn: (...args: unknown[]) => unknown,
    args: readonly unknown[],
  ): void {
    const timeout = job.hostTimeout ?? this.#parts.hostTimeout;
    const dueAt = timeout === Infinity ? Infinity : performance.now() + timeout;
    const invocation: Invocation = { lane, job, param: SPEC, request, timeout, dueAt, followed: true };
    // Registered before the function runs, which may make a blocking call.
    this.#add(invocation);
    let result: unknown;
    try {
      const run = (): unknown => enterInvocation(invocation, () => fn(...args));
      const context = job.callbackState?.context ?? null;
      result = context === null ? run() : context.runInAsyncScope(run);
    } catch (thrown) {
      this.end(invocation, thrown);
      return;
    }
    if (!isThenable(result)) {
      this.#return(invocation, result);
      return;
    }
    void whenSettled(
      settled(result),
      (value) => this.#return(invocation, value),
      (thrown: unknown) => this.end(invocation, thrown),
    );
    this.#parts.watch.by(dueAt);
    // The promise may wait for a call that never starts.
    this.#parts.source.hostWaits();
  }

  #return(invocation: Invocation, value: unknown): void {
    if (performance.now() > invocation.dueAt) {
      this.end(invocation, lateHost(invocation));
      return;
    }
    if (!this.#remove(invocation)) return;
    const { lane } = invocation;
    const encoder = encoderFor(lane.ring.externalMemory.lendsShared);
    try {
      encodeResult(encoder, value);
      const transfers: object[] = [];
      const message = messageOf(encoder, transfers);
      // Some values are refused only when they are sent.
      this.#answer(invocation, { message }, transfers);
    } catch (error) {
      this.#answer(invocation, { thrown: thrownData(error) });
    }
  }

  #answer({ lane, request }: Invocation, outcome: Outcome, transfers: readonly object[] = []): void {
    post(lane, request, outcome, transfers);
    this.#parts.loop.notice();
  }

  #add(invocation: Invocation): void {
    const { lane, request } = invocation;
    let open = this.#open.get(lane);
    if (open === undefined) {
      open = new Map();
      this.#open.set(lane, open);
    }
    open.set(request, invocation);
  }

  /** @returns whether the request was open. */
  #remove(invocation: Invocation): boolean {
    const { lane, request } = invocation;
    leaveInvocation(invocation);
    return this.#open.get(lane)?.delete(request) === true;
  }
}

function post(lane: JobLane, request: number, outcome: Outcome, transfers: readonly object[] = []): void {
  lane.ring.externalMemory.post({ kind: 'answer', request, outcome }, transfers);
  // Whichever way the module waits: in its event loop, or with its thread blocked.
  lane.channel.answered(request);
  lane.rouse();
}

/** The function among the arguments of a call. */
function functionOf(job: Job, index: number): unknown {
  const packed = PackedValues.in(job.args);
  return packed === null ? job.args[index] : packed.functions[index];
}

export function moduleRequests(parts: HostCallsParts): ModuleCalls {
  return new ModuleRequests(parts);
}
