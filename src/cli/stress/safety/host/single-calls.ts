/**
 * Calls of a function that returns strings, which have to be read after each call: ordinary calls, many at a time in the
 * queue of a lane.
 */
import { type FunctionDescription, sharedBytes } from 'offthread';
import { comesBack } from '../../../target/outs.js';
import type { AnyFunction } from '../../../target/open-target.js';
import type { GivenArguments } from '../../direct/argument-memory.js';
import { type Answer, type LaneCalls, type Series, hashOf } from './lane-calls.js';

/** Calls of a lane that are under way at once. */
const LONGEST = 512;

interface SingleSeries extends Series {
  /** Of the last run. */
  readonly answers: Answer[];
}

/** A call that has ended, and the memory that it was given. */
interface MadeCall {
  readonly result: unknown;
  readonly given: readonly unknown[];
}

export interface SingleSetting {
  readonly fn: AnyFunction;
  readonly description: FunctionDescription;
  readonly items: readonly GivenArguments[];
  readonly ignored: ReadonlySet<number>;
  /** Whether a call may use memory that an earlier one was given. */
  readonly together: boolean;
}

export class SingleCalls implements LaneCalls<SingleSeries> {
  made = 0;
  readonly longest: number = LONGEST;
  readonly keeps: boolean = true;
  readonly #setting: SingleSetting;

  constructor(setting: SingleSetting) {
    this.#setting = setting;
  }

  prepare(items: Int32Array, period: number): SingleSeries {
    return { items, period, answers: [] };
  }

  async run({ items, answers }: SingleSeries, from: number, to: number): Promise<void> {
    const calls: Promise<MadeCall>[] = [];
    for (let at = from; at < to; at += 1) calls.push(this.#call(items[at] as number));
    // Memory is read when all calls have ended: a later one of a sequence may change what an earlier one was given.
    for (const [index, { result, given }] of (await Promise.all(calls)).entries())
      answers[from + index] = this.#answerOf(result, given);
  }

  async #call(item: number): Promise<MadeCall> {
    const { fn, items } = this.#setting;
    const given = (items[item] as GivenArguments).map((value) =>
      value instanceof Uint8Array ? this.#ownBytes(value) : value,
    );
    const result = await fn(...given);
    this.made += 1;
    return { result, given };
  }

  /** Memory of a call, which stays where it is until the run is over. */
  #ownBytes(value: Uint8Array): Uint8Array {
    if (!this.#setting.together) return Buffer.from(value);
    // Native code gets the address of shared memory, and may come back to it; other memory it gets copies of.
    const shared = sharedBytes(value.length);
    shared.set(value);
    return shared;
  }

  /** The answer as JSON: of the value, and of everything that the function fills or changes. */
  #answerOf(result: unknown, given: readonly unknown[]): Answer {
    const { description, ignored } = this.#setting;
    const { parameters } = description;
    const cells = parameters.some(comesBack);
    const [value, ...outs] = (cells ? result : [result]) as [unknown, ...unknown[]];
    const answer: Record<string, unknown> = {};
    if (!ignored.has(-1) && value !== undefined) answer['value'] = plain(value);
    let next = 0;
    for (const [index, parameter] of parameters.entries()) {
      const { name, changes, given: isGiven } = parameter;
      const label = name === '' ? String(index) : name;
      const isCell = comesBack(parameter);
      const cell = isCell ? outs.shift() : undefined;
      const argument = isGiven ? given[next++] : undefined;
      if (!changes || ignored.has(index)) continue;
      answer[label] = plain(isCell ? cell : argument);
    }
    return Buffer.from(JSON.stringify(answer));
  }

  differing(
    { items, answers }: SingleSeries,
    from: number,
    to: number,
    expected: readonly Answer[],
  ): number[] {
    const found: number[] = [];
    for (let at = from; at < to; at += 1) {
      if (!(answers[at] as Answer).equals(expected[items[at] as number] as Answer)) found.push(at);
    }
    return found;
  }

  answer({ answers }: SingleSeries, at: number): Answer {
    return answers[at] as Answer;
  }

  key({ answers }: SingleSeries, at: number): number {
    return hashOf(answers[at] as Answer);
  }

  show(answer: Answer): string {
    return Object.entries(this.decode(answer))
      .map(([name, value]) =>
        name === 'value' ? JSON.stringify(value) : `${name} = ${JSON.stringify(value)}`,
      )
      .join(', ');
  }

  decode(answer: Answer): Record<string, unknown> {
    return JSON.parse(answer.toString()) as Record<string, unknown>;
  }
}

/** What JSON can hold; numbers keep all their bits. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (Object.is(value, -0)) return '-0';
  if (value instanceof Uint8Array) return `hex:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
  return value;
}
