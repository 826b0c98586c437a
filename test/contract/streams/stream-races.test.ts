/** M16, M27: cancelling that races with completion is harmless, and a thousand endings leave nothing behind. */
import { expect } from 'chai';
import { CallCancelledError, chunks, type NativeStream } from 'offthread';
import { OFFTEST } from '../../helpers/offtest.js';
import {
  BYTES,
  CHUNK,
  collect,
  expectClean,
  onCallbackEngines,
  randomFrom,
  unhandled,
  words,
} from '../../helpers/talk.js';
import { withLibrary } from '../../helpers/contract.js';
import { turns } from '../../helpers/waiting.js';

const few = chunks(CHUNK, { ...BYTES, highWaterMark: 8 });
const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_chunks: { arguments: [few, 'i32', 'i32'], return: 'i32' },
  ot_stream_tracked: { arguments: [few, 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_then_fail: {
    arguments: [few, 'i32', 'i32', 'i32'],
    return: 'i32',
    fails: 'nonzero',
    lastError: 'ot_last_error',
  },
});

onCallbackEngines('cancelling and completing at once (M16)', (engine) => {
  it('ends in one of the two, with everything that belongs to it', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const random = randomFrom(16);
      const seen: Record<string, number> = { done: 0, cancelled: 0 };
      const reasons = await unhandled(async () => {
        for (let round = 0; round < 200; round++) {
          const count = Math.floor(random() * 12);
          const at = Math.floor(random() * (count + 2));
          const stream = lib.ot_stream_chunks.stream(count, round % 3 === 0 ? 2_000 : 10);
          let read = 0;
          const reading = (async () => {
            for await (const chunk of stream) {
              expect(chunk[0]).to.equal(read);
              read += 1;
              if (read === at) stream.cancel(round);
            }
          })().catch((error: unknown) => error);
          // Some of them once more, at a moment of no meaning.
          if (round % 2 === 0) {
            await turns(Math.floor(random() * 6));
            stream.cancel(round);
          }
          const failure = await reading;
          const how = await stream.ended();
          seen[how] = (seen[how] ?? 0) + 1;
          const record = await stream.result.settled();
          if (how === 'done') {
            expect(failure).to.equal(undefined);
            expect([read, record.value]).to.deep.equal([count, count]);
          } else {
            expect(failure).to.be.instanceOf(CallCancelledError);
            expect(record).to.include({ status: 'cancelled' });
            expect((failure as Error).cause).to.equal(round);
          }
          expect(stream.cancel(), 'it is over').to.equal(false);
        }
      });
      expect(reasons).to.deep.equal([]);
      expect(seen).to.have.keys('done', 'cancelled');
      expect(seen['done']).to.be.greaterThan(0);
      expect(seen['cancelled']).to.be.greaterThan(0);
      const { submitted, succeeded, cancelled } = pool.stats();
      expect({ submitted, succeeded, cancelled }).to.deep.equal({
        submitted: 200,
        succeeded: seen['done'],
        cancelled: seen['cancelled'],
      });
      await expectClean(pool);
    });
  });
});

type End = Awaited<ReturnType<NativeStream<Buffer, number>['ended']>>;

onCallbackEngines('a thousand streams (M16, M27)', (engine) => {
  it('ended in every way leave clean figures, free lanes and a pool that works', async () => {
    await withTalk(engine, { lanes: 2, maxQueue: 2_000, grace: 8_000 }, async (lib, pool) => {
      const random = randomFrom(1_000);
      const below = (limit: number): number => Math.floor(random() * limit);
      const open = (count = 40): NativeStream<Buffer, number> =>
        lib.ot_stream_chunks.stream(count, below(300));
      const leave = async (stream: NativeStream<Buffer, number>, after: number): Promise<void> => {
        let read = 0;
        for await (const chunk of stream) {
          expect(chunk[0]).to.equal(read);
          if (++read > after) break;
        }
      };
      const ways: (() => Promise<End>)[] = [
        async () => {
          const stream = open();
          expect(await collect(stream)).to.have.lengthOf(40);
          return stream.ended();
        },
        async () => {
          const stream = open();
          await leave(stream, below(20));
          return stream.ended();
        },
        async () => {
          const stream = open();
          stream.cancel();
          return stream.ended();
        },
        async () => {
          const stream = open();
          await turns(below(8));
          stream.cancel('later');
          return stream.ended();
        },
        async () => {
          const stream = lib.ot_stream_then_fail.stream(below(20), 10, 9);
          await collect(stream).catch(() => {});
          return stream.ended();
        },
        async () => lib.ot_stream_chunks.with({ timeout: 3 }).stream(40, 10).ended(),
        async () => {
          const controller = new AbortController();
          const stream = lib.ot_stream_chunks.with({ signal: controller.signal }).stream(40, 10);
          const reading = collect(stream).catch(() => {});
          await turns(below(4));
          controller.abort();
          await reading;
          return stream.ended();
        },
        async () => {
          const stream = open();
          const reader = stream.readable().getReader();
          await reader.read();
          await reader.cancel();
          return stream.ended();
        },
        async () => {
          const stream = open();
          await stream[Symbol.asyncDispose]();
          return stream.ended();
        },
        async () => {
          const onChunk = (chunk: Buffer): void => {
            if (chunk[0] === 5) throw new Error('five');
          };
          return lib.ot_stream_chunks.with({ onChunk }).stream(40, 10).ended();
        },
      ];
      const ends: Record<End, number> = { done: 0, cancelled: 0, failed: 0, 'timed-out': 0 };
      const reasons = await unhandled(async () => {
        for (let batch = 0; batch < 50; batch++) {
          const running = Array.from({ length: 20 }, () => ways[below(ways.length)] as () => Promise<End>);
          for (const end of await Promise.all(running.map((way) => way()))) ends[end] += 1;
        }
        await pool.drain();
      });
      expect(reasons).to.deep.equal([]);
      for (const end of Object.keys(ends) as End[]) expect(ends[end], end).to.be.greaterThan(0);
      expect(pool.stats()).to.include({
        submitted: 1_000,
        succeeded: ends.done,
        cancelled: ends.cancelled,
        failed: ends.failed,
        timedOut: ends['timed-out'],
        refused: 0,
        lateCallbacks: 0,
      });
      await expectClean(pool);
      const begun = words(1, 0);
      expect(await collect(lib.ot_stream_tracked.stream(100, 10, begun))).to.have.lengthOf(100);
      expect(begun[0]).to.equal(100);
    });
  });
});
