/** The lane of channel.test.ts and wake-ups.test.ts, without native code. Not a test: the entry of a worker. */
import type { MessagePort } from 'node:worker_threads';
import type { ChunksSpec, FunctionSpec, HostFunctionSpec, Scalar } from '../../../src/declare/spec.js';
import type { CallbackReader, RawValues } from '../../../src/engines/callback-reader.js';
import type { NativeValue } from '../../../src/engines/engine.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { type LaneSize, RowWord } from '../../../src/shared/memory/layout.js';
import { type RecordViews, align8 } from '../../../src/shared/memory/record.js';
import { ChannelEnds } from '../../../workers/channel/channel-ends.js';
import { ChannelWriter } from '../../../workers/channel/channel-writer.js';
import { dawdle, dice, holdUp, obey } from '../../shared/thread.js';

/** Words that lane and test agree with. */
export const Word = {
  /** Counts rings. */
  RING: 0,
  /** Rounds that the lane has ended; the cancel flag is down again when it changes. */
  DONE: 16,
  /** Rounds that the lane may begin. */
  MAY: 32,
} as const;

export type Script =
  /** Each round a call with one request, of a type by turns. Gives what each was answered with. */
  | { readonly kind: 'requests' }
  /** Chunks of one call. Gives what native code was told of each. */
  | { readonly kind: 'chunks'; readonly highWaterMark: number; readonly pauseUs: number }
  /** Chunks, and notices that nobody waits for, at random. */
  | { readonly kind: 'both' };

export interface ChannelTask {
  readonly memory: ArrayBufferLike;
  readonly size: LaneSize;
  readonly words: Int32Array;
  readonly port: MessagePort;
  readonly spinUs: number;
  readonly rounds: number;
  readonly seed: number;
  /** Bytes of a payload: at most so many, and its 8 of the length. */
  readonly most: number;
  /** Whether the thread is held up between its steps. */
  readonly heldUp: boolean;
  readonly script: Script;
}

export const TYPES: readonly (Scalar | 'void')[] = ['i32', 'u32', 'f64', 'i64', 'u64', 'void', 'bool'];
/** What native code gets in place of a value. */
export const FALLBACK = 77;
export const STOP = 1;
export const PROCEED = 0;

/** The params of every record here: bytes, and a length that is not read. */
const params = [
  { kind: 'bytes', count: 1 },
  { kind: 'value', type: 'u32' },
] as const;

export const chunks: ChunksSpec = {
  kind: 'chunks',
  callback: { params, returns: 'i32' },
  chunk: 0,
  stop: STOP,
  proceed: PROCEED,
  highWaterMark: 64,
  persistent: false,
};

export function asked(type: Scalar | 'void', wait: boolean): HostFunctionSpec {
  const wide = type === 'i64' || type === 'u64';
  return {
    kind: 'callback',
    callback: { params: [params[0]], returns: type },
    timeout: null,
    sync: false,
    wait,
    fallback: wide ? BigInt(FALLBACK) : FALLBACK,
  };
}

/** Bytes of the payload of a round. */
export function lengthOf(roll: (below: number) => number, most: number): number {
  // Mostly small, and now and then too large for a pipe.
  return roll(5) === 0 ? roll(most) : roll(Math.min(most, 100));
}

/** Whether bytes are those of a round: each of them tells. */
export function isOf(bytes: Uint8Array, round: number, length: number): boolean {
  return bytes.length === length && bytes.every((byte, index) => byte === ((round + index) & 255));
}

/** Stands in for what reads native memory: the values are a round and a length. */
class MadeUp {
  fault = '';

  measure([, length]: RawValues): number {
    return 8 + align8(Number(length));
  }

  write(views: RecordViews, _: number | bigint, at: number, [round, length]: RawValues): void {
    views.i32[at / 4] = Number(length);
    for (let index = 0; index < Number(length); index += 1)
      views.bytes[at + 8 + index] = Number(round) + index;
  }
}

const spec = { name: 'made up' } as FunctionSpec;

/** The row of the calls here. */
export const SEQUENCE = 0;

function run(task: ChannelTask): NativeValue[] {
  const { words, port, rounds, script, most } = task;
  const memory = new LaneMemory(task.size, task.memory);
  const cancelFlag = memory.rowWord(SEQUENCE) + RowWord.CANCEL;
  const ring = (): void => {
    Atomics.add(words, Word.RING, 1);
    Atomics.notify(words, Word.RING);
  };
  const post = (chunk: boolean, payload: ArrayBuffer): void =>
    port.postMessage({ kind: 'record', chunk, payload }, [payload]);
  const wait = (index: number, seen: number): boolean =>
    Atomics.wait(memory.i32, index, seen) !== 'timed-out';
  const lane = { ring, post, wait, base: 0, addressOf: () => 0, sharesAddresses: false };
  const writer = new ChannelWriter(memory, lane, new ChannelEnds(memory, lane, task.spinUs));
  const reader = new MadeUp() as unknown as CallbackReader;
  const roll = dice(task.seed);
  if (task.heldUp) holdUp(task.seed);
  const told: NativeValue[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const values = [round, lengthOf(roll, most)];
    if (script.kind === 'requests') {
      for (let may = 0; may <= round; may = Atomics.load(words, Word.MAY)) Atomics.wait(words, Word.MAY, may);
      writer.begin(spec, SEQUENCE, round, cancelFlag, 0);
      told.push(writer.request(asked(TYPES[round % TYPES.length] as Scalar, true), 0, reader, values));
      writer.end();
      Atomics.store(memory.i32, cancelFlag, 0);
      Atomics.store(words, Word.DONE, round + 1);
      Atomics.notify(words, Word.DONE);
      continue;
    }
    if (round === 0) {
      writer.begin(spec, SEQUENCE, 0, cancelFlag, script.kind === 'chunks' ? script.highWaterMark : 64);
    }
    if (script.kind === 'chunks') {
      if (script.pauseUs > 0) dawdle(roll(script.pauseUs));
      told.push(writer.chunk(chunks, reader, values));
    } else if (roll(2) === 0) told.push(writer.chunk(chunks, reader, values));
    else told.push(writer.request(asked('void', false), 0, reader, values));
  }
  ring();
  return told;
}

obey(run);
