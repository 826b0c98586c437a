/** B2: a call that has crashed a lane is not run again silently; `attempts` may ask for it. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { callback, CallTimeoutError, chunks, CrashLoopError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import { crash, expectBalance, fullAgain, lanesWith, onProcessLanes, words } from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, NUMBER } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';

const withLanes = lanesWith(testlib, {
  ...FAULTS,
  ot_call_then_die: { arguments: [callback(NUMBER), 'i32', 'i32'], return: 'i32' },
  ot_stream_then_die: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'i32'], return: 'i32' },
});
/** Dies at once, and has counted that it ran. */
const NOW = (): Int32Array => words().fill(SEGV);

onProcessLanes('attempts of a call (B2)', (ground) => {
  let folder: string;
  let marks = 0;
  const mark = (): string => join(folder, `mark-${++marks}`);
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-again-'))));
  after(() => rmSync(folder, { recursive: true }));

  slow('is off: a call that crashes its lane runs once', async () => {
    await withLanes(ground, { lanes: 2 }, async (lib, pool) => {
      const entered = words();
      const error = await crash(lib.ot_die_when(entered, NOW(), 20_000));
      expect(error.attempts).to.equal(1);
      await fullAgain(pool, 1);
      expect(Atomics.load(entered, 0)).to.equal(1);
      expect(pool.stats()).to.include({ retried: 0, lanesCrashed: 1, failed: 1 });
    });
  });

  slow('runs it again on another lane: same id, same promise, counted once', async () => {
    await withLanes(ground, { lanes: 2 }, async (lib, pool) => {
      const once = mark();
      const call = lib.ot_die_once.with({ attempts: 2 })(once, SEGV);
      const { id } = call;
      expect(await call, 'the second time it lives').to.equal(1);
      expect(call.id).to.equal(id);
      expect(existsSync(once)).to.equal(true);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({
        submitted: 1,
        succeeded: 1,
        failed: 0,
        retried: 1,
        lanesCrashed: 1,
      });
      expectBalance(pool);
    });
  });

  it('has a former name, which counts the further starts', async () => {
    await withLanes(ground, { lanes: 2 }, async (lib, pool) => {
      const entered = words();
      const patient = lib.ot_die_when.with({ attempts: 5 }).with({ retry: 1 });
      expect(await crash(patient(entered, NOW(), 20_000))).to.include({ attempts: 2 });
      expect(Atomics.load(entered, 0)).to.equal(2);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ retried: 1, lanesCrashed: 2 });
    });
  });

  slow('gives up after so many, and says how many lanes it cost', async () => {
    await withLanes(ground, { lanes: 2, maxDeaths: Infinity }, async (lib, pool) => {
      const entered = words();
      const call = lib.ot_die_when.with({ attempts: 4 })(entered, NOW(), 20_000);
      const error = await crash(call);
      expect(error).to.include({ attempts: 4, signal: 'SIGSEGV', call: call.id, phase: 'call' });
      expect(Atomics.load(entered, 0)).to.equal(4);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ submitted: 1, failed: 1, retried: 3, lanesCrashed: 4 });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  slow('is not for calls that fail in other ways: timeouts, and failures of the function', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const entered = words();
      const hung = lib.ot_hang_deaf.with({ attempts: 6, timeout: 50 })(entered);
      await rejection(hung, CallTimeoutError);
      await fullAgain(pool, 1);
      expect(Atomics.load(entered, 0)).to.equal(1);
      expect(pool.stats()).to.include({ retried: 0, timedOut: 1, lanesKilled: 1 });
    });
  });

  slow('can be cancelled between its attempts, and its deadline holds over all of them', async () => {
    await withLanes(ground, { lanes: 1, spares: 0, maxDeaths: Infinity }, async (lib, pool) => {
      const cancelled = lib.ot_die.with({ attempts: 1_001 })(SEGV);
      const ended = cancelled.settled();
      pool.once('lane-crashed', () => cancelled.cancel());
      expect((await ended).status).to.equal('cancelled');
      const late = await lib.ot_die.with({ attempts: 1_001, deadline: 600 })(SEGV).settled();
      expect(late.status).to.equal('timed-out');
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expectBalance(pool);
    });
  });

  slow('stops at the breaker', async () => {
    await withLanes(ground, { lanes: 1, spares: 0, maxDeaths: 3, deathWindow: 30_000 }, async (lib, pool) => {
      const { error } = await lib.ot_die.with({ attempts: 101 })(SEGV).settled();
      expect(error?.kind).to.be.oneOf(['crash', 'crash-loop']);
      expect(pool.stats().lanesCrashed).to.equal(3);
      await rejection(lib.ot_add(1, 2), CrashLoopError);
    });
  });

  slow(
    'gives its functions the questions anew; a stream whose chunks were handed out is not run again',
    async () => {
      await withLanes(ground, { maxDeaths: Infinity }, async (lib) => {
        const asked: number[] = [];
        const error = await crash(lib.ot_call_then_die.with({ attempts: 2 })((n) => asked.push(n), 2, SEGV));
        expect(error.attempts).to.equal(2);
        expect(asked).to.deep.equal([0, 1, 0, 1]);
        const seen: (number | undefined)[] = [];
        const stream = lib.ot_stream_then_die.with({ attempts: 2 }).stream(3, 8, SEGV);
        const reading = (async () => {
          for await (const chunk of stream) seen.push(chunk[0]);
        })();
        await crash(reading);
        expect(seen, 'no chunk twice').to.deep.equal([0, 1, 2]);
      });
    },
  );
});

onProcessLanes('how many lanes a call may crash (B2)', (ground) => {
  it('is not limited but by the breaker: no call is refused for its arguments', async () => {
    await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
      for (let i = 0; i < 5; i++) await crash(lib.ot_die(SEGV));
      expect(pool.stats()).to.include({ lanesCrashed: 5, failed: 5, refused: 0 });
    });
  });

  it('no call is refused for deaths between calls, or by a kill', async () => {
    await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
      for (let i = 0; i < 3; i++) {
        await rejection(lib.ot_hang.with({ timeout: 20 })(), CallTimeoutError);
        process.kill(await lib.ot_process_id(), 'SIGKILL');
      }
      await rejection(lib.ot_hang.with({ timeout: 20 })(), CallTimeoutError);
      expect(await lib.ot_process_id()).to.be.greaterThan(0);
      expect(pool.stats().refused).to.equal(0);
      expectBalance(pool);
    });
  });
});
