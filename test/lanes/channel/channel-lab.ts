/** A channel with a real thread on the lane's end. */
import { MessageChannel } from 'node:worker_threads';
import { Inbox, portReader } from '../../../src/lanes/channel/inbox.js';
import { LaneChannel, wakeWaiting } from '../../../src/lanes/channel/lane-channel.js';
import type { NativeValue } from '../../../src/engines/engine.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import type { LaneSize } from '../../../src/shared/memory/layout.js';
import { type Thread, holdUp, thread } from '../../shared/thread.js';
import { type ChannelTask, type Script, Word } from './channel-thread.js';

/** ms after which a wake-up is taken to be lost. */
export const GUARD_MS = 3_000;
export const SIZE: LaneSize = { rows: 2, arenaBytes: 64, chunkBytes: 4_096, batchBytes: 0 };

export interface ChannelLab {
  readonly memory: LaneMemory;
  readonly channel: LaneChannel;
  readonly words: Int32Array;
  readonly lane: Thread<NativeValue[]>;
  /** Sleeps until something holds; looks again whenever the lane rings. Throws when it was not rung. */
  asleepUntil(holds: () => boolean, what: string): void;
}

export interface LabOptions {
  readonly rounds: number;
  readonly spinUs: number;
  readonly most: number;
  /** Whether both threads are held up between their steps. */
  readonly heldUp?: boolean;
  readonly script: Script;
}

/** Runs a test on a lane that follows a script, and ends its thread. */
export async function withChannel(
  options: LabOptions,
  test: (lab: ChannelLab) => Promise<void> | void,
): Promise<void> {
  const memory = new LaneMemory(SIZE);
  const words = new Int32Array(new SharedArrayBuffer(256));
  const { port1, port2 } = new MessageChannel();
  const { heldUp = false } = options;
  const task: ChannelTask = {
    ...options,
    heldUp,
    memory: memory.buffer,
    size: SIZE,
    words,
    port: port2,
    seed: SEED,
  };
  const lane = await thread<NativeValue[]>(new URL('./channel-thread.js', import.meta.url), task, [port2]);
  const channel = new LaneChannel(memory, new Inbox(portReader(port1)), () => wakeWaiting(memory));
  const asleepUntil = (holds: () => boolean, what: string): void => {
    for (;;) {
      const rings = Atomics.load(words, Word.RING);
      if (holds()) return;
      if (Atomics.wait(words, Word.RING, rings, GUARD_MS) === 'timed-out') {
        throw new Error(`${what}: ${holds() ? 'nobody rang' : 'it never came'}`);
      }
    }
  };
  const letGo = heldUp ? holdUp(SEED + 1) : (): void => {};
  try {
    await test({ memory, channel, words, lane, asleepUntil });
  } finally {
    letGo();
    channel.close();
    await lane.end();
    port1.close();
  }
}

/** Of the sizes, on both sides. */
export const SEED = 7;

/** Lets the lane begin its next round. */
export function beginRound({ words }: ChannelLab): void {
  Atomics.add(words, Word.MAY, 1);
  Atomics.notify(words, Word.MAY);
}

/** Waits awake for a moment that shared memory shows and nobody rings for. */
export function spinUntil(holds: () => boolean, what: string): void {
  const until = performance.now() + GUARD_MS;
  while (!holds()) if (performance.now() > until) throw new Error(`waited in vain for ${what}`);
}
