/**
 * M27: a lane dies while it holds something in shared memory: a word
 * of its own, the bell that all lanes ring, or a lock of the user's. Nobody
 * waits for what it will never let go.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { runAgent } from './agent-program.js';

const STOPPED = /stopped with code \d+/;
const SUMS = Array.from({ length: 40 }, (_, i) => i + 1);
const [engine = 'koffi'] = contractEngines;

/** A lane is caught at a step, given calls, and ended by `worker.terminate()`. */
const caughtAt = (step: string): string => `
  const { lib } = await start({ timeout: 0 });
  const caught = await tell('offthread-1', 'park', ${step});
  for (let i = 0; i < 40; i++) keep(lib.ot_add(i, 1));
  await caught.met();
  caught.end();
  await report();
`;

describe('a lane that dies with a word of its own in hand', () => {
  it('its call in state running: that call fails, the others run elsewhere', async () => {
    const end = await runAgent(
      engine,
      caughtAt("{ method: 'compareExchange', index: inRow(RowWord.STATE), after: true }"),
    );
    expect(end.records[0]?.error).to.include({ name: 'LaneCrashedError', symbol: 'ot_add' });
    expect(end.records[0]?.error?.message).to.match(STOPPED);
    expect(end.records.slice(1).map(({ value }) => value)).to.deep.equal(SUMS.slice(1));
  });

  for (const [what, step] of [
    ['a call that it has met and not started', "{ method: 'load', index: inRow(RowWord.STATE) }"],
    ['a call that has ended, its ring not moved on', "{ method: 'store', index: Header.HEAD }"],
    ['its ring moved on', "{ method: 'store', index: Header.HEAD, after: true }"],
    ['its sleep announced', "{ method: 'store', index: Header.SLEEPING, value: 1, after: true }"],
    ['its wake-up seen, its sleep still announced', "{ method: 'store', index: Header.SLEEPING, value: 0 }"],
  ] as const) {
    it(`${what}: every call is answered`, async () => {
      const end = await runAgent(engine, caughtAt(step));
      expect(end.records.map(({ value }) => value)).to.deep.equal(SUMS);
      expect(end.stats).to.include({ failed: 0, lanesCrashed: 1, lanesLost: 0 });
    });
  }
});

describe('a lane that dies with the bell of its pool in hand', () => {
  for (const [what, step] of [
    ['disarmed and not rung', "{ method: 'add', index: Bell.COUNT, bytes: BELL_BYTES }"],
    ['rung and nobody woken', "{ method: 'notify', index: Bell.COUNT, bytes: BELL_BYTES }"],
  ] as const) {
    it(`${what}: the other lanes are heard all the same`, async () => {
      const end = await runAgent(
        engine,
        `
        const { lib } = await start({ lanes: 2, timeout: 0 });
        keep((await stick(lib.ot_enter_and_wait)).call);
        const caught = await tell('offthread-2', 'park', ${step});
        // The host sleeps by the time that it ends.
        keep(lib.ot_sleep_ms(30));
        await caught.met();
        caught.end();
        await crashed();
        await sleep(50);
        // Now the host sleeps again, and the other lane is the only one to wake it.
        Atomics.store(release, 0, 1);
        await settled();
        for (let i = 0; i < 40; i++) keep(lib.ot_add(i, 1));
        await report();
        `,
      );
      expect(end.records[1]?.value, 'its result was there').to.equal(30);
      expect(end.records.slice(2).map(({ value }) => value)).to.deep.equal(SUMS);
      expect(end.stats).to.include({ succeeded: 42, lanesCrashed: 1 });
    });
  }
});

describe('a lane that dies with a lock of the user in hand', () => {
  it('those that wait for the lock can be stopped, the others go on, and whoever hears of the death frees it', async () => {
    const end = await runAgent(
      engine,
      `
      const { pool, lib } = await start({ lanes: 2, grace: 10, maxLostLanes: 2 }, {
        ot_lock: { arguments: ['buffer', 'i32'], return: 'i32' },
      });
      const lock = word();
      notes.taken = await lib.ot_lock(lock, 0);
      await tell('offthread-1', 'throw');
      await crashed();
      notes.heldByTheDead = Atomics.load(lock, 0) !== 0;
      // Native code that waits for it cannot know.
      const waiters = [lib.ot_lock.with({ timeout: 100 })(lock, 0), lib.ot_lock(lock, 0)].map(keep);
      await waiters[0].settled();
      keep(lib.ot_add(1, 2));
      await accounts.at(-1);
      let served = false;
      void waiters[1].settled().then(() => (served = true));
      // Whoever takes it keeps it: the one that was given up as well.
      await until(() => (Atomics.store(lock, 0, 0), served && pool.stats().lanes.lost === 0), 'both that wait');
      await report();
      `,
    );
    expect(end.notes).to.include({ taken: 0, heldByTheDead: true });
    expect(end.records.map(({ status }) => status)).to.deep.equal(['timed-out', 'succeeded', 'succeeded']);
    expect(end.stats).to.include({ lanesCrashed: 1, lanesLost: 1 });
    expect(end.stats.lanes['lost']).to.equal(0);
  });
});
