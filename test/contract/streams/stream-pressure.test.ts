/** B4: a reader that does not read makes native code wait; nothing piles up, and nothing is lost. */
import { expect } from 'chai';
import { chunks } from 'offthread';
import { OFFTEST } from '../../helpers/offtest.js';
import { BYTES, CHUNK, collect, expectClean, onCallbackEngines, words } from '../../helpers/talk.js';
import { slow } from '../../helpers/fast-run.js';
import { withLibrary } from '../../helpers/contract.js';
import { turns, until } from '../../helpers/waiting.js';

const tracked = (highWaterMark?: number) =>
  ({
    symbol: 'ot_stream_tracked',
    arguments: [
      chunks(CHUNK, { ...BYTES, ...(highWaterMark === undefined ? {} : { highWaterMark }) }),
      'i32',
      'i32',
      'buffer',
    ],
    return: 'i32',
  }) as const;
const withTalk = withLibrary({ ...OFFTEST, usual: tracked(), three: tracked(3), one: tracked(1) });

/** Gives native code, which needs microseconds a chunk, far more time than it would need to run away. */
async function aWhile(lib: { ot_sleep_ms(ms: number): Promise<number> }): Promise<void> {
  await lib.ot_sleep_ms(60);
  await turns(20);
}

onCallbackEngines('backpressure (B4)', (engine) => {
  it('has a mark of 64, of the declaration, or of the call', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib) => {
      for (const [fn, mark] of [
        [lib.usual, 64],
        [lib.three, 3],
        [lib.three.with({ highWaterMark: 9 }), 9],
        [lib.usual.with({ highWaterMark: 65_536 }), 65_536],
      ] as const) {
        const stream = fn.stream(1, 1, words(1, 0));
        expect(stream.highWaterMark).to.equal(mark);
        await collect(stream);
      }
    });
  });

  slow('stops native code at the mark, and lets it go on as far as is read', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      for (const [fn, mark] of [
        [lib.usual, 64],
        [lib.three, 3],
        [lib.one, 1],
      ] as const) {
        const begun = words(1, 0);
        const stream = fn.stream(mark + 200, 16, begun);
        await until(() => (begun[0] ?? 0) >= mark, 'native code to come to the mark');
        await aWhile(lib);
        // The one that waits is in its callback already.
        expect(begun[0], `nobody reads, mark ${mark}`).to.be.within(mark, mark + 1);
        const reader = stream[Symbol.asyncIterator]();
        for (let read = 1; read <= 20; read++) {
          expect((await reader.next()).done).to.not.equal(true);
          if (read % 5 === 0) await aWhile(lib);
          expect(begun[0], `${read} are read`).to.be.within(read, mark + read + 1);
        }
        let rest = 20;
        while ((await reader.next()).done !== true) rest += 1;
        expect(rest, 'none was lost').to.equal(mark + 200);
      }
      await expectClean(pool);
    });
  });

  it('holds for large chunks, too', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib) => {
      const begun = words(1, 0);
      const stream = lib.three.stream(30, 2_000_000, begun);
      await until(() => (begun[0] ?? 0) >= 3, 'native code to come to the mark');
      await aWhile(lib);
      expect(begun[0]).to.be.within(3, 4);
      const all = await collect(stream);
      expect(all).to.have.lengthOf(30);
      expect(all.every((chunk, i) => chunk.equals(Buffer.alloc(2_000_000, i)))).to.equal(true);
    });
  });

  slow('keeps nothing of what was read: 1 GB passes through', async function () {
    this.timeout(20_000);
    await withTalk(engine, { grace: 8_000 }, async (lib) => {
      const before = process.memoryUsage().arrayBuffers;
      let [read, most] = [0, 0];
      for await (const chunk of lib.three.stream(1_000, 1_000_000, words(1, 0))) {
        read += chunk.length;
        if (read % 20_000_000 !== 0) continue;
        await turns(1);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      expect(read).to.equal(1_000_000_000);
      expect(most, 'bytes, with what was not collected yet').to.be.below(500_000_000);
    });
  });

  it('lets native code run to its end where everything has room', async () => {
    await withTalk(engine, {}, async (lib) => {
      const begun = words(1, 0);
      const stream = lib.usual.with({ highWaterMark: 501 }).stream(500, 100, begun);
      expect(await lib.ot_add(1, 2), 'the lane is free before anybody read').to.equal(3);
      expect(begun[0]).to.equal(500);
      expect(await collect(stream)).to.have.lengthOf(500);
    });
  });

  it('waits for no reader of another stream', async () => {
    await withTalk(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const unread = lib.three.stream(50, 100, words(1, 0));
      for (let i = 0; i < 10; i++) {
        expect(await collect(lib.three.stream(50, 100, words(1, 0)))).to.have.lengthOf(50);
      }
      expect(unread.result.state).to.equal('running');
      expect(await collect(unread)).to.have.lengthOf(50);
      await expectClean(pool);
    });
  });

  it('leaves the event loop free while native code waits for its reader', async () => {
    await withTalk(engine, { grace: 8_000 }, async (lib) => {
      const begun = words(1, 0);
      const stream = lib.one.stream(5, 100, begun);
      await until(() => (begun[0] ?? 0) >= 1, 'native code to come to the mark');
      await turns(500);
      expect(stream.result.state).to.equal('running');
      expect(await collect(stream)).to.have.lengthOf(5);
    });
  });
});
