/** M15, M17: how streams fail, how their end is told, and what becomes of those that nobody reads. */
import { expect } from 'chai';
import { CallTimeoutError, ChannelClosedError, chunks, NativeError, StreamError } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import {
  BYTES,
  CHUNK,
  collect,
  expectClean,
  onCallbackEngines,
  onCallbackThreads,
  unhandled,
  words,
} from '../../helpers/talk.js';
import { slow } from '../../helpers/fast-run.js';
import { turns, until, wait } from '../../helpers/waiting.js';

const few = chunks(CHUNK, { ...BYTES, highWaterMark: 4 });
const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_tracked: { arguments: [few, 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_deaf: { arguments: [few, 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_gated: {
    arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer', 'buffer', 'i32'],
    return: 'i32',
  },
  ot_stream_then_fail: {
    arguments: [few, 'i32', 'i32', 'i32'],
    return: 'i32',
    fails: 'nonzero',
    lastError: 'ot_last_error',
  },
});
const MANY = 1_000_000;

onCallbackEngines('streams that fail', (engine) => {
  it('give the chunks that were there first, then what native code failed with', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_then_fail.stream(3, 10, 6);
      const reader = stream[Symbol.asyncIterator]();
      for (let i = 0; i < 3; i++) expect((await reader.next()).value).to.deep.equal(Buffer.alloc(10, i));
      const error = await rejection(reader.next(), NativeError);
      expect(error).to.include({ returned: 6, lastError: 'failed with code 6' });
      expect((await rejection(stream.result, NativeError)).returned).to.equal(6);
      expect(await reader.next()).to.include({ done: true });
      expect(await stream.ended()).to.equal('failed');
      await expectClean(pool);
    });
  });

  it('reject who waits when their pool is destroyed or out of time', async () => {
    for (const destroy of [true, false]) {
      await withTalk(engine, { grace: 50 }, async (lib, pool) => {
        const gate = new Gate();
        const stream = lib.ot_stream_gated.stream(2, 10, gate.entered, gate.release, 8_000);
        const reader = stream[Symbol.asyncIterator]();
        await reader.next();
        const waiting = rejection(reader.next(), ChannelClosedError);
        const result = rejection(stream.result, ChannelClosedError);
        await gate.inside();
        const closing = destroy ? pool.destroy() : pool.close({ timeout: 0 });
        expect(await waiting).to.include({ kind: 'channel-closed' });
        await result;
        expect(await stream.ended({ timeout: 6_000 })).to.be.oneOf(['failed', 'cancelled']);
        gate.open();
        await closing;
      });
    }
  });

  it('time out as calls do', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const stream = lib.ot_stream_tracked.with({ timeout: 50 }).stream(MANY, 10, words(1, 0));
      const reading = (async () => {
        for await (const chunk of stream) if (chunk[0] === 2) await stream.ended();
      })();
      const error = await rejection(reading, CallTimeoutError);
      expect(error.code).to.equal('OFFTHREAD_CALL_TIMEOUT');
      expect(await stream.ended()).to.equal('timed-out');
      await expectClean(pool);
    });
  });
});

onCallbackEngines('the end of a stream (M17)', (engine) => {
  it('is told apart: done, cancelled, failed, timed out', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const done = lib.ot_stream_tracked.stream(3, 1, words(1, 0));
      const cancelled = lib.ot_stream_tracked.stream(MANY, 1, words(1, 0));
      const failed = lib.ot_stream_then_fail.stream(2, 1, 5);
      const late = lib.ot_stream_tracked.with({ timeout: 30 }).stream(MANY, 1, words(1, 0));
      const ends = [done, cancelled, failed, late].map((stream) => stream.ended());
      await collect(done);
      cancelled.cancel();
      await rejection(collect(failed), NativeError);
      expect(await Promise.all(ends)).to.deep.equal(['done', 'cancelled', 'failed', 'timed-out']);
      const again = [done, cancelled, failed, late].map((stream) => stream.ended());
      expect(await Promise.all(again)).to.deep.equal(['done', 'cancelled', 'failed', 'timed-out']);
      await expectClean(pool);
    });
  });

  it('is waited for only as long as one wants to; the stream goes on', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_tracked.stream(20, 1, words(1, 0));
      await until(() => stream.result.state === 'running', 'the stream to run');
      expect(await stream.ended({ timeout: 30 })).to.equal('timed-out');
      expect(stream.result.state).to.equal('running');
      expect(await collect(stream)).to.have.lengthOf(20);
      expect(await stream.ended({ timeout: 30 })).to.equal('done');
      expect(await stream.result).to.equal(20);
    });
  });

  slow('is no unhandled rejection, whatever it is', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        const alone = [
          lib.ot_stream_then_fail.stream(2, 1, 5),
          lib.ot_stream_then_fail.with({ timeout: 30 }).stream(50, 1, 5),
          lib.ot_stream_tracked.stream(MANY, 1, words(1, 0)),
          lib.ot_stream_tracked.stream(2 ** 40, 1, words(1, 0)),
        ];
        alone[2]?.cancel();
        const reader = lib.ot_stream_then_fail.stream(1, 1, 5)[Symbol.asyncIterator]();
        await reader.next();
        const held = alone[0]?.readable();
        await Promise.all(alone.map((stream) => stream.ended({ timeout: 500 })));
        await rejection(reader.next(), NativeError);
        await turns(5);
        void held;
      });
      expect(reasons).to.deep.equal([]);
      pool.cancelAll();
      await expectClean(pool);
    });
  });
});

onCallbackEngines('streams that nobody reads', (engine) => {
  it('end at their timeout while native code waits for the reader', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.with({ timeout: 60 }).stream(MANY, 1, begun);
      await rejection(stream.result, CallTimeoutError);
      expect(await stream.ended()).to.equal('timed-out');
      expect(begun[0]).to.be.within(4, 5);
      await rejection(collect(stream), CallTimeoutError);
      await expectClean(pool);
    });
  });

  it('end at their timeout after native code has returned: what it left is kept so long', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const stream = lib.ot_stream_tracked.with({ timeout: 80 }).stream(3, 1, words(1, 0));
      await rejection(stream.result, CallTimeoutError);
      expect(await stream.ended()).to.equal('timed-out');
      await rejection(collect(stream), CallTimeoutError);
      await expectClean(pool);
    });
  });

  slow('last as long as somebody goes on reading them', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_tracked.with({ timeout: 1_000 }).stream(4, 1, words(1, 0));
      for await (const chunk of stream) if ((chunk[0] ?? 0) < 3) await wait(400);
      expect(await stream.result, '1.2 s, and never 1 s without a read').to.equal(4);
    });
  });

  it('keep no lane: native code has returned', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const streams = Array.from({ length: 10 }, () => lib.ot_stream_tracked.stream(3, 1, words(1, 0)));
      expect(await lib.ot_add(1, 2)).to.equal(3);
      for (const stream of streams) expect(await collect(stream)).to.have.lengthOf(3);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('reading after the end', (engine) => {
  it('gives nothing more, or says that the stream had its reader; it does not wait', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_tracked.stream(3, 1, words(1, 0));
      const reader = stream[Symbol.asyncIterator]();
      while ((await reader.next()).done !== true);
      for (let i = 0; i < 3; i++) expect(await reader.next()).to.deep.equal({ done: true, value: undefined });
      expect(await reader.return?.()).to.include({ done: true });
      const second = await collect(stream).catch((error: unknown) => error);
      if (second instanceof StreamError) expect(second.code).to.equal('OFFTHREAD_STREAM_BUSY');
      else expect(second).to.deep.equal([]);
      expect(await stream.result).to.equal(3);
    });
  });
});

onCallbackThreads('streams of pools that are destroyed', (engine) => {
  it('release native code that waits for its reader when their pool is destroyed', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const refused = words(1);
      const stream = lib.ot_stream_deaf.stream(100, 10, refused);
      await stream[Symbol.asyncIterator]().next();
      const result = rejection(stream.result, ChannelClosedError);
      await pool.destroy();
      await result;
      await until(() => (refused[0] ?? -1) > 0, 'native code to come to its end');
    });
  });
});
