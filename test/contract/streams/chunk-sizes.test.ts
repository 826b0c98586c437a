/** M3, M15, M16, B4: chunks of every size come whole, once and in order, by whichever way they travel. */
import { expect } from 'chai';
import { chunks } from 'offthread';
import { slow } from '../../helpers/fast-run.js';
import { withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, expectClean, onCallbackEngines, randomFrom } from '../../helpers/talk.js';
import { turns } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  ot_stream_deaf: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_sizes: { arguments: [chunks(CHUNK, BYTES), 'buffer', 'i32'], return: 'i32' },
});

/** Where another way begins: a buffer of its own, a quarter of the pipe, the pipe, one buffer a message. */
const BORDERS = [8_192, 65_536, 262_144, 1_048_576];

const isOf = (chunk: Buffer, index: number, length: number): boolean =>
  chunk.length === length && chunk.equals(Buffer.alloc(length, index & 255));

const bytesOf = (sizes: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(sizes).buffer);

function randomSizes(count: number, seed: number): number[] {
  const random = randomFrom(seed);
  const some = [0, 1, 100, 5_000, 8_191, 8_192, 20_000, 65_536, 70_000, 300_000];
  return Array.from({ length: count }, () => some[Math.floor(random() * some.length)] as number);
}

onCallbackEngines('chunks of all sizes (M3)', (engine) => {
  it('come whole around each border', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const border of BORDERS) {
        const sizes = [-9, -8, -1, 0, 1, 8, 9].flatMap((off) => [border + off, border + off]);
        const all = await collect(lib.ot_stream_sizes.stream(bytesOf(sizes), sizes.length));
        expect(all.map(({ length }) => length)).to.deep.equal(sizes);
        all.forEach((chunk, index) => {
          expect(isOf(chunk, index, sizes[index] as number), `${sizes[index]} bytes`).to.equal(true);
        });
      }
    });
  });

  it('keep their order where sizes alternate, read and handled', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const sizes = randomSizes(300, 12);
      let read = 0;
      for await (const chunk of lib.ot_stream_sizes.stream(bytesOf(sizes), sizes.length)) {
        expect(isOf(chunk, read, sizes[read] as number), `chunk ${read}`).to.equal(true);
        read += 1;
      }
      expect(read).to.equal(300);
      let handled = 0;
      const onChunk = (chunk: Buffer): void => {
        expect(isOf(chunk, handled, sizes[handled] as number), `chunk ${handled}`).to.equal(true);
        handled += 1;
      };
      expect(await lib.ot_stream_sizes.with({ onChunk })(bytesOf(sizes), sizes.length)).to.equal(300);
      expect(handled).to.equal(300);
      await expectClean(pool);
    });
  });

  it('belong to their reader: later chunks and transfers change none', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const size of [8_192, 40_000]) {
        const all: Buffer[] = [];
        for await (const chunk of lib.ot_stream_chunks.stream(100, size)) {
          if (all.length === 5) {
            const moved = structuredClone(chunk, { transfer: [chunk.buffer as ArrayBuffer] });
            expect(isOf(Buffer.from(moved), 5, size)).to.equal(true);
            all.push(Buffer.from(moved));
          } else all.push(chunk);
        }
        await collect(lib.ot_stream_chunks.stream(100, size));
        all.forEach((chunk, index) => expect(isOf(chunk, index, size), `chunk ${index}`).to.equal(true));
      }
    });
  });

  it('start anew with the next stream, wherever one was cancelled (M16)', async () => {
    await withTalk(engine, { lanes: 1, grace: 8_000 }, async (lib, pool) => {
      const random = randomFrom(9);
      for (let round = 0; round < 60; round += 1) {
        const size = ([8_192, 30_000, 65_536, 200_000] as const)[round % 4] as number;
        const last = Math.floor(random() * 30);
        const stream = lib.ot_stream_chunks.stream(64, size);
        let read = 0;
        try {
          for await (const chunk of stream) {
            expect(isOf(chunk, read, size), `round ${round}, chunk ${read}`).to.equal(true);
            read += 1;
            if (read === last) stream.cancel();
          }
        } catch (error) {
          expect(error).to.have.property('code', 'OFFTHREAD_CALL_CANCELLED');
        }
      }
      await expectClean(pool);
    });
  });

  slow('are bounded in memory behind a slow reader, whatever is handed out (B4)', async function () {
    this.timeout(20_000);
    await withTalk(engine, { grace: 8_000 }, async (lib) => {
      const { rss } = process.memoryUsage();
      let [read, most] = [0, 0];
      for await (const chunk of lib.ot_stream_chunks.with({ highWaterMark: 8 }).stream(6_000, 65_536)) {
        read += chunk.length;
        if (read % (65_536 * 200) !== 0) continue;
        await turns(5);
        most = Math.max(most, process.memoryUsage().rss - rss);
      }
      expect(read).to.equal(6_000 * 65_536);
      expect(most, 'bytes, with what was not collected yet').to.be.below(250_000_000);
    });
  });

  it('are handed over until their pool is destroyed, at any moment (M15)', async () => {
    const random = randomFrom(77);
    for (let round = 0; round < 4; round += 1) {
      await withTalk(engine, { lanes: 1, grace: 0 }, async (lib, pool) => {
        const size = ([8_192, 65_536, 100_000] as const)[round % 3] as number;
        const refused = new Uint8Array(new SharedArrayBuffer(4));
        // Every other one does not stop when it is told to: its thread is left behind while it calls back.
        const stream =
          round % 2 === 0
            ? lib.ot_stream_chunks.stream(100_000, size)
            : lib.ot_stream_deaf.stream(2_000, size, refused);
        const last = 1 + Math.floor(random() * 40);
        let read = 0;
        let ended: Promise<void> | undefined;
        try {
          for await (const chunk of stream) {
            expect(isOf(chunk, read, size), `round ${round}, chunk ${read}`).to.equal(true);
            read += 1;
            if (read === last) ended = pool.destroy();
          }
        } catch {
          // The pool has ended.
        }
        expect(read).to.be.at.least(last);
        await ended;
      });
    }
  });
});
