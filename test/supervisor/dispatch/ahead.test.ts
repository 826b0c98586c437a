/** M8, M10, M26: when all lanes are busy, one call a lane is written ahead; nobody waits longer for it. */
import { expect } from 'chai';
import type { NativeCall } from 'offthread';
import { expectSettled, inTime, type Native, withLanes } from '../lab.js';
import { slow } from '../../helpers/fast-run.js';

/** After these, `sleep` is known to take about 2 ms. */
async function settleIn(lib: Native): Promise<void> {
  for (let round = 0; round < 30; round += 1) await lib.sleep(2);
}

/** Blocks this thread until native code runs the call. */
function spinUntilRunning(...calls: NativeCall<unknown>[]): void {
  const until = performance.now() + 1_000;
  while (calls.some(({ state }) => state !== 'running')) {
    if (performance.now() > until) throw new Error('the call does not start');
  }
}

/**
 * A call that has ended, and one behind it that runs, of both of which the host has seen only the starts. On a busy
 * machine the first may be overdue by the time the second is made: then nothing is written behind it, and it is tried again.
 */
async function twoThatRun(lib: Native): Promise<[NativeCall<unknown>, NativeCall<unknown>]> {
  for (let attempt = 1; ; attempt += 1) {
    const first = lib.steps(30, 1_000);
    spinUntilRunning(first);
    const ahead = lib.steps(60_000, 1_000);
    try {
      spinUntilRunning(ahead);
      return [first, ahead];
    } catch (error) {
      if (attempt === 5) throw error;
      ahead.cancel();
      await Promise.all([first.settled(), ahead.settled()]);
    }
  }
}

describe('a call ahead', () => {
  it('starts when the lane is free, although the host is not', async () => {
    await withLanes({ lanes: 1 }, async (lib) => {
      await settleIn(lib);
      // A first call that has ended before the second is made leaves nothing to be ahead of.
      for (let round = 0; round < 10; round += 1) {
        const first = lib.sleep(20);
        spinUntilRunning(first);
        const second = lib.sleep(2);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
        expect(await inTime(second, 'the call ahead')).to.equal(2);
        await first;
        if (second.timing.queuedMs < 250) return;
      }
      expect.fail('no call started while the host was blocked');
    });
  });

  slow('is taken back when the call before it takes longer than it should, and runs elsewhere', async () => {
    await withLanes({ lanes: 2 }, async (lib, pool) => {
      await settleIn(lib);
      const long = lib.sleep(1_500);
      const other = lib.sleep(60);
      spinUntilRunning(long, other);
      const ahead = [1, 2, 3, 4].map((value) => lib.add(value, 0));
      expect(await inTime(Promise.all(ahead), 'the calls ahead')).to.deep.equal([1, 2, 3, 4]);
      expect(long.state, 'the long call goes on').to.equal('running');
      await Promise.all([long, other]);
      expectSettled(pool, 36);
    });
  });

  slow('goes to a lane that falls idle first', async () => {
    await withLanes({ lanes: 2 }, async (lib, pool) => {
      await settleIn(lib);
      let overtaken = 0;
      for (let round = 0; round < 20; round += 1) {
        const long = lib.sleep(40);
        const soon = lib.sleep(1);
        spinUntilRunning(long);
        const ahead = [lib.add(1, 0), lib.add(2, 0)];
        await inTime(Promise.all([...ahead, soon]), 'the calls ahead');
        if (long.state === 'running') overtaken += 1;
        await long;
      }
      expect(overtaken, 'long calls that nobody waited for').to.be.at.least(10);
      expectSettled(pool, 30 + 80);
    });
  });

  it('makes way for a call of a higher priority', async () => {
    await withLanes({ lanes: 1 }, async (lib) => {
      await settleIn(lib);
      const order: string[] = [];
      const note = (name: string, call: NativeCall<number>): Promise<unknown> =>
        call.then(() => order.push(name));
      const first = lib.sleep(20);
      spinUntilRunning(first);
      const low = note('low', lib.sleep(1));
      const high = note('high', lib.sleep.with({ priority: 1 })(1));
      await inTime(Promise.all([first, low, high]), 'all three');
      expect(order).to.deep.equal(['high', 'low']);
    });
  });

  it('has its own timeout, from its own start', async () => {
    await withLanes({ lanes: 1, maxLostLanes: 8 }, async (lib) => {
      await settleIn(lib);
      const first = lib.sleep(2);
      spinUntilRunning(first);
      const record = await inTime(lib.sleep.with({ timeout: 10 })(400).settled(), 'the call ahead');
      expect(record.status).to.equal('timed-out');
      expect(record.ranMs).to.be.within(9, 390);
      await first;
    });
  });

  it('can be cancelled, and counts as queued', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      await settleIn(lib);
      const first = lib.sleep(30);
      spinUntilRunning(first);
      const ahead = lib.sleep(1);
      expect(ahead.state).to.equal('queued');
      expect(pool.stats()).to.include({ running: 1, queued: 1 });
      expect(ahead.cancel('enough')).to.equal(true);
      expect((await ahead.settled()).status).to.equal('cancelled');
      expect(await first).to.equal(30);
      expect(await lib.add(1, 2)).to.equal(3);
      expectSettled(pool, 33);
    });
  });

  slow(
    'ends with its pool, although it has started and the host has not seen the one before it end',
    async () => {
      await withLanes({ lanes: 1 }, async (lib, pool) => {
        // Steps of 1 ms, which can be stopped; so many that the first call still runs when the second is made.
        for (let round = 0; round < 20; round += 1) await lib.steps(30, 1_000);
        const [first, ahead] = await twoThatRun(lib);
        const ended = Promise.all([first.settled(), ahead.settled()]);
        await inTime(pool.destroy(), 'the pool to end');
        const [before, after] = await inTime(ended, 'both to end');
        expect(before.status).to.be.oneOf(['succeeded', 'cancelled']);
        expect(after).to.include({ status: 'cancelled', kind: 'closed' });
        expect(pool.stats()).to.include({ queued: 0, running: 0 });
      });
    },
  );
});
