/** B2: lanes that have done their share, or have grown, are replaced; no call is lost. */
import { expect } from 'chai';
import { callback, chunks } from 'offthread';
import {
  expectBalance,
  fullAgain,
  lanesWith,
  onBothLanes,
  onEvent,
  onProcessLanes,
  reached,
  type Told,
  words,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, Held, NUMBER } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { GUARD_MS, until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ...FAULTS,
  ot_thread_id: { arguments: [], return: 'u64' },
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
});

onBothLanes('recycling after so many calls (B2)', (ground) => {
  slow('thousands of calls at once: none is lost, and lanes come and go', async function () {
    this.timeout(60_000);
    await withLanes(ground, { lanes: 2, maxQueue: 10_000, recycleAfter: 400 }, async (lib, pool) => {
      const told: Told[] = [];
      onEvent(pool, 'lane-recycled', (event) => told.push(event));
      const lanes = new Set<bigint>();
      const calls = Array.from({ length: 4_000 }, (_, i) =>
        i % 10 === 0
          ? lib.ot_thread_id().then((id) => (lanes.add(id), i))
          : lib.ot_add(i, 1).then((sum) => sum - 1),
      );
      expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i));
      await fullAgain(pool);
      const { lanesRecycled, lanesCrashed, lanesLost, lanesKilled, failed, succeeded } = pool.stats();
      expect(lanesRecycled).to.be.at.least(2);
      expect(lanes.size).to.be.at.least(3);
      expect({ lanesCrashed, lanesLost, lanesKilled, failed, succeeded }).to.deep.equal({
        lanesCrashed: 0,
        lanesLost: 0,
        lanesKilled: 0,
        failed: 0,
        succeeded: 4_000,
      });
      await until(() => told.length === lanesRecycled, 'every replacement to be told');
      expect(new Set(told.map(({ reason }) => reason))).to.deep.equal(new Set(['calls']));
      expect(pool.stats().breaker).to.equal('closed');
      expectBalance(pool);
    });
  });

  slow('after each call, one after another: no two in the same lane', async () => {
    await withLanes(ground, { recycleAfter: 1 }, async (lib, pool) => {
      const lanes: bigint[] = [];
      for (let i = 0; i < 12; i++) lanes.push(await lib.ot_thread_id());
      expect(new Set(lanes).size).to.equal(12);
      await fullAgain(pool);
      expect(pool.stats().lanesRecycled).to.be.within(11, 12);
      expectBalance(pool);
    });
  });

  slow('waits for a call that runs, for its functions on the host, and for its chunks', async () => {
    await withLanes(ground, { lanes: 2, recycleAfter: 1 }, async (lib, pool) => {
      for (let round = 0; round < 3; round++) {
        const held = new Held();
        const asking = lib.ot_call_callback(held.ask, 2);
        await held.waiting(1);
        const seen: number[] = [];
        for await (const chunk of lib.ot_stream_chunks.stream(300, 50)) seen.push(chunk[0] ?? -1);
        expect(seen).to.deep.equal(seen.map((_, i) => i & 255));
        expect(seen).to.have.lengthOf(300);
        held.answer(3);
        await held.waiting(2);
        held.answer(4);
        expect(await asking).to.equal(7);
      }
      await fullAgain(pool);
      expect(pool.stats()).to.include({ failed: 0, lanesCrashed: 0, lanesLost: 0 });
      expectBalance(pool);
    });
  });

  it('happens once to a lane whose last call is given up, although that call returns', async () => {
    await withLanes(ground, { recycleAfter: 1, spares: 1 }, async (lib, pool) => {
      const told: Told[] = [];
      onEvent(pool, 'lane-recycled', (event) => told.push(event));
      const lanes: bigint[] = [];
      for (let round = 0; round < 4; round++) {
        const [entered, release] = [words(), words()];
        const call = lib.ot_enter_and_wait(entered, release, GUARD_MS);
        await reached(entered);
        // Nothing can stop it, so its lane is given up at once. The lane returns at once, too.
        call.cancel();
        Atomics.store(release, 0, 1);
        expect((await call.settled()).status).to.equal('cancelled');
        await fullAgain(pool);
        lanes.push(await lib.ot_thread_id());
        await fullAgain(pool);
      }
      expect(pool.stats().lanesLost, 'calls that were given up').to.equal(4);
      expect(new Set(lanes).size, 'lanes that have run one call each').to.equal(lanes.length);
      const recycled = told.map(({ lane }) => lane);
      expect(new Set(recycled).size, 'lanes recycled once').to.equal(recycled.length);
      expectBalance(pool);
    });
  });

  it('never happens where it is not asked for', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const lane = await lib.ot_thread_id();
      await Promise.all(Array.from({ length: 900 }, (_, i) => lib.ot_add(i, 1)));
      expect(await lib.ot_thread_id()).to.equal(lane);
      expect(pool.stats().lanesRecycled).to.equal(0);
    });
  });
});

onProcessLanes('recycling above a resident size (B2)', (ground) => {
  it('replaces a lane that has grown, between calls, and loses none', async () => {
    await withLanes(ground, { lanes: 2, maxQueue: 5_000, recycleAboveMb: 250 }, async (lib, pool) => {
      const told: Told[] = [];
      onEvent(pool, 'lane-recycled', (event) => told.push(event));
      const before = await pool.laneReports();
      for (const { residentBytes } of before) expect(residentBytes).to.be.within(1 << 20, 249 << 20);
      const sums = Array.from({ length: 2_000 }, (_, i) => lib.ot_add(i, 1));
      const eaten = [lib.ot_eat_memory(300), lib.ot_eat_memory(300)];
      expect(await Promise.all(eaten)).to.deep.equal([300, 300]);
      expect(await Promise.all(sums)).to.deep.equal(sums.map((_, i) => i + 1));
      await until(() => told.length > 0, 'a lane to be recycled');
      await fullAgain(pool);
      expect(told[0]).to.include({ reason: 'memory' });
      const grown = new Set(before.map(({ pid }) => pid));
      const small = async (): Promise<boolean> => {
        await Promise.all(Array.from({ length: 10 }, (_, i) => lib.ot_add(i, 1)));
        return (await pool.laneReports()).every(({ residentBytes }) => residentBytes < 250 << 20);
      };
      const start = performance.now();
      while (!(await small())) expect(performance.now() - start, 'all to be small').to.be.below(GUARD_MS);
      expect((await pool.laneReports()).some(({ pid }) => !grown.has(pid))).to.equal(true);
      expect(told.length, 'those that grew, and no other').to.be.within(1, 2);
      expect(pool.stats()).to.include({ failed: 0, lanesCrashed: 0, lanesLost: 0, breaker: 'closed' });
      expectBalance(pool);
    });
  });

  slow('leaves alone what has run nothing: another would be no smaller', async () => {
    await withLanes(ground, { lanes: 2, recycleAboveMb: 1 }, async (lib, pool) => {
      await fullAgain(pool, 1);
      const before = (await pool.laneReports()).map(({ pid }) => pid).toSorted((a, b) => a - b);
      // Longer than it takes until idle lanes are looked at.
      await wait(700);
      expect((await pool.laneReports()).map(({ pid }) => pid).toSorted((a, b) => a - b)).to.deep.equal(
        before,
      );
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});
