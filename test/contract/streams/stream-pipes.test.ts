/** M3, M16: streams of native code are async iterables, and web streams where one is asked for; both go into node:stream. */
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect } from 'chai';
import { CallCancelledError, chunks, NativeError, StreamError } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, expectClean, onCallbackEngines, words } from '../../helpers/talk.js';
import { turns, until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  ot_stream_tracked: {
    arguments: [chunks(CHUNK, { ...BYTES, highWaterMark: 4 }), 'i32', 'i32', 'buffer'],
    return: 'i32',
  },
  ot_stream_then_fail: {
    arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'i32'],
    return: 'i32',
    fails: 'nonzero',
    lastError: 'ot_last_error',
  },
});
const made = (count: number, size: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(size, i & 255)));

/** Keeps what it is given; slow, and with room for one chunk. */
class Sink extends Writable {
  readonly seen: Buffer[] = [];
  constructor() {
    super({ highWaterMark: 1 });
  }
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.seen.push(chunk);
    setImmediate(done);
  }
}

async function readAll<C>(stream: ReadableStream<C>): Promise<C[]> {
  const reader = stream.getReader();
  const all: C[] = [];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return all;
    all.push(value);
  }
}

onCallbackEngines('a stream as a web stream', (engine) => {
  it('gives everything, in order, and then closes', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_chunks.stream(300, 30);
      const all = await readAll(stream.readable());
      expect(Buffer.concat(all).equals(made(300, 30))).to.equal(true);
      expect(await stream.result).to.equal(300);
      expect(await stream.ended()).to.equal('done');
      await expectClean(pool);
    });
  });

  it('can be made of it by the platform, too', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_chunks.stream(300, 30);
      const web = ReadableStream.from(stream) as ReadableStream<Buffer>;
      expect(Buffer.concat(await readAll(web)).equals(made(300, 30))).to.equal(true);
      expect(await stream.result).to.equal(300);
    });
  });

  it('cancels native code when it is cancelled', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(1_000_000, 30, begun);
      const reader = stream.readable().getReader();
      for (let i = 0; i < 3; i++) expect((await reader.read()).value).to.have.lengthOf(30);
      await reader.cancel('seen enough');
      expect(await stream.ended()).to.equal('cancelled');
      await rejection(stream.result, CallCancelledError);
      expect(begun[0]).to.be.below(30);
      await expectClean(pool);
    });
  });

  it('errors with what the function failed with', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_then_fail.stream(3, 30, 7);
      const error = await rejection(readAll(stream.readable()), NativeError);
      expect(error.returned).to.equal(7);
    });
  });

  it('is a reader: there can be no other', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib) => {
      const stream = lib.ot_stream_chunks.stream(3, 30);
      const web = stream.readable();
      await rejection(collect(stream), StreamError);
      expect(await readAll(web)).to.have.lengthOf(3);
    });
  });

  it('holds native code back while nobody reads it', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib) => {
      const begun = words(1, 0);
      const web = lib.ot_stream_tracked.stream(200, 30, begun).readable();
      await until(() => (begun[0] ?? 0) >= 4, 'native code to come to the mark');
      await lib.ot_sleep_ms(60);
      await turns(20);
      expect(begun[0], 'the mark, and what the web stream holds itself').to.be.within(4, 10);
      expect(Buffer.concat(await readAll(web)).equals(made(200, 30))).to.equal(true);
    });
  });
});

onCallbackEngines('a stream in node:stream', (engine) => {
  it('goes through a pipeline to a slow sink', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_chunks.stream(200, 100);
      const invert = new Transform({
        transform(chunk: Buffer, _, done) {
          done(null, Buffer.from(chunk.map((byte) => 255 - byte)));
        },
      });
      const sink = new Sink();
      await pipeline(stream, invert, sink);
      const expected = Buffer.from(made(200, 100).map((byte) => 255 - byte));
      expect(Buffer.concat(sink.seen).equals(expected)).to.equal(true);
      expect(await stream.result).to.equal(200);
      await expectClean(pool);
    });
  });

  it('goes through a pipeline of generators, and through a web stream', async () => {
    await withTalk(engine, {}, async (lib) => {
      const count = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<string> {
        let bytes = 0;
        for await (const chunk of source) bytes += chunk.length;
        yield String(bytes);
      };
      for (const source of [
        lib.ot_stream_chunks.stream(50, 11),
        Readable.from(lib.ot_stream_chunks.stream(50, 11)),
        Readable.fromWeb(lib.ot_stream_chunks.stream(50, 11).readable() as never),
      ]) {
        const sink = new Sink();
        await pipeline(source as AsyncIterable<Buffer>, count, sink);
        expect(Buffer.concat(sink.seen).toString()).to.equal('550');
      }
    });
  });

  it('is cancelled when the sink fails', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(1_000_000, 100, begun);
      const full = new Error('the disk is full');
      let left = 5;
      const sink = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => done(left-- > 0 ? null : full),
      });
      let caught: unknown;
      await pipeline(stream, sink).catch((error: unknown) => (caught = error));
      expect(caught).to.equal(full);
      expect(await stream.ended()).to.equal('cancelled');
      expect(begun[0]).to.be.below(100);
      await expectClean(pool);
    });
  });

  it('fails the pipeline when the function fails', async () => {
    await withTalk(engine, {}, async (lib) => {
      const sink = new Sink();
      const piping = pipeline(lib.ot_stream_then_fail.stream(4, 10, 3), sink);
      expect((await rejection(piping, NativeError)).message).to.include('failed with code 3');
      expect(sink.seen).to.have.lengthOf(4);
    });
  });
});
