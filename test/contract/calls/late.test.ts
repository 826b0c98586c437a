/** M5, M8, M10, M26: calls that cannot make their deadline are refused at the door (`refuseLate`), and no lane is spent on them. */
import { expect } from 'chai';
import { CallTimeoutError, type NativeCall, type Pool, QueueFullError, retry } from 'offthread';
import { onEveryEngine, rejection, thrown, withPool } from '../../helpers/contract.js';
import { Gate, openGates } from '../../helpers/gate.js';
import type { Offtest } from '../../helpers/offtest.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const UNREACHABLE = 'OFFTHREAD_DEADLINE_UNREACHABLE';
/** What `ot_sleep_ms` is known to take, at least, once it has slept for so long. */
const SLOW_MS = 300;
/** Far less than what waits, and more than a busy machine takes to start a call. */
const HASTY = { deadline: 250 };
const PATIENT = { deadline: 600_000 };

/** One lane that is busy until `test` is over, and so many calls behind it of a function that takes SLOW_MS. */
async function behindSlow(
  lib: Offtest,
  count: number,
  test: (queued: NativeCall<number>[]) => Promise<void> | void,
): Promise<void> {
  await lib.ot_sleep_ms(SLOW_MS);
  const gate = new Gate();
  const held = gate.hold(lib);
  await gate.inside();
  const queued = Array.from({ length: count }, () => lib.ot_sleep_ms(0));
  for (const call of queued) call.catch(() => {});
  await test(queued);
  for (const call of queued) call.cancel();
  gate.open();
  await held;
}

onEveryEngine('calls that would miss their deadline (M5, M26)', (engine) => {
  it('are refused at once, and the others are not', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      await behindSlow(lib, 20, async (queued) => {
        const before = pool.stats();
        const call = lib.ot_add.with(HASTY)(1, 2);
        expect(call.state).to.equal('failed');
        const error = await rejection(call, QueueFullError);
        expect(error).to.include({ code: UNREACHABLE, kind: 'queue-full', symbol: 'ot_add', call: call.id });
        expect(error.message).to.match(
          /^ot_add was not queued, because it would miss its deadline: 250 ms are left, but it would wait for a lane for about \d{4} ms\. /,
        );
        const other = await rejection(lib.ot_sleep_ms.with(HASTY)(0), QueueFullError);
        expect(other.message).to.match(/for a lane for about \d+ ms and then run for about 3\d\d ms\. /);
        expect(pool.stats()).to.include({
          refused: 2,
          refusedLate: 2,
          submitted: before.submitted,
          queued: 20,
        });

        const patient = lib.ot_add.with(PATIENT)(1, 2);
        const carefree = lib.ot_add(3, 4);
        expect([patient.state, carefree.state]).to.deep.equal(['queued', 'queued']);
        // Work of a lower priority is not in its way.
        const urgent = lib.ot_add.with({ deadline: 60_000, priority: 1 })(5, 6);
        expect(urgent.state).to.equal('queued');
        for (const one of queued) one.cancel();
        // Nothing waits in front but what has been measured as short.
        const late = lib.ot_add.with({ deadline: 60_000 })(7, 8);
        expect(late.state).to.equal('queued');
        openGates();
        expect(await Promise.all([patient, carefree, urgent, late])).to.deep.equal([3, 7, 11, 15]);
      });
      expect(pool.stats()).to.include({ refused: 2, refusedLate: 2, queued: 0, waiting: 0 });
    });
  });

  it('pass work of a lower priority, and not that of a higher one', async () => {
    await withPool(engine, { refuseLate: true }, async (lib) => {
      await behindSlow(lib, 20, async () => {
        const urgent = lib.ot_add.with({ deadline: 5_000, priority: 1 })(1, 1);
        expect(urgent.state).to.equal('queued');
        const behind = lib.ot_add.with({ ...HASTY, priority: -1 })(1, 1);
        await rejection(behind, QueueFullError);
        urgent.cancel();
        await urgent.settled();
      });
    });
  });

  it('are queued without the option, and wait in vain', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      await behindSlow(lib, 20, async () => {
        const call = lib.ot_add.with({ deadline: 30 })(1, 2);
        expect(call.state).to.equal('queued');
        await rejection(call, CallTimeoutError);
        expect(pool.stats()).to.include({ refused: 0, refusedLate: 0, timedOut: 1 });
      });
    });
  });

  it('are refused where callers wait for room, too, and where they block', async () => {
    await withPool(engine, { refuseLate: true, maxQueue: 1, whenFull: 'wait' }, async (lib, pool) => {
      await behindSlow(lib, 20, async () => {
        expect(pool.stats()).to.include({ queued: 1, waiting: 19 });
        const error = await rejection(lib.ot_add.with(HASTY)(1, 2), QueueFullError);
        expect(error.code).to.equal(UNREACHABLE);
        const patient = lib.ot_add.with(PATIENT)(1, 2);
        expect(patient.state).to.equal('waiting');
        patient.cancel();
        await patient.settled();
        const blocked = thrown(() => lib.ot_add.with(HASTY).blocking(1, 2), QueueFullError);
        expect(blocked.code).to.equal(UNREACHABLE);
        expect(pool.stats()).to.include({ refusedLate: 2, waiting: 19 });
      });
    });
  });

  it('are tried again by retry, as all that finds no place', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      let result: Promise<number> | undefined;
      await behindSlow(lib, 20, async () => {
        result = retry(() => lib.ot_add.with(HASTY)(1, 2), {
          attempts: Infinity,
          delay: 5,
          maxDelay: 5,
          when: ['queue-full'],
        });
        await until(() => pool.stats().refusedLate >= 3, 'three attempts');
      });
      expect(await result).to.equal(3);
    });
  });

  slow('are dropped when their turn comes and they take longer than they have left', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      await lib.ot_sleep_ms(800);
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      // Nothing is known of what runs: it is taken in.
      const call = lib.ot_sleep_ms.with({ deadline: 1_500 })(0);
      expect(call.state).to.equal('queued');
      await wait(900);
      gate.open();
      await held;
      const error = await rejection(call, CallTimeoutError);
      expect(error).to.include({ code: 'OFFTHREAD_CALL_TIMEOUT', symbol: 'ot_sleep_ms' });
      expect(error.message).to.match(
        /^ot_sleep_ms was not started, because it would miss its deadline: when a lane was free, [\d.]+ ms were left/,
      );
      expect(call.timing.ranMs).to.equal(undefined);
      expect(call.timing.queuedMs).to.be.below(1_500);
      expect(pool.stats()).to.include({ timedOut: 1, refused: 0, refusedLate: 0, queued: 0 });
      expect(await lib.ot_add(1, 1)).to.equal(2);
    });
  });
});

onEveryEngine('estimates that are wrong (M26)', (engine) => {
  slow('a lane that is free takes a call, whatever its function has taken so far', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      await lib.ot_sleep_ms(900);
      expect(await lib.ot_sleep_ms.with({ deadline: 800 })(0)).to.equal(0);
      expect(pool.stats().refused).to.equal(0);
    });
  });

  it('a function that has never run takes no time', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      const calls = Array.from({ length: 50 }, () => lib.ot_sleep_ms.with({ deadline: 5_000 })(0));
      expect(pool.stats()).to.include({ queued: 50, refused: 0 });
      gate.open();
      await Promise.all([held, ...calls]);
    });
  });

  slow('do not outlast a slow phase', async () => {
    await withPool(engine, { refuseLate: true }, async (lib, pool) => {
      await lib.ot_sleep_ms(900);
      expect(await pressed(lib, pool), 'after a slow run').to.equal(UNREACHABLE);
      for (let round = 0; round < 30; round += 1) await lib.ot_sleep_ms(0);
      expect(await pressed(lib, pool), 'after many quick ones').to.equal(0);
    });
  });
});

/** What becomes of a call with 800 ms, behind one other of its function and a lane that is busy. */
async function pressed(lib: Offtest, pool: Pool): Promise<unknown> {
  const gate = new Gate();
  const held = gate.hold(lib);
  await gate.inside();
  const before = lib.ot_sleep_ms(0);
  expect(pool.stats().queued).to.equal(1);
  const settled = lib.ot_sleep_ms.with({ deadline: 800 })(0).settled();
  gate.open();
  await Promise.all([held, before]);
  const { value, error } = await settled;
  return error?.code ?? value;
}
