/** M3, M20: the channel of a lane, with a real thread on its other end: order, answers, credit. */
import { expect } from 'chai';
import type { Scalar } from '../../../src/declare/spec.js';
import type { RecordHead } from '../../../src/lanes/channel/lane-channel.js';
import { Channel } from '../../../src/shared/memory/channel.js';
import { RecordKind } from '../../../src/shared/memory/record.js';
import { dice } from '../../shared/thread.js';
import { SEED, beginRound, spinUntil, withChannel } from './channel-lab.js';
import {
  FALLBACK,
  PROCEED,
  SEQUENCE,
  STOP,
  TYPES,
  Word,
  asked,
  chunks,
  isOf,
  lengthOf,
} from './channel-thread.js';
import { turns } from '../../helpers/waiting.js';

/** What the host answers in a round: as much of the type as there is. */
function valueOf(type: Scalar | 'void', round: number): number | bigint | boolean | undefined {
  switch (type) {
    case 'i32':
      return -round - 1;
    case 'u32':
      return 2 ** 32 - 1 - round;
    case 'f64':
      return round + 0.5;
    case 'i64':
      return -(2n ** 62n) - BigInt(round);
    case 'u64':
      return 2n ** 63n + BigInt(round);
    case 'bool':
      return round % 2 === 0;
    default:
      return undefined;
  }
}

const typeOf = (round: number): Scalar | 'void' => TYPES[round % TYPES.length] as Scalar;
const nativeForm = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

function expectCall(head: RecordHead | null, round: number): RecordHead {
  expect([head?.noCall, head?.sequence, head?.generation], `round ${round}`).to.deep.equal([
    false,
    SEQUENCE,
    round,
  ]);
  return head as RecordHead;
}

describe('LaneChannel and ChannelWriter: requests', () => {
  it('each is taken once and gets its own answer, of every type, small and large', async () => {
    const rounds = 700;
    await withChannel({ rounds, spinUs: 20, most: 6_000, script: { kind: 'requests' } }, async (lab) => {
      const { channel, lane } = lab;
      const roll = dice(SEED);
      let byPort = 0;
      lane.start();
      for (let round = 0; round < rounds; round += 1) {
        beginRound(lab);
        lab.asleepUntil(() => channel.hasCalls, `request ${round}`);
        const head = expectCall(channel.nextCall(), round);
        if ((head.kind & RecordKind.BY_PORT) !== 0) byPort += 1;
        const [bytes] = channel.takeCall(head, asked('void', true).callback.params) as [Buffer];
        expect(isOf(bytes, round, lengthOf(roll, 6_000)), `bytes of ${round}`).to.equal(true);
        expect(channel.hasCalls, 'it waits, and asks for nothing else').to.equal(false);
        if (round % 5 === 4) channel.decline(head.request);
        else channel.reply(head.request, typeOf(round), valueOf(typeOf(round), round));
      }
      const told = await lane.result;
      told.forEach((value, round) => {
        const type = typeOf(round);
        const none = type === 'i64' || type === 'u64' ? BigInt(FALLBACK) : FALLBACK;
        const expected = type === 'void' ? undefined : round % 5 === 4 ? none : valueOf(type, round);
        expect(value, `${type} of ${round}`).to.equal(nativeForm(expected));
      });
      expect(byPort, 'requests whose values came by port').to.be.above(10);
    });
  });

  it('an answer to an earlier request reaches nobody', async () => {
    const rounds = 300;
    await withChannel({ rounds, spinUs: 5, most: 50, script: { kind: 'requests' } }, async (lab) => {
      const { channel, lane, memory, words } = lab;
      const cancelFlag = memory.rowWord(SEQUENCE) + 1;
      lane.start();
      let late = 0;
      for (let round = 0; round < rounds; round += 1) {
        beginRound(lab);
        lab.asleepUntil(() => channel.hasCalls, `request ${round}`);
        const head = expectCall(channel.nextCall(), round);
        channel.takeCall(head, asked('void', true).callback.params);
        if (round % 2 === 0) {
          // Stopped: the lane goes on without an answer.
          Atomics.store(memory.i32, cancelFlag, 1);
          channel.nudge();
          late = head.request;
        } else {
          // The answer to the last one comes when the lane waits for this one.
          channel.reply(late, typeOf(round), valueOf(typeOf(round), round + 5_000));
          channel.reply(head.request, typeOf(round), valueOf(typeOf(round), round));
        }
        while (Atomics.load(words, Word.DONE) === round) {
          expect(Atomics.wait(words, Word.DONE, round, 3_000), `round ${round}`).to.not.equal('timed-out');
        }
      }
      const told = await lane.result;
      for (let round = 1; round < rounds; round += 2) {
        expect(told[round], `answer ${round}`).to.equal(nativeForm(valueOf(typeOf(round), round)));
      }
    });
  });
});

describe('LaneChannel and ChannelWriter: chunks', () => {
  for (const highWaterMark of [1, 2, 64]) {
    for (const most of [40, 2_000]) {
      it(`never more than ${highWaterMark} unread, of up to ${most} bytes, each once and in order`, async () => {
        const rounds = 3_000;
        const script = { kind: 'chunks', highWaterMark, pauseUs: 0 } as const;
        await withChannel({ rounds, spinUs: 5, most, script }, async ({ channel, lane, memory, ...lab }) => {
          const sizes = dice(SEED);
          const roll = dice(1);
          const word = (index: number): number => Atomics.load(memory.i32, memory.channel + index);
          let [taken, greatest, byPort] = [0, 0, 0];
          lane.start();
          while (taken < rounds) {
            channel.wanted = true;
            lab.asleepUntil(() => channel.hasChunks, `chunk ${taken}`);
            channel.wanted = roll(2) === 0;
            // Takes some, and leaves others.
            for (let some = 1 + roll(highWaterMark * 2); some > 0; some -= 1) {
              greatest = Math.max(greatest, (word(Channel.CHUNKS_WRITTEN) - word(Channel.CHUNKS_TAKEN)) | 0);
              const head = channel.nextChunk();
              if (head === null) break;
              if ((head.kind & RecordKind.BY_PORT) !== 0) byPort += 1;
              const bytes = channel.takeChunk(head, chunks) as Buffer;
              if (!isOf(bytes, taken, lengthOf(sizes, most))) expect.fail(`chunk ${taken} is another one`);
              taken += 1;
            }
            if (roll(20) === 0) await turns(1);
          }
          expect(await lane.result).to.deep.equal(Array<number>(rounds).fill(PROCEED));
          expect(greatest, 'unread').to.be.within(1, highWaterMark);
          if (most > 1_000) expect(byPort, 'chunks that came by port').to.be.above(100);
          expect(channel.hasChunks).to.equal(false);
        });
      });
    }
  }

  it('a pipe that is full of bytes makes native code wait, whatever the credit', async () => {
    const script = { kind: 'chunks', highWaterMark: 65_536, pauseUs: 0 } as const;
    await withChannel(
      { rounds: 500, spinUs: 0, most: 400, script },
      async ({ channel, lane, memory, ...lab }) => {
        const waits = (): boolean => Atomics.load(memory.i32, memory.channel + Channel.WAITING) === 1;
        lane.start();
        spinUntil(waits, 'the pipe to be full');
        expect(Atomics.load(memory.i32, memory.channel + Channel.CHUNKS_WRITTEN)).to.be.within(8, 200);
        const sizes = dice(SEED);
        let taken = 0;
        for (; taken < 500; taken += 1) {
          channel.wanted = true;
          lab.asleepUntil(() => channel.hasChunks, `chunk ${taken}`);
          const head = channel.nextChunk() as RecordHead;
          const bytes = channel.takeChunk(head, chunks) as Buffer;
          expect(isOf(bytes, taken, lengthOf(sizes, 400)), `chunk ${taken}`).to.equal(true);
        }
        expect(await lane.result).to.have.length(500);
      },
    );
  });

  it('chunks of a call that is over are dropped, and those behind them are not', async () => {
    const script = { kind: 'chunks', highWaterMark: 4, pauseUs: 0 } as const;
    await withChannel({ rounds: 400, spinUs: 0, most: 2_000, script }, async ({ channel, lane, ...lab }) => {
      const sizes = dice(SEED);
      lane.start();
      for (let round = 0; round < 400; round += 1) {
        channel.wanted = true;
        lab.asleepUntil(() => channel.hasChunks, `chunk ${round}`);
        const head = channel.nextChunk() as RecordHead;
        const length = lengthOf(sizes, 2_000);
        if (round % 3 === 0) channel.dropChunk(head);
        else expect(isOf(channel.takeChunk(head, chunks) as Buffer, round, length)).to.equal(true);
      }
      expect(await lane.result).to.deep.equal(Array<number>(400).fill(PROCEED));
    });
  });

  it('a stop ends the wait for a reader, and every chunk after it is answered with stop', async () => {
    const script = { kind: 'chunks', highWaterMark: 2, pauseUs: 0 } as const;
    await withChannel(
      { rounds: 10, spinUs: 0, most: 10, script },
      async ({ channel, lane, memory, ...lab }) => {
        const written = (): number => Atomics.load(memory.i32, memory.channel + Channel.CHUNKS_WRITTEN);
        channel.wanted = true;
        lane.start();
        lab.asleepUntil(() => written() === 2, 'two chunks');
        Atomics.store(memory.i32, memory.rowWord(SEQUENCE) + 1, 1);
        channel.nudge();
        expect(await lane.result).to.deep.equal([PROCEED, PROCEED, ...Array<number>(8).fill(STOP)]);
        expect(written()).to.equal(2);
      },
    );
  });
});

describe('LaneChannel and ChannelWriter: both pipes', () => {
  it('payloads by port stay in the order of their pipe, whichever the host looks at', async () => {
    const rounds = 3_000;
    await withChannel({ rounds, spinUs: 5, most: 6_000, script: { kind: 'both' } }, async (lab) => {
      const { channel, lane } = lab;
      const roll = dice(SEED);
      const expected: { chunks: [number, number][]; calls: [number, number][] } = { chunks: [], calls: [] };
      for (let round = 0; round < rounds; round += 1) {
        const entry: [number, number] = [round, lengthOf(roll, 6_000)];
        (roll(2) === 0 ? expected.chunks : expected.calls).push(entry);
      }
      const choose = dice(3);
      channel.wanted = true;
      lane.start();
      for (let left = rounds; left > 0; ) {
        lab.asleepUntil(() => channel.hasCalls || channel.hasChunks, 'a record');
        const chunk = choose(2) === 0;
        const head = chunk ? channel.nextChunk() : channel.nextCall();
        if (head === null) continue;
        const [round, length] = (chunk ? expected.chunks : expected.calls).shift() as [number, number];
        const bytes = chunk
          ? channel.takeChunk(head, chunks)
          : channel.takeCall(head, asked('void', false).callback.params)?.[0];
        expect(isOf(bytes as Buffer, round, length), `record ${round}`).to.equal(true);
        expect(head.request, 'nobody waits').to.equal(0);
        left -= 1;
      }
      await lane.result;
    });
  });
});
