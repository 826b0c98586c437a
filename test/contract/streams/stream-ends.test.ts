/** M16: leaving and cancelling streams, at any time: reader, result and native code all come to their end. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import { CallCancelledError, chunks } from 'offthread';
import { rejection, withLibrary } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, expectClean, onCallbackEngines, words } from '../../helpers/talk.js';
import { turns, until } from '../../helpers/waiting.js';

const few = chunks(CHUNK, { ...BYTES, highWaterMark: 4 });
const withTalk = withLibrary({
  ...OFFTEST,
  ot_stream_tracked: { arguments: [few, 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_until_cancelled: { arguments: [few, 'i32', 'i32', 'i32', 'cancelFlag'], return: 'i32' },
  ot_stream_deaf: { arguments: [few, 'i32', 'i32', 'buffer'], return: 'i32' },
  ot_stream_gated: {
    arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'buffer', 'buffer', 'i32'],
    return: 'i32',
  },
});
const MANY = 1_000_000;
const atMark = (begun: Int32Array): Promise<void> =>
  until(() => (begun[0] ?? 0) >= 4, 'native code to come to the mark');

onCallbackEngines('leaving a stream (M16)', (engine) => {
  it('by break cancels it: native code is told to stop, and the lane is free', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(MANY, 10, begun);
      let read = 0;
      for await (const chunk of stream) {
        expect(chunk[0]).to.equal(read);
        read += 1;
        if (read === 10) break;
      }
      expect(await stream.ended()).to.equal('cancelled');
      await rejection(stream.result, CallCancelledError);
      expect(begun[0]).to.be.within(10, 10 + 4 + 1);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await expectClean(pool);
    });
  });

  it('by an exception cancels it, and the exception is what comes out', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const stream = lib.ot_stream_tracked.stream(MANY, 10, words(1, 0));
      const mine = new Error('my own');
      let caught: unknown;
      try {
        for await (const chunk of stream) if (chunk[0] === 3) throw mine;
      } catch (error) {
        caught = error;
      }
      expect(caught).to.equal(mine);
      expect(await stream.ended()).to.equal('cancelled');
      await expectClean(pool);
    });
  });

  it('by return() cancels it, and nothing more is read', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(MANY, 10, begun);
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      await atMark(begun);
      expect(await reader.return?.()).to.deep.include({ done: true });
      expect(await reader.next()).to.deep.equal({ done: true, value: undefined });
      expect(await stream.ended()).to.equal('cancelled');
      await expectClean(pool);
    });
  });

  it('by its scope cancels it and waits for its end', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      let ended = 0;
      {
        await using stream = lib.ot_stream_tracked.stream(MANY, 10, words(1, 0));
        void stream.ended().then((how) => (ended += how === 'cancelled' ? 1 : 10));
        await stream[Symbol.asyncIterator]().next();
      }
      expect(pool.stats()).to.include({ running: 0, cancelled: 1 });
      await turns(2);
      expect(ended).to.equal(1);
      await using over = lib.ot_stream_tracked.stream(3, 10, words(1, 0));
      await collect(over);
      await over[Symbol.asyncDispose]();
      expect(await over.result, 'what has ended stays as it is').to.equal(3);
    });
  });

  it('in the last chunk is no failure', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const stream = lib.ot_stream_tracked.stream(3, 10, words(1, 0));
      for await (const chunk of stream) if (chunk[0] === 2) break;
      expect(await stream.ended()).to.be.oneOf(['cancelled', 'done']);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('cancelling a stream (M16)', (engine) => {
  it('drops what is unread: the next read is the error, and after it the end', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.stream(MANY, 10, begun);
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      await atMark(begun);
      expect([stream.cancel('enough'), stream.cancel('more'), stream.cancel()]).to.deep.equal([
        true,
        false,
        false,
      ]);
      const error = await rejection(reader.next(), CallCancelledError);
      expect(error).to.include({ cause: 'enough', symbol: 'ot_stream_tracked' });
      expect((await rejection(stream.result, CallCancelledError)).cause).to.equal('enough');
      expect(await reader.next()).to.include({ done: true });
      expect(await stream.ended()).to.equal('cancelled');
      expect(stream.cancel('late')).to.equal(false);
      await expectClean(pool);
    });
  });

  it('ends a read that waits for a chunk', async () => {
    await withTalk(engine, { grace: 20 }, async (lib, pool) => {
      const gate = new Gate();
      const stream = lib.ot_stream_gated.stream(4, 10, gate.entered, gate.release, 8_000);
      const reader = stream[Symbol.asyncIterator]();
      await reader.next();
      await reader.next();
      const waiting = rejection(reader.next(), CallCancelledError);
      await gate.inside();
      stream.cancel('nothing comes');
      expect((await waiting).cause).to.equal('nothing comes');
      expect(await stream.ended()).to.equal('cancelled');
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(await collect(lib.ot_stream_tracked.stream(6, 10, words(1, 0)))).to.have.lengthOf(6);
    });
  });

  it('in the tick that made it, and while it is queued, keeps it from starting', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const gate = new Gate();
      const holding = gate.hold(lib);
      await gate.inside();
      const begun = words(1, 0);
      const streams = Array.from({ length: 5 }, () => lib.ot_stream_tracked.stream(9, 9, begun));
      expect(streams[0]?.cancel()).to.equal(true);
      await turns(5);
      for (const stream of streams.slice(1)) expect(stream.cancel('queued')).to.equal(true);
      for (const stream of streams) {
        await rejection(stream.result, CallCancelledError);
        await rejection(collect(stream), CallCancelledError);
        expect(await stream.ended()).to.equal('cancelled');
      }
      gate.open();
      await holding;
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(begun[0], 'native code never ran').to.equal(0);
      await expectClean(pool);
    });
  });

  it('changes nothing after its end', async () => {
    await withTalk(engine, {}, async (lib) => {
      const stream = lib.ot_stream_tracked.stream(5, 10, words(1, 0));
      expect(await collect(stream)).to.have.lengthOf(5);
      expect(await stream.result).to.equal(5);
      expect(stream.cancel('late')).to.equal(false);
      expect(await stream.ended()).to.equal('done');
    });
  });

  it('reaches native code that looks at nothing but its flag, and waits for none that is deaf', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const flagged = lib.ot_stream_until_cancelled.stream(MANY, 10, 300);
      await flagged[Symbol.asyncIterator]().next();
      flagged.cancel();
      expect(await flagged.ended()).to.equal('cancelled');
      const refused = words(1);
      const deaf = lib.ot_stream_deaf.stream(20_000, 10, refused);
      await deaf[Symbol.asyncIterator]().next();
      deaf.cancel();
      expect(await deaf.ended()).to.equal('cancelled');
      await expectClean(pool);
      expect(refused[0], 'it was told each time, and never waited again').to.be.within(19_000, 20_000);
    });
  });

  it('works by a signal, before and during, and leaves no listener', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib, pool) => {
      const controller = new AbortController();
      const begun = words(1, 0);
      const stream = lib.ot_stream_tracked.with({ signal: controller.signal }).stream(MANY, 10, begun);
      const reading = rejection(collect(stream), CallCancelledError);
      await atMark(begun);
      controller.abort('left');
      expect((await reading).cause).to.equal('left');
      expect(await stream.ended()).to.equal('cancelled');
      expect(getEventListeners(controller.signal, 'abort')).to.have.lengthOf(0);
      const late = lib.ot_stream_tracked.with({ signal: controller.signal }).stream(MANY, 10, words(1, 0));
      await rejection(collect(late), CallCancelledError);
      await expectClean(pool);
    });
  });
});
