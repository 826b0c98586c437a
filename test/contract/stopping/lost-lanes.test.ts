/** Design 6: calls that nothing can stop: the lane is lost, counted, replaced, and comes back. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, LaneLostError, type NativeCall, type Pool } from 'offthread';
import { onThreadLanes, rejection, thrown, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import type { Offtest } from '../../helpers/offtest.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { until } from '../../helpers/waiting.js';

/** Starts a call that only its gate can end, and gives it up. */
async function lose(lib: Offtest, gate: Gate): Promise<{ call: NativeCall<number> }> {
  const before = gate.count;
  const call = lib.ot_enter_and_wait.with({ timeout: 20 })(gate.entered, gate.release, 8_000);
  await rejection(call, CallTimeoutError);
  expect(gate.count, 'it was in native code').to.equal(before + 1);
  return { call };
}

function watch(pool: Pool): string[] {
  const seen: string[] = [];
  pool.on('lane-lost', ({ lane, error }) => seen.push(`lost ${lane} ${String(error instanceof Error)}`));
  pool.on('lane-recovered', ({ lane }) => seen.push(`recovered ${lane}`));
  return seen;
}

onThreadLanes('lost lanes', (engine) => {
  it('rejects the call at its timeout, counts the lane, and replaces it', async () => {
    await withPool(engine, { grace: 20, name: 'pit' }, async (lib, pool) => {
      const seen = watch(pool);
      const gate = new Gate();
      const { call } = await lose(lib, gate);
      const record = await call.settled();
      expect(record).to.include({ status: 'timed-out', kind: 'timeout' });
      expect(record.ranMs).to.be.within(19, 1_500);
      expect(pool.stats()).to.include({ lanesLost: 1, timedOut: 1, running: 0 });
      expect(pool.stats().lanes.lost).to.equal(1);
      expect(await lib.ot_add(1, 2), 'the replacement answers').to.equal(3);
      expect(seen).to.have.lengthOf(1);
      expect(seen[0]).to.match(/^lost pit-\d+ true$/);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(seen[1]).to.match(/^recovered pit-\d+$/);
      expect(pool.stats().lanesLost, 'the count since creation stays').to.equal(1);
      expect(record).to.deep.equal(await call.settled());
      expect(await lib.ot_add(3, 4)).to.equal(7);
    });
  });

  it('still runs no more calls than lanes after one has come back', async () => {
    await withPool(engine, { lanes: 2, grace: 20 }, async (lib, pool) => {
      const gate = new Gate();
      await lose(lib, gate);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      resetThreadsInside();
      await Promise.all(Array.from({ length: 40 }, () => lib.ot_concurrent_enter_exit(300)));
      expect(mostThreadsInside()).to.be.within(1, 2);
      const { idle, busy, starting } = pool.stats().lanes;
      expect(idle + busy + starting).to.equal(2);
    });
  });

  it('takes back the calls that stood behind the stuck one', async () => {
    await withPool(engine, { grace: 20 }, async (lib) => {
      const gate = new Gate();
      const stuck = lib.ot_enter_and_wait.with({ timeout: 30 })(gate.entered, gate.release, 8_000);
      const behind = Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 1));
      await rejection(stuck, CallTimeoutError);
      expect(await Promise.all(behind)).to.deep.equal(behind.map((_, i) => i + 1));
      gate.open();
    });
  });

  it('leaves memory that a lost call was lent alone, and drops its late answer (M2)', async () => {
    await withPool(engine, { grace: 20 }, async (lib, pool) => {
      const gate = new Gate();
      const { call } = await lose(lib, gate);
      const { timedOut, succeeded } = pool.stats();
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
      expect(call.state).to.equal('timed-out');
      expect(pool.stats()).to.include({ timedOut, succeeded });
    });
  });

  it('refuses calls when too many are lost, and takes them again when they come back', async () => {
    await withPool(engine, { lanes: 1, maxLostLanes: 1, grace: 10 }, async (lib, pool) => {
      const gates = [new Gate(), new Gate()] as const;
      await lose(lib, gates[0]);
      expect(await lib.ot_add(1, 2), 'one may be lost').to.equal(3);
      const last = lib.ot_enter_and_wait.with({ timeout: 20 })(gates[1].entered, gates[1].release, 8_000);
      const queued = lib.ot_add(2, 2);
      await rejection(last, CallTimeoutError);
      const error = await rejection(queued, LaneLostError);
      expect(error).to.include({ code: 'OFFTHREAD_LANE_LOST', kind: 'lost', symbol: 'ot_add' });
      await rejection(lib.ot_add(3, 3), LaneLostError);
      thrown(() => lib.ot_add.blocking(3, 3), LaneLostError);
      expect(pool.stats().lanes).to.include({ lost: 2, idle: 0, busy: 0, starting: 0 });
      gates[1].open();
      await until(() => pool.stats().lanes.lost === 1, 'one to come back');
      expect(await lib.ot_add(4, 4)).to.equal(8);
      gates[0].open();
      await until(() => pool.stats().lanes.lost === 0, 'the other to come back');
      expect(lib.ot_add.blocking(5, 5)).to.equal(10);
    });
  });

  it('tolerates none where none is allowed, and recovers all the same', async () => {
    await withPool(engine, { lanes: 1, maxLostLanes: 0, grace: 10 }, async (lib, pool) => {
      for (let round = 0; round < 2; round++) {
        const gate = new Gate();
        await lose(lib, gate);
        await rejection(lib.ot_add(1, 2), LaneLostError);
        gate.open();
        await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
        expect(await lib.ot_add(1, 2)).to.equal(3);
      }
    });
  });

  it('goes on with the lanes that are left', async () => {
    await withPool(engine, { lanes: 2, maxLostLanes: 0, grace: 10 }, async (lib, pool) => {
      const gate = new Gate();
      await lose(lib, gate);
      const sums = await Promise.all(Array.from({ length: 20 }, (_, i) => lib.ot_add(i, 1)));
      expect(sums).to.deep.equal(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(pool.stats().refused).to.equal(0);
      gate.open();
    });
  });

  it('loses several lanes at once to cancelAll, and gets all of them back', async () => {
    await withPool(engine, { lanes: 3, maxLostLanes: 3, grace: 10 }, async (lib, pool) => {
      const gate = new Gate();
      const held = [gate.hold(lib), gate.hold(lib), gate.hold(lib)];
      await gate.inside(3);
      pool.cancelAll();
      await Promise.all(held.map((call) => rejection(call, CallCancelledError)));
      expect(pool.stats().lanes.lost).to.equal(3);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      gate.open();
      await until(() => pool.stats().lanes.lost === 0, 'all to come back');
      expect(pool.stats()).to.include({ lanesLost: 3, cancelled: 3, lanesCrashed: 0 });
    });
  });

  it('opens another library, or the same, while a lane is lost', async () => {
    await withPool(engine, { grace: 10 }, async (lib, pool) => {
      const gate = new Gate();
      await lose(lib, gate);
      const opening = pool.open('libm.so.6', { floor: { arguments: ['f64'], return: 'f64' } }, { engine });
      // ffi-rs cannot look up symbols while one of its calls runs, in any pool: it waits, or says that it is busy.
      if (engine === 'ffi-rs') gate.open();
      expect(await (await opening).floor(3.5)).to.equal(3);
      gate.open();
    });
  });
});
