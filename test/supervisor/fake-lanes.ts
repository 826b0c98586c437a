/** Lanes that are made up, whose native code asks the host for what a test says. */
import { expect } from 'chai';
import { PersistentCallback } from '../../src/declare/language/persistent.js';
import type { HostFunctionSpec } from '../../src/declare/spec.js';
import type { OffthreadError } from '../../src/errors.js';
import { callback } from '../../src/index.js';
import type { DeclaredFunction } from '../../src/lanes/rows/declared-function.js';
import type { RecordHead } from '../../src/lanes/channel/lane-channel.js';
import { RecordKind } from '../../src/shared/memory/record.js';
import { generationOf } from '../../src/shared/memory/states.js';
import { HostCalls } from '../../src/supervisor/host-functions/host-calls.js';
import type { HostCallsParts } from '../../src/supervisor/host-functions/host-calls-parts.js';
import type { Job, JobLane } from '../../src/supervisor/job.js';
import { declare } from '../lanes/fixture.js';

/** A function with one callback, `int (*)(int)`. */
export function withOptions(options: object = {}, returns = 'i32'): DeclaredFunction {
  const param = callback({ arguments: ['i32'], return: returns } as never, options as never);
  return declare({ arguments: [param], return: 'i32' });
}

export type FakeJob = { -readonly [K in keyof Job]: Job[K] };

interface Said {
  readonly head: RecordHead;
  readonly values: readonly unknown[];
}

interface AskOptions {
  readonly wait?: boolean;
  readonly target?: number;
  readonly kind?: number;
}

/** What a lane's ring and channel offer to those who serve it. */
interface Ring {
  holds(sequence: number): boolean;
  ticket(): FakeJob | null;
  trip(sequence: number, cause: number): void;
}
interface Channel {
  nextCall(): RecordHead | null;
  takeCall(): readonly unknown[];
  takeFault(): string;
  reply(request: number, type: string, value: unknown): void;
  decline(request: number): void;
  nudge(): void;
}
interface Known {
  readonly callback: PersistentCallback;
  readonly param: HostFunctionSpec;
}

/** A lane that is in one call, and what it has been answered. */
export class FakeLane {
  readonly name: string;
  readonly said: Said[] = [];
  /** Answers by the number of their request: values, or `none`. */
  readonly answers: Map<number, unknown> = new Map();
  /** What native code waits for; 0 for nothing. */
  waitsFor = 0;
  readonly trips: number[] = [];
  nudges = 0;
  job: FakeJob | null = null;
  #requests = 0;

  constructor(name: string) {
    this.name = name;
  }

  get lane(): JobLane {
    return this as unknown as JobLane;
  }

  /** A call of a function begins. */
  begin(fn: DeclaredFunction, given: unknown, id: number): FakeJob {
    const job = {
      id,
      fn,
      args: [given],
      lane: this.lane,
      sequence: id & 7,
      isSettled: false,
      stopping: null,
      callbackState: null,
    };
    this.job = job as unknown as FakeJob;
    return this.job;
  }

  /** Native code calls back, and waits unless nobody does. @returns the number of its request. */
  ask(value: unknown, { wait = true, target = 0, kind = 0 }: AskOptions = {}): number {
    this.#requests += 1;
    const request = wait ? this.#requests : 0;
    const outside = this.job === null;
    const head = {
      at: 0,
      kind: outside ? kind | RecordKind.NO_CALL : kind,
      noCall: outside,
      sequence: this.job?.sequence ?? 0,
      generation: generationOf(this.job?.id ?? 0),
      target,
      request,
    };
    this.said.push({ head, values: [value] });
    if (wait) this.waitsFor = request;
    return request;
  }

  readonly ring: Ring = {
    holds: (sequence: number): boolean => this.job?.sequence === sequence,
    ticket: (): FakeJob | null => this.job,
    trip: (_: number, cause: number): void => void this.trips.push(cause),
  };

  readonly channel: Channel = {
    nextCall: (): RecordHead | null => this.said[0]?.head ?? null,
    takeCall: (): readonly unknown[] => (this.said.shift() as Said).values,
    takeFault: (): string => String((this.said.shift() as Said).values[0]),
    reply: (request: number, _: string, value: unknown): void => this.#answer(request, value),
    decline: (request: number): void => this.#answer(request, 'none'),
    nudge: (): void => void (this.nudges += 1),
  };

  #answer(request: number, value: unknown): void {
    if (request === 0) return;
    expect(this.answers.has(request), `request ${request} is answered once`).to.equal(false);
    expect(request, 'an answer while native code waits for it').to.equal(this.waitsFor);
    this.waitsFor = 0;
    this.answers.set(request, value);
  }
}

/** HostCalls, and what it tells. */
export class HostBench {
  readonly strays: OffthreadError[] = [];
  readonly looks: number[] = [];
  readonly persistents: Map<number, Known> = new Map();
  waits = 0;
  readonly calls: HostCalls;

  constructor(hostTimeout = 30_000) {
    this.calls = new HostCalls({
      hostTimeout,
      watch: { by: (time: number) => void this.looks.push(time) },
      events: { emit: (_: string, error: OffthreadError) => void this.strays.push(error) },
      source: { hostWaits: () => void (this.waits += 1) },
      loop: { notice: () => undefined },
      persistents: { get: (id: number) => this.persistents.get(id) },
    } as unknown as HostCallsParts);
  }

  /** A persistent callback that native code knows by a number. */
  persistent(id: number, fn: (...values: never[]) => unknown, of: DeclaredFunction = withOptions()): void {
    const param = of.compiled.spec.params[0] as HostFunctionSpec;
    this.persistents.set(id, { callback: new PersistentCallback(fn), param });
  }
}

/** A promise, and what settles it. */
export function deferred(): {
  promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
} {
  let settle: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('promises run their executor at once');
  return { promise, ...settle };
}
