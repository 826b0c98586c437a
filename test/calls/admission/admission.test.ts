/** M5, M10, M26, M27: the door of a pool: exact bounds, order, and counts that cannot drift. */
import { getEventListeners } from 'node:events';
import { expect } from 'chai';
import fc from 'fast-check';
import { ArgumentError, type NativeCall, type Pool, PoolClosedError, QueueFullError } from 'offthread';
import { type Native, SharedWord, expectSettled, inTime, turn, withLanes } from '../../supervisor/lab.js';
import { slow } from '../../helpers/fast-run.js';

/** Starts a call that keeps a lane busy until the word is set. Resolves once it is inside. */
async function hold(lib: Native, release: SharedWord, holders: NativeCall<number>[]): Promise<void> {
  const inside = new SharedWord();
  holders.push(lib.enter.with({ timeout: 0 })(inside.address, release.address, 8_000));
  const guard = performance.now() + 5_000;
  while (inside.value === 0) {
    if (performance.now() > guard) throw new Error('the holder never started');
    await turn();
  }
}

/** Keeps every lane busy while `test` runs. */
async function whileHeld(lanes: number, lib: Native, test: () => Promise<void> | void): Promise<void> {
  const release = new SharedWord();
  const holders: NativeCall<number>[] = [];
  try {
    for (let lane = 0; lane < lanes; lane += 1) await hold(lib, release, holders);
    await test();
  } finally {
    release.value = 1;
  }
  await inTime(Promise.all(holders), 'the holders');
}

const refused = (calls: readonly NativeCall<unknown>[]): number =>
  calls.filter(({ state }) => state === 'failed').length;

describe('admission', () => {
  for (const [lanes, maxQueue] of [
    [1, 0],
    [1, 1],
    [2, 5],
  ] as const) {
    it(`takes exactly ${maxQueue} calls beyond ${lanes} running, and refuses the rest at once (M26)`, async () => {
      await withLanes({ lanes, maxQueue }, async (lib, pool) => {
        let full = 0;
        pool.on('full', () => {
          full += 1;
        });
        let calls: NativeCall<number>[] = [];
        await whileHeld(lanes, lib, async () => {
          calls = Array.from({ length: maxQueue + 4 }, (_, index) => lib.add(index, 1));
          expect(refused(calls), 'refused when the call returns').to.equal(4);
          expect(pool.stats()).to.include({ queued: maxQueue, refused: 4, running: lanes });
          for (const call of calls.slice(maxQueue)) {
            const { error } = await call.settled();
            expect(error).to.be.instanceOf(QueueFullError);
          }
          if (maxQueue > 0) {
            // A cancelled call makes room for one.
            expect(calls[0]?.cancel()).to.equal(true);
            calls[0]?.catch(() => {});
            expect(lib.add(0, 0).state).to.equal('queued');
            const again = lib.add(0, 0);
            expect(again.state).to.equal('failed');
            again.catch(() => {});
          }
        });
        await inTime(Promise.all(calls.slice(1, maxQueue)), 'the queued ones');
        await pool.drain();
        expectSettled(pool, lanes + maxQueue + (maxQueue > 0 ? 1 : 0), 4 + (maxQueue > 0 ? 1 : 0));
        expect(full > 0).to.equal(maxQueue > 0);
      });
    });
  }

  for (const maxQueue of [0, 1, 3]) {
    it(`lets calls wait for room beyond a queue of ${maxQueue}, in order, up to maxWaiting (M26)`, async () => {
      await withLanes({ lanes: 1, maxQueue, whenFull: 'wait', maxWaiting: 4 }, async (lib, pool) => {
        const order: number[] = [];
        let calls: NativeCall<number>[] = [];
        await whileHeld(1, lib, () => {
          calls = Array.from({ length: maxQueue + 6 }, (_, index) => lib.add(index, 0));
          for (const call of calls) call.then((index) => order.push(index)).catch(() => {});
          expect(pool.stats()).to.include({ queued: maxQueue, waiting: 4, refused: 2 });
          expect(refused(calls)).to.equal(2);
          // One that waits can be cancelled, and leaves its place.
          expect(calls[maxQueue]?.cancel()).to.equal(true);
          expect(pool.stats()).to.include({ queued: maxQueue, waiting: 3 });
        });
        await inTime(Promise.allSettled(calls), 'those that waited');
        const expected = Array.from({ length: maxQueue + 4 }, (_, index) => index);
        expect(order).to.deep.equal(expected.filter((index) => index !== maxQueue));
        expectSettled(pool, 1 + maxQueue + 4, 2);
      });
    });
  }

  it('higher priorities go first, equal ones in the order of the calls (M26)', async () => {
    await withLanes({ lanes: 1 }, async (lib) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: -128, max: 127 }), { maxLength: 40, size: 'max' }),
          async (priorities) => {
            const order: number[] = [];
            let calls: Promise<unknown>[] = [];
            await whileHeld(1, lib, () => {
              calls = priorities.map((priority, index) =>
                lib.add
                  .with({ priority })(index, 0)
                  .then((found) => order.push(found)),
              );
            });
            await inTime(Promise.all(calls), 'the calls');
            const expected = priorities
              .map((priority, index) => ({ priority, index }))
              .toSorted((one, other) => other.priority - one.priority);
            expect(order).to.deep.equal(expected.map(({ index }) => index));
          },
        ),
        { numRuns: 15 },
      );
    });
  });

  it('a deadline passes in the queue, a timeout does not (M5)', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      let patient: NativeCall<number> | undefined;
      await whileHeld(1, lib, async () => {
        patient = lib.add.with({ timeout: 1 })(1, 1);
        const hasty = [15, 5, 10].map((deadline) => lib.add.with({ deadline })(1, 1));
        const order: number[] = [];
        hasty.forEach((call, index) => void call.settled().then(() => order.push(index)));
        const records = await inTime(Promise.all(hasty.map((call) => call.settled())), 'the deadlines');
        for (const { status, error } of records) {
          expect(status).to.equal('timed-out');
          expect(error?.code).to.equal('OFFTHREAD_CALL_TIMEOUT');
        }
        expect(order).to.deep.equal([1, 2, 0]);
        expect(patient.state).to.equal('queued');
      });
      expect(await inTime(patient as NativeCall<number>, 'the patient one')).to.equal(2);
      expectSettled(pool, 5);
    });
  });

  slow('counters add up and no listener is left, whatever callers do (M5, M7, M27)', async () => {
    const act = fc.constantFrom(
      'call',
      'call',
      'wrong',
      'aborted',
      'with signal',
      'abort',
      'cancel',
      'deadline',
      'past deadline',
      'turn',
      'cancel all',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 60, size: 'max' }),
        fc.constantFrom('reject' as const, 'wait' as const),
        fc.nat(4),
        fc.boolean(),
        async (acts, whenFull, maxQueue, refuseLate) => {
          await withLanes({ lanes: 1, maxQueue, whenFull, maxWaiting: 2, refuseLate }, (lib, pool) =>
            play(lib, pool, acts),
          );
        },
      ),
      { numRuns: 12 },
    );
  });

  it('a closed pool refuses, and counts it as refused', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      await lib.add(1, 1);
      await pool.close();
      const { error } = await lib.add(1, 1).settled();
      expect(error).to.be.instanceOf(PoolClosedError);
      expectSettled(pool, 1, 1);
    });
  });
});

/** Plays the acts of a caller; then all is settled, counted and let go. */
async function play(lib: Native, pool: Pool, acts: readonly string[]): Promise<void> {
  const controllers: AbortController[] = [];
  const calls: NativeCall<number>[] = [];
  const add = (call: NativeCall<number>): void => {
    call.catch(() => {});
    calls.push(call);
  };
  for (const one of acts) {
    const controller = new AbortController();
    if (one === 'call') add(lib.add(1, 1));
    else if (one === 'wrong') add(lib.add('1' as unknown as number, 1));
    else if (one === 'aborted') add(lib.add.with({ signal: AbortSignal.abort() })(1, 1));
    else if (one === 'with signal') {
      controllers.push(controller);
      add(lib.steps.with({ signal: controller.signal })(5, 20));
    } else if (one === 'abort') controllers.at(-1)?.abort();
    else if (one === 'cancel') calls.at(-1)?.cancel();
    else if (one === 'deadline') add(lib.steps.with({ deadline: 1 })(20, 100));
    else if (one === 'past deadline') add(lib.add.with({ deadline: new Date(0) })(1, 1));
    else if (one === 'cancel all') pool.cancelAll();
    else await turn();
  }
  const records = await inTime(Promise.all(calls.map((call) => call.settled())), 'the calls', 5_000);
  await pool.drain();
  const { submitted, refused: turnedAway } = pool.stats();
  expect(submitted + turnedAway).to.equal(calls.length);
  expectSettled(pool, submitted, turnedAway);
  const never = records.filter(
    ({ error }) => error instanceof ArgumentError || error instanceof QueueFullError,
  );
  expect(turnedAway).to.be.at.least(never.length);
  for (const { signal } of controllers) expect(getEventListeners(signal, 'abort')).to.have.length(0);
}
