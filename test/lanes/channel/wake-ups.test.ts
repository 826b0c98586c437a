/** M2: a lane that waits inside a callback, and a host that waits for a lane: whatever ends the wait, and whenever it comes, no wake-up is lost. */
import { expect } from 'chai';
import type { NativeValue } from '../../../src/engines/engine.js';
import { Channel } from '../../../src/shared/memory/channel.js';
import { RowWord } from '../../../src/shared/memory/layout.js';
import { dawdle, dice, linger } from '../../shared/thread.js';
import { type ChannelLab, GUARD_MS, beginRound, spinUntil, withChannel } from './channel-lab.js';
import { FALLBACK, SEQUENCE, TYPES, Word, asked, chunks, isOf } from './channel-thread.js';

const ROUNDS = 3_000;

/** Whatever ends a round. */
type End = 'reply' | 'decline' | 'tripped' | 'closed';
const ENDS: readonly End[] = ['reply', 'decline', 'tripped', 'closed'];

/** Sleeps until the lane has ended a round. */
function ended({ words }: ChannelLab, round: number, how: string): void {
  while (Atomics.load(words, Word.DONE) <= round) {
    if (Atomics.wait(words, Word.DONE, round, GUARD_MS) === 'timed-out') {
      throw new Error(`round ${round}, ${how}: the lane still waits`);
    }
  }
}

/** Takes what the lane has asked for, if it has. */
function take({ channel }: ChannelLab): number {
  const head = channel.nextCall();
  if (head === null) return 0;
  channel.takeCall(head, asked('void', true).callback.params);
  return head.request;
}

/**
 * Lets time pass until the lane's wait is to end: somewhere from before it asks
 * to well after it has gone to sleep, or within some ns of that.
 */
function pause({ channel }: ChannelLab, roll: (below: number) => number): void {
  if (roll(2) === 0) dawdle(roll(120));
  else {
    spinUntil(() => channel.hasCalls, 'the lane to ask');
    linger(roll(1_000));
  }
}

/** Ends the wait of the lane, or keeps it from waiting at all. */
function end(lab: ChannelLab, how: End, round: number): void {
  const { channel, memory } = lab;
  if (how === 'tripped') {
    Atomics.store(memory.i32, memory.rowWord(SEQUENCE) + RowWord.CANCEL, 1);
    channel.nudge();
  } else if (how === 'closed') channel.close();
  else {
    lab.asleepUntil(() => channel.hasCalls, `request ${round}`);
    const request = take(lab);
    const type = TYPES[round % TYPES.length] as (typeof TYPES)[number];
    const value = type === 'i64' || type === 'u64' ? BigInt(round) : round;
    if (how === 'reply') channel.reply(request, type, value);
    else channel.decline(request);
  }
}

function answerOf(how: End, round: number): NativeValue {
  const type = TYPES[round % TYPES.length];
  if (type === 'void') return undefined;
  const value = how === 'reply' ? round : FALLBACK;
  return type === 'i64' || type === 'u64' ? BigInt(value) : value;
}

describe('wake-ups of the channel', () => {
  for (const [how, spinUs, heldUp] of [
    ['asleep at once', 0, false],
    ['awake for 20 µs', 20, false],
    ['held up between any two steps', 0, true],
  ] as const) {
    it(`a waiting lane goes on by a reply, a stop or its end, whenever that comes (${how})`, async () => {
      const script = { kind: 'requests' } as const;
      await withChannel({ rounds: ROUNDS, spinUs, heldUp, most: 20, script }, async (lab) => {
        const roll = dice(spinUs + 1);
        const bys: End[] = [];
        let slept = 0;
        lab.lane.start();
        for (let round = 0; round < ROUNDS; round += 1) {
          const by = ENDS[roll(ENDS.length)] as End;
          bys.push(by);
          beginRound(lab);
          pause(lab, roll);
          slept += Atomics.load(lab.memory.i32, lab.memory.channel + Channel.WAITING);
          end(lab, by, round);
          ended(lab, round, by);
          // A request that was given up: nobody takes it any more.
          take(lab);
          Atomics.store(lab.memory.i32, lab.memory.channel + Channel.CLOSING, 0);
        }
        const told = await lab.lane.result;
        bys.forEach((by, round) =>
          expect(told[round], `round ${round}, ${by}`).to.equal(answerOf(by, round)),
        );
        expect(slept, 'rounds in which the lane slept').to.be.above(0);
        expect(ROUNDS - slept, 'rounds in which it did not').to.be.above(0);
      });
    });

    it(`a lane that waits for a reader goes on when one comes, whenever that is (${how})`, async () => {
      const rounds = heldUp ? 3 * ROUNDS : ROUNDS;
      const script = { kind: 'chunks', highWaterMark: 1, pauseUs: 0 } as const;
      await withChannel({ rounds, spinUs, heldUp, most: 8, script }, async ({ channel, lane, ...lab }) => {
        const roll = dice(5);
        lane.start();
        for (let round = 0; round < rounds; round += 1) {
          if (roll(4) === 0) {
            channel.wanted = true;
            lab.asleepUntil(() => channel.hasChunks, `chunk ${round}`);
            channel.wanted = false;
          } else {
            spinUntil(() => channel.hasChunks, `chunk ${round}`);
            linger(roll(1_000));
          }
          const head = channel.nextChunk();
          if (head !== null) channel.takeChunk(head, chunks);
        }
        expect(await lane.result).to.have.length(rounds);
      });
    });
  }

  it('a host that waits for a chunk is rung for it, whenever it began to wait', async () => {
    const script = { kind: 'chunks', highWaterMark: 64, pauseUs: 60 } as const;
    await withChannel(
      { rounds: ROUNDS, spinUs: 0, most: 8, script },
      async ({ channel, lane, words, ...lab }) => {
        const roll = dice(9);
        let found = 0;
        let waited = 0;
        lane.start();
        for (let round = 0; round < ROUNDS; round += 1) {
          dawdle(roll(100));
          if (channel.hasChunks) found += 1;
          else {
            waited += 1;
            const rings = Atomics.load(words, Word.RING);
            channel.wanted = true;
            lab.asleepUntil(() => channel.hasChunks, `chunk ${round}`);
            channel.wanted = false;
            expect(Atomics.load(words, Word.RING) - rings).to.be.within(0, 65);
          }
          const head = channel.nextChunk();
          if (head === null) throw new Error(`chunk ${round} is gone`);
          const bytes = channel.takeChunk(head, chunks) as Buffer;
          if (!isOf(bytes, round, bytes.length)) expect.fail(`chunk ${round} is another one`);
        }
        await lane.result;
        expect(Math.min(found, waited), 'chunks found, and chunks waited for').to.be.above(0);
      },
    );
  });

  it('nobody is rung for chunks that nobody waits for', async () => {
    const script = { kind: 'chunks', highWaterMark: 64, pauseUs: 0 } as const;
    await withChannel({ rounds: 50, spinUs: 0, most: 8, script }, async ({ channel, lane, words }) => {
      lane.start();
      await lane.result;
      // The one at the very end is the script's.
      expect(Atomics.load(words, Word.RING)).to.equal(1);
      expect(channel.rung).to.equal(false);
      channel.wanted = true;
      expect(channel.rung).to.equal(true);
    });
  });
});
