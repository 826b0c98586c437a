/** M6: chunks given to a handler: its pace is the stream's, and what it throws fails the call or is reported. */
import { expect } from 'chai';
import { callback, chunks, HostFunctionError, ListenerError, type Pool, StreamError } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { OFFTEST } from '../../helpers/offtest.js';
import {
  BYTES,
  CHUNK,
  collect,
  expectClean,
  NUMBER,
  onCallbackEngines,
  unhandled,
  words,
} from '../../helpers/talk.js';
import { turns, until } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  ot_stream_tracked: {
    arguments: [chunks(CHUNK, { ...BYTES, highWaterMark: 4 }), 'i32', 'i32', 'buffer'],
    return: 'i32',
  },
  ot_stream_while: { arguments: [callback(NUMBER), chunks(CHUNK, BYTES), 'i32'], return: 'i32' },
});

/** What the pool's error listeners are told. */
function reports(pool: Pool): unknown[] {
  const errors: unknown[] = [];
  pool.on('error', (error) => errors.push(error));
  return errors;
}

onCallbackEngines('a handler of chunks', (engine) => {
  it('gets every chunk before the call settles', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const lengths: number[] = [];
      const call = lib.ot_stream_chunks.with({ onChunk: (chunk) => void lengths.push(chunk.length) });
      expect(await call(300, 20)).to.equal(300);
      expect(lengths).to.deep.equal(Array(300).fill(20));
      await expectClean(pool);
    });
  });

  it('may take its time: the next chunk waits, and the call too', async () => {
    await withTalk(engine, {}, async (lib) => {
      const events: string[] = [];
      const onChunk = async (chunk: Buffer): Promise<void> => {
        events.push(`in ${chunk[0]}`);
        await turns(3);
        events.push(`out ${chunk[0]}`);
      };
      expect(await lib.ot_stream_chunks.with({ onChunk })(6, 5)).to.equal(6);
      expect(events).to.deep.equal([0, 1, 2, 3, 4, 5].flatMap((i) => [`in ${i}`, `out ${i}`]));
    });
  });

  it('holds native code back as a reader does', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const release: (() => void)[] = [];
      const onChunk = (): Promise<void> => new Promise((resolve) => release.push(resolve));
      const call = lib.ot_stream_tracked.with({ onChunk })(40, 9, begun);
      await until(() => (begun[0] ?? 0) >= 4, 'native code to come to the mark');
      await lib.ot_sleep_ms(60);
      expect(release, 'one chunk in hand').to.have.lengthOf(1);
      expect(begun[0]).to.be.within(4, 6);
      for (let i = 0; i < 40; i++) {
        await until(() => release.length > i, 'the next chunk');
        release[i]?.();
      }
      expect(await call).to.equal(40);
      await expectClean(pool);
    });
  });

  it('may be given to a stream, which nobody else reads then', async () => {
    await withTalk(engine, {}, async (lib) => {
      let seen = 0;
      const stream = lib.ot_stream_chunks.with({ onChunk: () => (seen += 1) }).stream(200, 5);
      await rejection(collect(stream), StreamError);
      expect(await stream.result).to.equal(200);
      expect(seen).to.equal(200);
      expect(await stream.ended()).to.equal('done');
    });
  });

  it('is called beside the callbacks of the function', async () => {
    await withTalk(engine, {}, async (lib) => {
      const events: string[] = [];
      const more = (n: number): number => (events.push(`more ${n}`), n < 3 ? 1 : 0);
      const onChunk = (chunk: Buffer): number => events.push(`chunk ${chunk[0]}`);
      expect(await lib.ot_stream_while.with({ onChunk })(more, 4)).to.equal(3);
      expect(events.filter((event) => event.startsWith('more'))).to.have.lengthOf(4);
      expect(events.filter((event) => event.startsWith('chunk'))).to.deep.equal([
        'chunk 0',
        'chunk 1',
        'chunk 2',
      ]);
    });
  });

  it('may cancel the call', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      let seen = 0;
      const call = lib.ot_stream_chunks.with({
        onChunk: () => {
          seen += 1;
          if (seen === 5) call.cancel('enough');
        },
      })(1_000_000, 5);
      expect(await call.settled()).to.include({ status: 'cancelled' });
      expect(seen).to.equal(5);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('a handler of chunks that throws (M6)', (engine) => {
  const ways = {
    'at once': (what: Error) => (): never => {
      throw what;
    },
    later: (what: Error) => (): Promise<never> => turns(2).then(() => Promise.reject(what)),
  };
  for (const [when, throwing] of Object.entries(ways)) {
    it(`fails the call and stops native code, thrown ${when}`, async () => {
      await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
        const errors = reports(pool);
        const begun = words(1, 0);
        const what = new Error('no room on the disk');
        let seen = 0;
        const fail = throwing(what);
        const onChunk = (): unknown => ((seen += 1) === 3 ? fail() : undefined);
        const reasons = await unhandled(async () => {
          const call = lib.ot_stream_tracked.with({ onChunk })(1_000_000, 9, begun);
          const error = await rejection(call, HostFunctionError);
          expect(error.cause).to.equal(what);
          expect(error.message).to.include('no room on the disk');
          expect(error.symbol).to.equal('ot_stream_tracked');
        });
        expect(reasons).to.deep.equal([]);
        expect(seen, 'no chunk after that').to.equal(3);
        expect(begun[0]).to.be.at.most(3 + 4 + 2);
        expect(errors).to.deep.equal([]);
        await expectClean(pool);
      });
    });

    it(`is reported, and the stream goes on, with 'report', thrown ${when}`, async () => {
      await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
        const errors = reports(pool);
        const what = new Error('this chunk is odd');
        const fail = throwing(what);
        let seen = 0;
        const onChunk = (chunk: Buffer): unknown => {
          seen += 1;
          return (chunk[0] ?? 0) % 2 === 1 ? fail() : undefined;
        };
        const call = lib.ot_stream_chunks.with({ onChunk, onChunkError: 'report' })(20, 9);
        expect(await call).to.equal(20);
        expect(seen).to.equal(20);
        await until(() => errors.length === 10, 'ten reports');
        for (const error of errors) {
          expect(error).to.be.instanceOf(ListenerError);
          expect((error as Error).cause).to.equal(what);
        }
        await expectClean(pool);
      });
    });
  }

  it('fails a stream, which has ended then', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const onChunk = ways['at once'](new Error('broken'));
      const stream = lib.ot_stream_chunks.with({ onChunk }).stream(1_000_000, 9);
      expect(await stream.ended()).to.equal('failed');
      await rejection(stream.result, HostFunctionError);
      await expectClean(pool);
    });
  });

  it('is no unhandled rejection where nobody listens', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const onChunk = ways.later(new Error('unheard'));
      const reasons = await unhandled(async () => {
        expect(await lib.ot_stream_chunks.with({ onChunk, onChunkError: 'report' })(5, 9)).to.equal(5);
        lib.ot_stream_chunks.with({ onChunk }).stream(50, 9);
        await pool.drain();
      });
      expect(reasons).to.deep.equal([]);
    });
  });
});
