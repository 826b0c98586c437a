/**
 * Sends the values of a generator as the chunks of its call.
 *
 *   wait for a reader ──► next() ──► value sent ──┐
 *       ▲                    └─ done ──► its return value is the result
 *       └──────────────────────────────────────────┘
 *   the call is to stop: return(), so that `finally` runs, and the call ends
 *
 * A generator is not asked for its next value while as many as the high-water mark are unread. A sync generator waits
 * with its thread, an async one in the event loop.
 */
import { Atomics } from '../../src/builtins.js';
import { Channel } from '../../src/shared/memory/channel.js';
import type { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import type { ChannelEnds } from '../channel/channel-ends.js';
import type { LaneLink } from '../lane-link.js';
import type { CallContext } from './call-context.js';
import type { ValueRecords } from './value-records.js';

export interface StreamParts {
  readonly memory: LaneMemory;
  readonly link: LaneLink;
  readonly ends: ChannelEnds;
  readonly records: ValueRecords;
}

type Iterating =
  | { readonly iterator: Iterator<unknown>; readonly sync: true }
  | { readonly iterator: AsyncIterator<unknown>; readonly sync: false };

/** The iterator of what a function has returned; null if it cannot be iterated. */
export function iteratorOf(value: unknown): Iterating | null {
  if (value === null || (typeof value !== 'object' && typeof value !== 'string')) return null;
  const own = value as Partial<AsyncIterable<unknown> & Iterable<unknown>>;
  if (typeof own[Symbol.asyncIterator] === 'function') {
    return { iterator: (own as AsyncIterable<unknown>)[Symbol.asyncIterator](), sync: false };
  }
  if (typeof own[Symbol.iterator] === 'function') {
    return { iterator: (own as Iterable<unknown>)[Symbol.iterator](), sync: true };
  }
  return null;
}

/** @returns what the generator has returned. @throws what it throws. */
export function streamSync(
  { ends, records }: StreamParts,
  call: CallContext,
  iterator: Iterator<unknown>,
  mark: number,
): unknown {
  for (;;) {
    if (!ends.credit.allows(mark)) {
      ends.waitPoint.wait(
        () => ends.credit.allows(mark),
        () => call.cause !== 0 || records.closing,
      );
    }
    if (call.check() || records.closing) return iterator.return?.(undefined).value;
    const { done, value } = iterator.next();
    if (done === true) return value;
    try {
      records.chunk(call, value);
    } catch (error) {
      iterator.return?.(undefined);
      throw error;
    }
  }
}

/** @returns a promise for what the generator returns, which rejects with what it throws. */
export async function streamAsync(
  parts: StreamParts,
  call: CallContext,
  iterator: AsyncIterator<unknown>,
  mark: number,
): Promise<unknown> {
  const { records } = parts;
  for (;;) {
    await creditFor(parts, call, mark);
    if (call.check() || records.closing) return (await iterator.return?.(undefined))?.value;
    const { done, value } = await iterator.next();
    if (done === true) return value;
    try {
      records.chunk(call, value);
    } catch (error) {
      await iterator.return?.(undefined);
      throw error;
    }
  }
}

/** Waits in the event loop until fewer values are unread, or the call is to stop. */
async function creditFor(
  { memory, link, ends, records }: StreamParts,
  call: CallContext,
  mark: number,
): Promise<void> {
  const { i32, channel } = memory;
  while (!ends.credit.allows(mark) && call.cause === 0 && !records.closing) {
    const seen = Atomics.load(i32, channel + Channel.WAIT_WORD);
    Atomics.store(i32, channel + Channel.WAITING, 1);
    // Also after the word is set: what happened before it wakes nobody.
    if (ends.credit.allows(mark) || call.cause !== 0 || records.closing) break;
    await link.sleep(channel + Channel.WAIT_WORD, seen);
  }
  Atomics.store(i32, channel + Channel.WAITING, 0);
}
