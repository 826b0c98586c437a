/** B2: what only reports ends no lane: measuring memory where that cannot be done. */
import { expect } from 'chai';
import { mayHideProc, runFamily } from '../../helpers/fault-program.js';
import { type Ground, onBothLanes, onProcessLanes } from '../../helpers/faults.js';

/** Long enough for a lane to measure by itself, more than once. */
const LATER_MS = 350;

async function answers(ground: Ground, code: string, hidesProc = false): Promise<void> {
  const end = await runFamily(ground, code, { hidesProc });
  expect(end).to.include({ code: 0, signal: null, stdout: 'ok\n', stderr: '' });
  expect([...end.orphans]).to.deep.equal([]);
}

onProcessLanes('a lane that has no descriptors left (B2)', (ground) => {
  (process.platform === 'linux' ? it : it.skip)('goes on, with what it holds, and reports what it can', () =>
    answers(
      ground,
      `
      const pool = createPool({ isolation, lanes: 1, spares: 0, recycleAboveMb: 100_000 });
      const { setrlimit, getpid } = await pool.open('libc.so.6', {
        setrlimit: { arguments: ['i32', 'buffer'], return: 'i32' },
        getpid: { arguments: [], return: 'i32' },
      }, { engine });
      const pid = await getpid();
      const NOFILE = 7;
      const limit = (most) => setrlimit(NOFILE, new BigUint64Array([most, 1_024n]));
      const [before] = await pool.laneReports();
      if ((await limit(3n)) !== 0) throw new Error('not limited');
      const [during] = await pool.laneReports();
      await turn(${LATER_MS});
      if ((await getpid()) !== pid) throw new Error('another lane');
      if (during?.pid !== pid || during.residentBytes !== before.residentBytes) throw new Error('a report: ' + JSON.stringify(during));
      if (!(during.heapUsedBytes > 0)) throw new Error('no heap');
      if ((await limit(1_024n)) !== 0) throw new Error('still limited');
      const [after] = await pool.laneReports();
      if (!(after.residentBytes > 0) || after.pid !== pid) throw new Error('no report after');
      if (pool.stats().lanesCrashed !== 0) throw new Error('it died');
      await pool.close();
      say('ok');`,
    ),
  );
});

onBothLanes('lanes where there is no /proc (B2)', (ground) => {
  (mayHideProc ? it : it.skip)(
    'work, awaited and blocking, and report what they can (only root can try that, on Linux)',
    () =>
      answers(
        ground,
        `
        const { pool, lib } = await open(isolation === 'process' ? { recycleAboveMb: 100_000 } : {});
        if ((await lib.ot_add(1, 2)) !== 3) throw new Error('wrong');
        await turn(${LATER_MS});
        lib.ot_sleep_ms.blocking(${LATER_MS});
        const [report] = await pool.laneReports();
        if (report?.residentBytes !== 0 || !(report.heapUsedBytes > 0)) throw new Error('a report: ' + JSON.stringify(report));
        if ((await lib.ot_add(2, 2)) !== 4) throw new Error('wrong');
        if (pool.stats().lanesCrashed !== 0) throw new Error('it died');
        await pool.close();
        say('ok');`,
        true,
      ),
  );
});
