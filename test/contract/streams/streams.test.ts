/** M3, M18: chunks come in order, all of them, as private copies; the result of the function comes after the last. */
import { expect } from 'chai';
import { callback, chunks, type NativeStream, StreamError } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import {
  BYTES,
  CHUNK,
  collect,
  expectClean,
  NUMBER,
  onCallbackEngines,
  randomFrom,
  words,
} from '../../helpers/talk.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until } from '../../helpers/waiting.js';

const ROW = { arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' } as const;
const WRITER = { arguments: ['pointer', 'u32'], return: 'u32' } as const;
const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  tuples: { symbol: 'ot_stream_chunks', arguments: [chunks(CHUNK), 'i32', 'i32'], return: 'i32' },
  ot_stream_sizes: { arguments: [chunks(CHUNK, BYTES), 'buffer', 'i32'], return: 'i32' },
  ot_stream_tracked: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_while: { arguments: [callback(NUMBER), chunks(CHUNK, BYTES), 'i32'], return: 'i32' },
  ot_select: { arguments: [chunks(ROW, { stop: 1 }), 'pointer', 'i32', 'i32'], return: 'i32' },
  ot_write_all: {
    arguments: [chunks(WRITER, { bytes: [0, 1], stop: 0 }), 'i32', 'i32'],
    return: 'i32',
  },
  said: {
    symbol: 'ot_write_all',
    arguments: [chunks(WRITER, { bytes: [0, 1], stop: 2 ** 32 - 1, proceed: 'length' }), 'i32', 'i32'],
    return: 'i32',
  },
  fixed: {
    symbol: 'ot_write_all',
    arguments: [chunks(WRITER, { bytes: [0, 1], stop: 0, proceed: 8 }), 'i32', 'i32'],
    return: 'i32',
  },
});
/** What native code fills chunk `index` with. */
const made = (index: number, size: number): Buffer => Buffer.alloc(size, index & 255);

onCallbackEngines('chunks (M3)', (engine) => {
  for (const [size, count] of [
    [1, 2_000],
    [13, 500],
    [248, 300],
    [4_096, 1_000],
    [65_537, 100],
    [1_048_576, 12],
  ] as const) {
    it(`all arrive, in order: ${count} of ${size} bytes`, async () => {
      await withTalk(engine, {}, async (lib, pool) => {
        const stream = lib.ot_stream_chunks.stream(count, size);
        let index = 0;
        for await (const chunk of stream) {
          if (!chunk.equals(made(index, size))) expect.fail(`chunk ${index} is another`);
          index += 1;
        }
        expect(index).to.equal(count);
        expect(await stream.result).to.equal(count);
        expect(await stream.ended()).to.equal('done');
        await expectClean(pool);
      });
    });
  }

  it('of all sizes come mixed, empty ones too', async () => {
    await withTalk(engine, {}, async (lib) => {
      const random = randomFrom(3);
      const lengths = Array.from({ length: 400 }, (_, i) =>
        i % 4 === 0 ? 0 : Math.floor(random() ** 4 * 90_000),
      );
      const sizes = new Uint32Array(new SharedArrayBuffer(4 * lengths.length));
      sizes.set(lengths);
      const stream = lib.ot_stream_sizes.stream(sizes, lengths.length);
      const all = await collect(stream);
      expect(all.map(({ length }) => length)).to.deep.equal(lengths);
      expect(all.every((chunk, index) => chunk.equals(made(index, chunk.length)))).to.equal(true);
      expect(await stream.result).to.equal(lengths.length);
    });
  });

  it('are none where native code gives none', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_chunks.stream(0, 10);
      expect(await collect(stream)).to.deep.equal([]);
      expect(await stream.result).to.equal(0);
    });
  });

  it('are Buffers of their own, which nobody else writes to', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const size of [10, 3_000, 200_000]) {
        const all: Buffer[] = [];
        for await (const chunk of lib.ot_stream_chunks.stream(40, size)) {
          expect(Buffer.isBuffer(chunk)).to.equal(true);
          expect(chunk.equals(made(all.length, size)), `chunk ${all.length} of ${size}`).to.equal(true);
          chunk.fill(255 - all.length);
          all.push(chunk);
        }
        expect(all.every((chunk, i) => chunk.equals(Buffer.alloc(size, 255 - i)))).to.equal(true);
      }
    });
  });

  it('are the tuples of all arguments where the declaration names no bytes', async () => {
    await withTalk(engine, {}, async (lib) => {
      const all = await collect(lib.tuples.stream(3, 7));
      expect(all.map(([index, , length]) => [index, length])).to.deep.equal([
        [0, 7],
        [1, 7],
        [2, 7],
      ]);
      expect(all.every(([, at]) => typeof at === 'bigint' && at !== 0n)).to.equal(true);
      const rows = await collect(lib.ot_select.stream(0x99n, 300, 2));
      expect(rows).to.have.lengthOf(300);
      expect(rows[7]).to.deep.equal([0x99n, 2, ['r7c0', 'r7c1'], ['column 0', 'column 1']]);
      expect(rows[299]?.[2]).to.deep.equal([null, 'r299c1']);
    });
  });

  it('answer native code with what the declaration says: 0, their length, or a number', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const fn of [lib.ot_write_all, lib.said, lib.fixed]) {
        const stream = fn.stream(20, 8);
        expect(await collect(stream)).to.have.lengthOf(20);
        expect(await stream.result).to.equal(20);
      }
      const other = lib.fixed.stream(20, 9);
      expect(await collect(other), 'refused by what it answers').to.have.lengthOf(1);
      expect(await other.result).to.equal(0);
    });
  });

  it('come beside the callbacks of the same function', async () => {
    await withTalk(engine, {}, async (lib) => {
      const asked: number[] = [];
      const more = async (n: number): Promise<number> => {
        asked.push(n);
        await turns(1);
        return n < 5 ? 1 : 0;
      };
      const stream = lib.ot_stream_while.stream(more, 9);
      expect(await collect(stream)).to.deep.equal([0, 1, 2, 3, 4].map((i) => made(i, 9)));
      expect(await stream.result).to.equal(5);
      expect(asked).to.deep.equal([0, 1, 2, 3, 4, 5]);
    });
  });
});

onCallbackEngines('the result of a stream (M18)', (engine) => {
  it('comes after the last chunk has been read, however long native code is at its end', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(5, 10, begun);
      const events: string[] = [];
      void stream.result.then((count) => events.push(`result ${count}`));
      await until(() => begun[0] === 5, 'the last chunk');
      expect(await lib.ot_add(1, 2), 'native code has returned: its lane is free').to.equal(3);
      await turns(20);
      expect(events).to.deep.equal([]);
      let index = 0;
      for await (const chunk of stream) events.push(`chunk ${index++} ${chunk.length}`);
      await stream.result;
      expect(events).to.deep.equal([...[0, 1, 2, 3, 4].map((i) => `chunk ${i} 10`), 'result 5']);
      await expectClean(pool);
    });
  });

  it('is a call like any other: state, id, times, record', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_chunks.stream(2, 1);
      const { result } = stream;
      expect(result).to.be.instanceOf(Promise);
      await collect(stream);
      expect(result.id).to.be.greaterThan(0);
      expect(await result.settled()).to.include({ status: 'succeeded', value: 2 });
      expect(result.state).to.equal('succeeded');
      expect(result.timing.ranMs).to.be.at.least(0);
      expect(pool.stats()).to.include({ submitted: 1, succeeded: 1 });
    });
  });
});

onCallbackEngines('reading a stream', (engine) => {
  it('answers several next() at once, in their order', async () => {
    await withTalk(engine, {}, async (lib) => {
      const reader = lib.ot_stream_chunks.stream(7, 4)[Symbol.asyncIterator]();
      const all = await Promise.all(Array.from({ length: 10 }, () => reader.next()));
      expect(all.map(({ done }) => done === true)).to.deep.equal([...Array(7).fill(false), true, true, true]);
      expect(all.slice(0, 7).map(({ value }) => (value as Buffer)[0])).to.deep.equal([0, 1, 2, 3, 4, 5, 6]);
      expect(await reader.next()).to.deep.equal({ done: true, value: undefined });
    });
  });

  it('is for one reader: the second is refused, the first goes on', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_chunks.stream(200, 4);
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      const error = await rejection(collect(stream), StreamError);
      expect(error).to.include({ code: 'OFFTHREAD_STREAM_BUSY', kind: 'stream' });
      await rejection((async () => stream.readable().getReader().read())(), StreamError);
      let rest = 0;
      while ((await reader.next()).done !== true) rest += 1;
      expect(rest).to.equal(199);
      expect(await stream.result).to.equal(200);
    });
  });

  slow('of eight streams over four lanes mixes none of them up', async () => {
    await withTalk(engine, { lanes: 4 }, async (lib, pool) => {
      const read = async (stream: NativeStream<Buffer, number>, size: number): Promise<void> => {
        let index = 0;
        for await (const chunk of stream) {
          if (!chunk.equals(made(index, size))) expect.fail(`chunk ${index} of ${size}`);
          index += 1;
          if (index % 50 === 0) await turns(1);
        }
        expect(index).to.equal(300);
        expect(await stream.result).to.equal(300);
      };
      const sizes = [1, 20, 300, 301, 4_000, 20_000, 50_000, 100_000];
      await Promise.all(sizes.map((size) => read(lib.ot_stream_chunks.stream(300, size), size)));
      await expectClean(pool);
    });
  });
});
