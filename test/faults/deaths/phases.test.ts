/** B2: whether a lane died between calls, in one, or while it brought an answer back. */
import { expect } from 'chai';
import {
  crash,
  expectBalance,
  fullAgain,
  lanesWith,
  onEvent,
  onEveryProcessLane,
  type Told,
  words,
} from '../../helpers/faults.js';
import { bySignal, FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import type { LaneCrashedError } from 'offthread';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);
/** Functions whose answer cannot be brought back. */
const withAnswers = lanesWith(testlib, {
  ot_add: FAULTS.ot_add,
  ot_process_id: FAULTS.ot_process_id,
  ot_bad_text: FAULTS.ot_bad_text,
  ot_bad_text_if: FAULTS.ot_bad_text_if,
  ot_echo_owned: { arguments: ['cstring'], return: { cstring: { free: 'ot_die_freeing' } } },
  ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero', lastError: 'ot_bad_text' },
});

onEveryProcessLane('a lane that dies between calls (B2)', (ground) => {
  slow('by SIGKILL from outside: no call fails, and the event says idle', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const told: Told[] = [];
      onEvent(pool, 'lane-crashed', (event) => told.push(event));
      process.kill(pid, 'SIGKILL');
      await until(() => told.length === 1, 'the death to be noticed');
      const error = told[0]?.error as LaneCrashedError;
      expect(error).to.include({ signal: 'SIGKILL', pid, phase: 'idle', lane: told[0]?.lane });
      expect({ call: error.call, symbol: error.symbol, digest: error.digest }).to.deep.equal({
        call: undefined,
        symbol: undefined,
        digest: undefined,
      });
      expect(await lib.ot_process_id()).to.not.equal(pid);
      await fullAgain(pool, 1);
      expect(pool.stats()).to.include({ submitted: 2, succeeded: 2, failed: 0, lanesCrashed: 1 });
    });
  });

  it('by a thread of the library: no call fails', async () => {
    await withLanes(ground, {}, async (lib, pool) => {
      const how = words();
      const [pid, started] = await Promise.all([lib.ot_process_id(), lib.ot_die_behind(how, 20_000)]);
      expect(started).to.equal(0);
      await fullAgain(pool);
      const told: Told[] = [];
      onEvent(pool, 'lane-crashed', (event) => told.push(event));
      Atomics.store(how, 0, SEGV);
      await until(() => told.length === 1, 'the death to be noticed');
      expect(told[0]?.error).to.include({ signal: 'SIGSEGV', pid, phase: 'idle' });
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(pool.stats()).to.include({ failed: 0, lanesCrashed: 1 });
    });
  });

  slow(
    'by a thread of the library, in the midst of an innocent call: that one fails, and is named',
    async () => {
      await withLanes(ground, {}, async (lib, pool) => {
        const [how, entered, release] = [words(), words(), words()];
        await lib.ot_die_behind(how, 20_000);
        const call = lib.ot_enter_and_wait(entered, release, 20_000);
        const behind = [lib.ot_add(1, 2), lib.ot_add(3, 4)];
        await until(() => Atomics.load(entered, 0) === 1, 'the call to run');
        Atomics.store(how, 0, bySignal('SIGABRT'));
        const error = await crash(call);
        expect(error).to.include({
          signal: 'SIGABRT',
          phase: 'call',
          symbol: 'ot_enter_and_wait',
          call: call.id,
        });
        expect(await Promise.all(behind)).to.deep.equal([3, 7]);
        await fullAgain(pool, 1);
        expectBalance(pool);
      });
    },
  );

  slow('a hundred calls after each such death find a lane', async () => {
    await withLanes(ground, { lanes: 2, maxDeaths: Infinity }, async (lib, pool) => {
      for (let round = 0; round < 5; round++) {
        const pid = await lib.ot_process_id();
        process.kill(pid, 'SIGKILL');
        await until(() => pool.stats().lanesCrashed === round + 1, 'the death to be noticed');
        const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => lib.ot_add(i, round)));
        expect(sums).to.deep.equal(sums.map((_, i) => i + round));
      }
      expect(pool.stats().failed).to.equal(0);
    });
  });
});

onEveryProcessLane('a lane that dies while it answers (B2)', (ground) => {
  slow('because its text cannot be read', async () => {
    await withAnswers(ground, {}, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      const call = lib.ot_bad_text();
      const behind = lib.ot_add(1, 2);
      const error = await crash(call);
      const { signal, symbol, call: id, phase, digest, attempts } = error;
      expect({ signal, symbol, id, pid: error.pid, phase, digest, attempts }).to.deep.equal({
        signal: 'SIGSEGV',
        symbol: 'ot_bad_text',
        id: call.id,
        pid,
        phase: 'answer',
        digest: '()',
        attempts: 1,
      });
      expect(await behind).to.equal(3);
      expect(await lib.ot_bad_text_if(1, 2)).to.equal('good');
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });

  it('because the function that frees its text aborts', async () => {
    await withAnswers(ground, {}, async (lib) => {
      const error = await crash(lib.ot_echo_owned('keep me'));
      expect(error).to.include({ signal: 'SIGABRT', symbol: 'ot_echo_owned', phase: 'answer' });
      expect(error.digest).to.equal("('keep me')");
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  slow('because the text of its failure cannot be read', async () => {
    await withAnswers(ground, {}, async (lib) => {
      const error = await crash(lib.ot_fail(3));
      expect(error).to.include({ signal: 'SIGSEGV', symbol: 'ot_fail', phase: 'answer', digest: '(3)' });
      expect(await lib.ot_fail(0)).to.equal(0);
    });
  });

  slow('many times among calls that answer well: only those fail', async () => {
    await withAnswers(ground, { lanes: 2, maxDeaths: Infinity }, async (lib, pool) => {
      const calls = Array.from({ length: 300 }, (_, i) => lib.ot_bad_text_if(i, i % 60 === 59 ? i : -1));
      const records = await Promise.all(calls.map((call) => call.settled()));
      const bad = records.flatMap(({ status, error }, i) => (status === 'failed' ? [{ i, error }] : []));
      expect(bad.map(({ i }) => i)).to.deep.equal([59, 119, 179, 239, 299]);
      for (const { i, error } of bad) {
        expect(error).to.include({ kind: 'crash', phase: 'answer', call: calls[i]?.id });
        expect(error).to.include({ digest: `(${i}, ${i})` });
      }
      expect(new Set(records.flatMap(({ value }) => value ?? []))).to.deep.equal(new Set(['good']));
      await fullAgain(pool);
      expectBalance(pool);
    });
  });
});
