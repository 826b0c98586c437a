/** M10, M26: how many run at once, who goes first, and how many may wait. */
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, QueueFullError } from 'offthread';
import { onEveryEngine, rejection, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { until } from '../../helpers/waiting.js';

onEveryEngine('lanes and order (M10)', (engine) => {
  it('runs as many calls at once as there are lanes, and never more', async () => {
    await withPool(engine, { lanes: 3 }, async (lib, pool) => {
      resetThreadsInside();
      const gate = new Gate();
      const held = Array.from({ length: 6 }, () => gate.hold(lib));
      await gate.inside(3);
      const { running, queued, lanes } = pool.stats();
      expect({ running, queued, busy: lanes.busy }).to.deep.equal({ running: 3, queued: 3, busy: 3 });
      expect(gate.count).to.equal(3);
      gate.open();
      await Promise.all(held);
      const inside = await Promise.all(Array.from({ length: 60 }, () => lib.ot_concurrent_enter_exit(300)));
      if (laneKind() === 'thread') expect(mostThreadsInside()).to.be.within(2, 3);
      // Each process counts its own.
      else expect(new Set(inside)).to.deep.equal(new Set([1]));
    });
  });

  it('uses every lane for calls made at once', async () => {
    await withPool(engine, { lanes: 4 }, async (lib) => {
      const gate = new Gate();
      const held = Array.from({ length: 4 }, () => gate.hold(lib));
      await gate.inside(4);
      gate.open();
      await Promise.all(held);
    });
  });

  it('never keeps a call waiting behind one that blocks while a lane is free', async () => {
    await withPool(engine, { lanes: 2 }, async (lib) => {
      await Promise.all(Array.from({ length: 500 }, (_, i) => lib.ot_add(i, 1)));
      const gate = new Gate();
      const held = gate.hold(lib);
      const behind = Array.from({ length: 500 }, (_, i) => lib.ot_add(i, 1));
      await gate.inside();
      await Promise.all(behind);
      expect(held.state).to.equal('running');
      gate.open();
      await held;
    });
  });

  it('starts higher priorities first, and equals in their order', async () => {
    await withPool(engine, {}, async (lib) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const order: string[] = [];
      const submit = (priority: number, name: string): Promise<unknown> =>
        lib.ot_add
          .with({ priority })(0, 0)
          .then(() => order.push(name));
      const calls = [
        submit(0, 'zero a'),
        submit(-128, 'last'),
        submit(5, 'five a'),
        submit(127, 'first'),
        submit(0, 'zero b'),
        submit(5, 'five b'),
        submit(-1, 'minus'),
      ];
      gate.open();
      await Promise.all([held, ...calls]);
      expect(order).to.deep.equal(['first', 'five a', 'five b', 'zero a', 'zero b', 'minus', 'last']);
    });
  });
});

onEveryEngine('the bounded queue (M26)', (engine) => {
  it('refuses at once what has no room, and takes calls again later', async () => {
    await withPool(engine, { maxQueue: 2 }, async (lib, pool) => {
      const gate = new Gate();
      let full = 0;
      pool.on('full', () => (full += 1));
      const held = gate.hold(lib);
      await gate.inside();
      const queued = [lib.ot_add(1, 1), lib.ot_add(2, 2)];
      const refused = lib.ot_add(3, 3);
      const error = await rejection(refused, QueueFullError);
      expect(error).to.include({ code: 'OFFTHREAD_QUEUE_FULL', kind: 'queue-full', symbol: 'ot_add' });
      expect(await refused.settled()).to.include({ status: 'failed', kind: 'queue-full', ranMs: 0 });
      expect(full).to.be.at.least(1);
      expect(pool.stats()).to.include({ queued: 2, running: 1, submitted: 3, refused: 1 });
      gate.open();
      expect(await Promise.all(queued)).to.deep.equal([2, 4]);
      await held;
      expect(await lib.ot_add(4, 4)).to.equal(8);
    });
  });

  it('with no queue at all runs what can start now, and refuses the rest', async () => {
    await withPool(engine, { lanes: 2, maxQueue: 0 }, async (lib, pool) => {
      await until(() => pool.stats().lanes.idle === 2, 'both lanes to be ready');
      const gate = new Gate();
      const held = [gate.hold(lib), gate.hold(lib)];
      await rejection(lib.ot_add(1, 1), QueueFullError);
      await gate.inside(2);
      await rejection(lib.ot_add(1, 1), QueueFullError);
      gate.open();
      await Promise.all(held);
      for (let i = 0; i < 50; i++) expect(await lib.ot_add(i, 1), 'one after another').to.equal(i + 1);
      expect(pool.stats()).to.include({ refused: 2, submitted: 52, succeeded: 52 });
    });
  });

  it('makes submitters wait where that was asked for, and answers all', async () => {
    await withPool(engine, { maxQueue: 1, whenFull: 'wait' }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const calls = Array.from({ length: 100 }, (_, i) => lib.ot_add(i, 1));
      expect(pool.stats()).to.include({ queued: 1, waiting: 99, refused: 0 });
      expect(calls.map(({ state }) => state)).to.deep.equal(['queued', ...Array(99).fill('waiting')]);
      gate.open();
      expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
      await held;
      expect(pool.stats()).to.include({ queued: 0, waiting: 0, submitted: 101, succeeded: 101 });
    });
  });

  it('ends waiting calls by cancel and by deadline, and the others move up', async () => {
    await withPool(engine, { maxQueue: 1, whenFull: 'wait' }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const [queued, cancelled, late, last] = [
        lib.ot_add(1, 1),
        lib.ot_add(2, 2),
        lib.ot_add.with({ deadline: 20 })(3, 3),
        lib.ot_add(4, 4),
      ];
      expect(cancelled.cancel()).to.equal(true);
      await Promise.all([rejection(cancelled, CallCancelledError), rejection(late, CallTimeoutError)]);
      expect(pool.stats()).to.include({ queued: 1, waiting: 1 });
      gate.open();
      expect(await Promise.all([queued, last])).to.deep.equal([2, 8]);
      await held;
      await until(() => pool.stats().running === 0, 'the end');
      const { submitted, succeeded, cancelled: stopped, timedOut, refused } = pool.stats();
      expect(submitted + refused, 'every call is counted').to.equal(5);
      expect(succeeded + stopped + timedOut + refused).to.equal(5);
    });
  });

  it('bounds the waiting, too', async () => {
    await withPool(engine, { maxQueue: 1, whenFull: 'wait', maxWaiting: 3 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const taken = Array.from({ length: 4 }, () => lib.ot_add(1, 1));
      await rejection(lib.ot_add(1, 1), QueueFullError);
      expect(pool.stats()).to.include({ queued: 1, waiting: 3, refused: 1 });
      gate.open();
      expect(await Promise.all(taken)).to.deep.equal([2, 2, 2, 2]);
      await held;
    });
  });

  it('gives the room of cancelled calls back at once (M27)', async () => {
    await withPool(engine, { maxQueue: 10 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      for (let round = 0; round < 30; round++) {
        const calls = Array.from({ length: 10 }, () => lib.ot_add(1, 1));
        for (const call of calls) call.cancel();
        await Promise.all(calls.map((call) => call.settled()));
      }
      expect(pool.stats()).to.include({ queued: 0, refused: 0, cancelled: 300 });
      gate.open();
      await held;
    });
  });
});
