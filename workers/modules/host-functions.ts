/**
 * Functions among the arguments of a module's call: in the lane, each is one that runs on the host.
 *
 *   fn(x)       a promise: the event loop of the lane goes on
 *   fn.sync(x)  the thread waits, as native code does in a callback
 *
 *   asked ──► answered ──► resolved | rejected
 *     └─────► the call was stopped, or has ended ──► rejected
 *
 * Guarantees:
 * - Nothing waits for an answer once its call is to stop.
 * - An answer that nobody awaits ends no lane when the call ends before it.
 */
import { Atomics, Promise } from '../../src/builtins.js';
import { ignoreFailure } from '../../src/promises.js';
import { Channel } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import type { ToLane } from '../../src/shared/messages/messages.js';
import { thrownValue } from '../../src/shared/messages/thrown-value.js';
import { messageValue } from '../../src/shared/values/message-value.js';
import type { ChannelEnds } from '../channel/channel-ends.js';
import type { HostMessages } from '../host-messages.js';
import { type CallContext, stopReason } from './call-context.js';
import type { ValueRecords } from './value-records.js';

type Outcome = Extract<ToLane, { kind: 'answer' }>['outcome'];

type Thrown = Extract<Outcome, { thrown: unknown }>;
type Returned = Exclude<Outcome, Thrown>;

/** A function of the caller, in a lane. */
export type HostFunction = ((...args: unknown[]) => Promise<unknown>) & {
  sync(...args: unknown[]): unknown;
};

/** Why a function of a call cannot be called any more. */
export const ended = (): Error => new Error('The call that the function belongs to has ended.');

interface Asked {
  readonly call: CallContext;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Rejects because the call ends: that is no unhandled rejection where nobody awaits the answer. */
  readonly release: (error: Error) => void;
}

export class HostFunctions {
  readonly #memory: LaneMemory;
  readonly #messages: HostMessages;
  readonly #ends: ChannelEnds;
  readonly #records: ValueRecords;
  readonly #asked = new Map<number, Asked>();
  /** Answers to requests for which the thread waits. */
  readonly #answers = new Map<number, Outcome>();
  /** Requests for which the thread waits. */
  readonly #waiting = new Set<number>();

  constructor(memory: LaneMemory, messages: HostMessages, ends: ChannelEnds, records: ValueRecords) {
    this.#memory = memory;
    this.#messages = messages;
    this.#ends = ends;
    this.#records = records;
  }

  /** The function at a position of a call's arguments. */
  make(call: CallContext, index: number): HostFunction {
    const ask = (...args: unknown[]): Promise<unknown> => {
      const promise: Promise<unknown> = new Promise((resolve, reject) => {
        const request = this.#send(call, index, args);
        const release = (error: Error): void => {
          ignoreFailure(promise);
          reject(error);
        };
        this.#asked.set(request, { call, resolve, reject, release });
      });
      if (call.cause !== 0 || call.over) ignoreFailure(promise);
      return promise;
    };
    return Object.assign(ask, { sync: (...args: unknown[]) => this.#wait(call, index, args) });
  }

  /** Whether an answer is awaited. */
  get open(): boolean {
    return this.#asked.size > 0;
  }

  /** An answer of the host. */
  answered(request: number, outcome: Outcome): void {
    if (this.#waiting.has(request)) {
      this.#answers.set(request, outcome);
      return;
    }
    const asked = this.#asked.get(request);
    // Its call has been stopped.
    if (asked === undefined) return;
    this.#asked.delete(request);
    try {
      asked.resolve(valueOf(outcome));
    } catch (error) {
      asked.reject(error);
    }
  }

  /** A call is to stop, or has ended: nothing waits for its functions. */
  release(call: CallContext, error: Error): void {
    for (const [request, asked] of this.#asked) {
      if (asked.call !== call) continue;
      this.#asked.delete(request);
      asked.release(error);
    }
  }

  #wait(call: CallContext, index: number, args: readonly unknown[]): unknown {
    const { i32, channel } = this.#memory;
    // Before the request is sent: the host may answer at once.
    let seen = Atomics.load(i32, channel + Channel.REPLY);
    const request = this.#send(call, index, args);
    this.#waiting.add(request);
    let received = false;
    try {
      this.#ends.waitPoint.wait(
        () => {
          const reply = Atomics.load(i32, channel + Channel.REPLY);
          // A message of a process comes in pieces: after the word, too.
          if (reply === seen && !received) return this.#answers.has(request);
          received = true;
          seen = reply;
          this.#messages.receive();
          return this.#answers.has(request);
        },
        () => call.cause !== 0 || this.#records.closing,
      );
      const outcome = this.#answers.get(request);
      if (outcome === undefined) throw stopReason(call.cause);
      return valueOf(outcome);
    } finally {
      this.#waiting.delete(request);
      this.#answers.delete(request);
    }
  }

  #send(call: CallContext, index: number, args: readonly unknown[]): number {
    if (call.cause !== 0) throw stopReason(call.cause);
    if (call.over) throw ended();
    const request = this.#ends.nextRequest();
    this.#records.request(call, index, request, args);
    return request;
  }
}

/** @throws what the function has thrown. */
function valueOf(outcome: Outcome): unknown {
  // Its own property: a module may have added some to all objects.
  if (!Object.hasOwn(outcome, 'message')) throw thrownValue((outcome as Thrown).thrown);
  return messageValue((outcome as Returned).message);
}
