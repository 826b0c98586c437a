/** M2, M5, M27: endings that race. Each call settles once, as its owner was told, and the counters add up. */
import { tracingChannel } from 'node:diagnostics_channel';
import { expect } from 'chai';
import type { CallTrace, NativeCall, Pool } from 'offthread';
import { type Native, SharedWord, expectSettled, inTime, turn, withLanes } from './lab.js';
import { slow } from '../helpers/fast-run.js';

const CALLS = 20_000;

interface Tally {
  succeeded: number;
  cancelled: number;
}

/** Issues calls in waves and cancels half of them at every kind of moment. */
async function cancelRace(pool: Pool, call: (index: number) => NativeCall<number>): Promise<Tally> {
  const tally: Tally = { succeeded: 0, cancelled: 0 };
  const wave = 50;
  for (let index = 0; index < CALLS; index += wave) {
    const calls = Array.from({ length: wave }, (_, at) => call(index + at));
    const stopped = new Map<NativeCall<number>, boolean>();
    const cancel = (one: NativeCall<number>): void => void stopped.set(one, one.cancel());
    // In the same tick; in a microtask; in a later turn; while the lane is somewhere in the midst of them.
    calls.forEach((one, at) => {
      if (at % 8 === 0) cancel(one);
      else if (at % 8 === 1) queueMicrotask(() => cancel(one));
      else if (at % 8 === 2) setImmediate(() => cancel(one));
      else if (at % 8 === 3) void (calls[at - 3] as NativeCall<number>).settled().then(() => cancel(one));
    });
    const records = await inTime(Promise.all(calls.map((one) => one.settled())), `wave ${index / wave}`);
    await turn();
    records.forEach(({ status }, at) => {
      const one = calls[at] as NativeCall<number>;
      expect(['succeeded', 'cancelled']).to.include(status);
      expect(status === 'cancelled', 'what cancel() said').to.equal(stopped.get(one) ?? false);
      expect(one.cancel(), 'it has ended').to.equal(false);
      expect(one.state).to.equal(status);
      tally[status as keyof Tally] += 1;
    });
  }
  await pool.drain();
  return tally;
}

function expectTally(pool: Pool, { succeeded, cancelled }: Tally): void {
  expectSettled(pool, CALLS);
  expect(pool.stats()).to.include({ succeeded, cancelled, failed: 0, timedOut: 0 });
  expect(succeeded, 'some succeeded').to.be.above(0);
  expect(cancelled, 'some were cancelled').to.be.above(0);
}

describe('races of endings (M2, M5, M27)', () => {
  slow('20,000 cancels against completion, of calls that can be asked to stop', async () => {
    await withLanes({ lanes: 2 }, async (lib, pool) => {
      expectTally(pool, await cancelRace(pool, () => lib.flagged(0)));
      expect(pool.stats().lanesLost, 'asked, not given up').to.equal(0);
    });
  });

  slow('20,000 cancels against completion, of calls that can only be given up', async () => {
    await withLanes({ lanes: 2, maxLostLanes: 8 }, async (lib, pool) => {
      expectTally(pool, await cancelRace(pool, (index) => lib.add(index, 1)));
    });
  });

  slow('the audit trail tells of each ending once, also when they race (M13)', async () => {
    const ended = new Map<number, number>();
    const count = (trace: unknown): void => {
      const { id } = trace as CallTrace;
      ended.set(id, (ended.get(id) ?? 0) + 1);
    };
    const channel = tracingChannel('offthread:call').asyncEnd;
    channel.subscribe(count);
    try {
      await withLanes({ lanes: 2 }, async (lib, pool) => {
        expectTally(pool, await cancelRace(pool, () => lib.flagged(0)));
      });
    } finally {
      channel.unsubscribe(count);
    }
    expect(ended.size).to.equal(CALLS);
    expect([...ended.values()].every((times) => times === 1)).to.equal(true);
  });

  it('timeouts against completion: one of the two, and the value is whole', async () => {
    await withLanes({ lanes: 2 }, async (lib, pool) => {
      const steps = lib.steps.with({ timeout: 1 });
      const seen = { succeeded: 0, 'timed-out': 0 };
      const rounds = 300;
      for (let round = 0; round < rounds; round += 10) {
        // Around 1 ms of running each.
        const calls = Array.from({ length: 10 }, (_, at) => steps(5 + at, 100));
        const records = await inTime(Promise.all(calls.map((one) => one.settled())), `round ${round}`);
        records.forEach((record, at) => {
          expect(['succeeded', 'timed-out']).to.include(record.status);
          seen[record.status as keyof typeof seen] += 1;
          if (record.status === 'succeeded') expect(record.value).to.equal(5 + at);
          else expect(record.error?.code).to.equal('OFFTHREAD_CALL_TIMEOUT');
        });
      }
      expectSettled(pool, rounds);
      expect(pool.stats()).to.include({ succeeded: seen.succeeded, timedOut: seen['timed-out'] });
      expect(seen['timed-out'], 'some timed out').to.be.above(0);
    });
  });

  slow('timeout, deadline, signal and cancel at once: the first wins, nothing is left behind', async () => {
    await withLanes({ lanes: 2, maxQueue: 10_000 }, async (lib: Native, pool) => {
      const rounds = 400;
      const calls: NativeCall<number>[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const controller = new AbortController();
        const call = lib.steps.with({ timeout: 2, deadline: 3 + (round % 3), signal: controller.signal })(
          20,
          100,
        );
        if (round % 2 === 0) setTimeout(() => controller.abort(), 1 + (round % 4));
        if (round % 5 === 0) setTimeout(() => call.cancel(), 1 + (round % 3));
        calls.push(call);
        if (round % 4 === 3) await Promise.all(calls.slice(-4).map((one) => one.settled()));
      }
      const records = await inTime(Promise.all(calls.map((one) => one.settled())), 'the last ones');
      expectSettled(pool, rounds);
      const stats = pool.stats();
      const ended = (status: string): number => records.filter((record) => record.status === status).length;
      expect([stats.cancelled, stats.timedOut, stats.failed]).to.deep.equal([
        ended('cancelled'),
        ended('timed-out'),
        0,
      ]);
      expect(stats.cancelled).to.be.above(0);
      expect(stats.timedOut).to.be.above(0);
    });
  });

  it('a lane that was given up and comes back at once goes on, with the same thread', async () => {
    await withLanes({ lanes: 1, maxLostLanes: 0 }, async (lib, pool) => {
      let kept = 0;
      const threads = async (): Promise<number[]> =>
        (await pool.laneReports()).map(({ threadId }) => threadId);
      // Now and then a busy machine is too slow for `at once`, and the thread is replaced.
      for (let round = 0; round < 20 && kept === 0; round += 1) {
        await inTime(lib.add(1, 1), 'a lane');
        const before = await inTime(threads(), 'the report');
        const inside = new SharedWord();
        const release = new SharedWord();
        const call = lib.enter(inside.address, release.address, 5_000);
        const ended = call.settled();
        while (inside.value === 0) await turn();
        call.cancel();
        release.value = 1;
        expect((await ended).status).to.equal('cancelled');
        expect(await inTime(lib.add(round, 1), 'the call after it')).to.equal(round + 1);
        const after = await inTime(threads(), 'the report');
        if (before.length === 1 && after[0] === before[0]) kept += 1;
      }
      expect(kept).to.equal(1);
      expect(pool.stats().lanesLost).to.be.above(0);
    });
  });
});
