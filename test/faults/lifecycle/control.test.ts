/** B2: control words in mapped memory, or kill only: `stats()` says which, and what native code cannot do there is refused. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CallCancelledError, CallTimeoutError, EngineError, callback, chunks } from '../../../src/index.js';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  environment,
  eventually,
  expectBalance,
  figures,
  fullAgain,
  gone,
  lanesWith,
  onProcessLanes,
} from '../../helpers/faults.js';
import { FAULTS, SEGV, byExit } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, NUMBER } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';

const withLanes = lanesWith(testlib, FAULTS);
/** What has to talk to the host while it runs. */
const TALKING = {
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
} as const;
const KILL_ONLY = { control: 'kill-only', maxDeaths: Infinity } as const;

onProcessLanes('what a pool of processes says of itself (B2)', (ground) => {
  it('shared where memory can be mapped', async () => {
    await withLanes(ground, {}, async (_, pool) => {
      expect(figures(pool)).to.include({ isolation: 'process', breaker: 'closed' });
      if (process.platform === 'linux') expect(figures(pool).control).to.equal('shared');
    });
  });

  it('lanes have the environment that was given, and no other', async () => {
    const env = environment({ OFFTHREAD_GIVEN: 'yes' });
    delete env['HOME'];
    const withEnvironment = lanesWith('libc.so.6', { getenv: { arguments: ['cstring'], return: 'cstring' } });
    process.env['OFFTHREAD_LATE'] = 'set after';
    try {
      await withEnvironment(ground, { env }, async (lib) => {
        expect(await lib.getenv('OFFTHREAD_GIVEN')).to.equal('yes');
        expect(await lib.getenv('OFFTHREAD_LATE')).to.equal(null);
        expect(await lib.getenv('HOME')).to.equal(null);
      });
    } finally {
      delete process.env['OFFTHREAD_LATE'];
    }
  });
});

onProcessLanes('kill only (B2)', (ground) => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-control-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('calls, texts and bytes work', async () => {
    await withLanes(ground, { ...KILL_ONLY, lanes: 2 }, async (lib, pool) => {
      expect(figures(pool).control).to.equal('kill-only');
      const sums = await Promise.all(Array.from({ length: 500 }, (_, i) => lib.ot_add(i, 1)));
      expect(sums).to.deep.equal(sums.map((_, i) => i + 1));
      expect((await lib.ot_long_owned(300_000))?.length).to.equal(300_000);
      const bytes = Buffer.alloc(2 << 20, 'bytes');
      expect(await lib.ot_checksum(bytes, bytes.length)).to.equal(await lib.ot_checksum(bytes, bytes.length));
      expectBalance(pool);
    });
  });

  it('columns work, an item at a time, and the one that a lane dies of is told by its index', async () => {
    await withLanes(ground, { ...KILL_ONLY, lanes: 2 }, async (lib, pool) => {
      const values = Int32Array.from({ length: 2_000 }, (_, i) => i);
      const { out } = await pool.mapColumns(lib.ot_add, [values, 1]);
      expect((out as Int32Array).every((sum, i) => sum === i + 1)).to.equal(true);
      const { done, failures } = await pool.mapColumns(lib.ot_die_if, [values, 1_000, SEGV], null, {
        onError: 'skip',
      });
      expect(done).to.equal(1_999);
      expect(failures.map(({ index }) => index)).to.deep.equal([1_000]);
      expectBalance(pool);
    });
  });

  it('native code that calls back is refused when it is opened, by its name, and costs nothing', async () => {
    await withLanes(ground, KILL_ONLY, async (lib, pool) => {
      for (const [name, declaration] of Object.entries(TALKING)) {
        const opening = pool.open(testlib, { [name]: declaration }, { engine: ground.engine });
        const error = await rejection(opening, EngineError);
        expect(error).to.include({ code: 'OFFTHREAD_ENGINE_UNSUPPORTED', symbol: name });
        expect(error.message).to.match(/kill-only.*shared/);
      }
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(figures(pool)).to.include({ lanesCrashed: 0, lanesLost: 0 });
    });
  });

  it('a running call that is stopped costs its lane, although it would obey a flag', async () => {
    await withLanes(ground, { ...KILL_ONLY, grace: 50 }, async (lib, pool) => {
      const pids = [await lib.ot_process_id()];
      await rejection(lib.ot_spin_until_cancelled.with({ timeout: 100 })(60_000), CallTimeoutError);
      pids.push(await lib.ot_process_id());
      const call = lib.ot_spin_until_cancelled(60_000);
      await eventually(() => call.state === 'running', 'the call to run');
      call.cancel();
      await rejection(call, CallCancelledError);
      expect(pids).to.not.include(await lib.ot_process_id());
      await gone(pids);
      await fullAgain(pool, 1);
      expect(figures(pool)).to.include({ lanesKilled: 2, lanesLost: 2, lanesCrashed: 0 });
      expectBalance(pool);
    });
  });

  it('a queued call that is cancelled never starts, and costs nothing', async () => {
    await withLanes(ground, KILL_ONLY, async (lib, pool) => {
      const [entered, release, mark] = ['entered', 'release', 'mark'].map((name) => join(folder, name));
      const held = lib.ot_hang_until_file(entered ?? '', release ?? '', 20_000);
      await eventually(() => existsSync(entered ?? ''), 'the call to run');
      const queued = lib.ot_die_once(mark ?? '', 0);
      const ended = queued.settled();
      queued.cancel();
      expect((await ended).status).to.equal('cancelled');
      writeFileSync(release ?? '', '');
      expect(await held).to.be.at.least(0);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(existsSync(mark ?? '')).to.equal(false);
      expect(figures(pool).lanesKilled).to.equal(0);
    });
  });

  it('deaths are named as ever, but for one in an answer, which is told as one in the call', async () => {
    await withLanes(ground, KILL_ONLY, async (lib, pool) => {
      const pid = await lib.ot_process_id();
      expect(await crash(lib.ot_die(SEGV))).to.include({ signal: 'SIGSEGV', phase: 'call', pid });
      expect(await crash(lib.ot_bad_text())).to.include({ signal: 'SIGSEGV', phase: 'call' });
      expect(await crash(lib.ot_die(byExit(3)))).to.include({ exitCode: 3, phase: 'call' });
      await Promise.all(Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 1)));
      await fullAgain(pool, 1);
      expect(figures(pool)).to.include({ lanesCrashed: 3, failed: 3 });
      expectBalance(pool);
    });
  });

  it('of calls behind one that dies none fails', async () => {
    await withLanes(ground, KILL_ONLY, async (lib, pool) => {
      for (let round = 0; round < 4; round++) {
        const calls = Array.from({ length: 60 }, (_, i) => lib.ot_die_if(i, 20 + round, SEGV).settled());
        const failed = (await Promise.all(calls)).flatMap(({ status }, i) =>
          status === 'succeeded' ? [] : [i],
        );
        expect(failed).to.deep.equal([20 + round]);
      }
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });
});
