/** B2: a lane that dies in a call: what its error says, for each way to die. */
import { expect } from 'chai';
import { createPool, type LaneCrashedError, type Pool, type PoolOptions } from 'offthread';
import {
  crash,
  expectBalance,
  fullAgain,
  type Ground,
  onEvent,
  onEveryProcessLane,
  type Told,
  watchChildren,
} from '../../helpers/faults.js';
import { byExit, byExitNow, bySignal, type Faults, FAULTS } from '../../helpers/fault-functions.js';
import { isAlive } from '../../helpers/processes.js';
import { testlib } from '../../helpers/testlib.js';
import { sample, slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

interface Way {
  readonly way: string;
  readonly how: number;
  readonly signal: string | undefined;
  readonly exitCode: number | undefined;
}
const SIGNALS = ['SIGSEGV', 'SIGABRT', 'SIGFPE', 'SIGBUS', 'SIGILL', 'SIGTERM', 'SIGKILL'] as const;
const WAYS: readonly Way[] = [
  ...SIGNALS.map((signal) => ({ way: signal, how: bySignal(signal), signal, exitCode: undefined })),
  // Signals for real time: Node.js itself says that the process exited with 0.
  ...(process.platform === 'linux' ? [34, 50] : []).map((number) => ({
    way: `signal ${number}`,
    how: number,
    signal: `signal ${number}`,
    exitCode: undefined,
  })),
  ...[0, 1, 3, 255].map((exitCode) => ({
    way: `exit(${exitCode})`,
    how: byExit(exitCode),
    signal: undefined,
    exitCode,
  })),
  ...[0, 7].map((exitCode) => ({
    way: `_exit(${exitCode})`,
    how: byExitNow(exitCode),
    signal: undefined,
    exitCode,
  })),
];

/** What an error says of the death. */
const verdict = ({
  signal,
  exitCode,
  symbol,
  call,
  lane,
  pid,
  phase,
  digest,
  attempts,
}: LaneCrashedError): object => ({
  signal,
  exitCode,
  symbol,
  call,
  lane,
  pid,
  phase,
  digest,
  attempts,
});

onEveryProcessLane('the verdict on a lane that dies in a call (B2)', (ground: Ground) => {
  let pool: Pool;
  let lib: Faults;
  let born: () => number[];
  before(async () => {
    born = watchChildren();
    const options: PoolOptions = { isolation: 'process', lanes: 1, name: 'mine', maxDeaths: Infinity };
    pool = createPool(options);
    lib = await pool.open(testlib, FAULTS, { engine: ground.engine });
  });
  after(async () => {
    await pool.close({ timeout: 2_000 });
    await until(() => born().length === 0, 'every child to be gone');
  });

  for (const { way, how, signal, exitCode } of sample(WAYS, 3)) {
    it(`names ${way}, the call, the lane and its process`, async () => {
      await fullAgain(pool);
      const pid = await lib.ot_process_id();
      const lane = (await pool.laneReports()).find((report) => report.pid === pid)?.lane;
      expect(lane).to.match(/^mine-\d+$/);
      const before = pool.stats();
      const told: Told[] = [];
      onEvent(pool, 'lane-crashed', (event) => told.push(event));

      const call = lib.ot_die(how);
      const error = await crash(call);

      expect(verdict(error)).to.deep.equal({
        signal,
        exitCode,
        symbol: 'ot_die',
        call: call.id,
        lane,
        pid,
        phase: 'call',
        digest: `(${how})`,
        attempts: 1,
      });
      expect(error).to.include({ name: 'LaneCrashedError', code: 'OFFTHREAD_LANE_CRASHED', kind: 'crash' });
      expect([...error.stderr]).to.deep.equal([]);
      expect(error.message).to.include('ot_die');
      expect(error.message, 'how it died').to.match(
        signal === undefined ? new RegExp(`code ${exitCode}\\b`) : new RegExp(signal),
      );
      expect(await call.settled()).to.include({ status: 'failed', kind: 'crash', error });
      await until(() => !isAlive(pid), 'the process to be gone');

      expect(await lib.ot_add(1, 2), 'the next call is answered').to.equal(3);
      await fullAgain(pool, 1);
      expect(told).to.have.lengthOf(1);
      expect(told[0]?.lane).to.equal(lane);
      const its = told[0]?.error as LaneCrashedError | undefined;
      expect([its?.signal, its?.exitCode, its?.pid, its?.phase]).to.deep.equal([
        signal,
        exitCode,
        pid,
        'call',
      ]);
      const now = pool.stats();
      expect(now).to.include({
        isolation: 'process',
        failed: before.failed + 1,
        succeeded: before.succeeded + 1,
        submitted: before.submitted + 2,
        lanesCrashed: before.lanesCrashed + 1,
        lanesLost: 0,
        lanesKilled: 0,
        retried: 0,
        breaker: 'closed',
      });
      expectBalance(pool);
    });
  }

  slow('survives each way at once, one after another, with others queued behind', async () => {
    const calls = WAYS.flatMap(({ how }, i) => [lib.ot_die(how), lib.ot_add(i, 1)]);
    const records = await Promise.all(calls.map((call) => call.settled()));
    expect(records.map(({ status }) => status)).to.deep.equal(
      calls.map((_, i) => (i % 2 === 0 ? 'failed' : 'succeeded')),
    );
    for (const [i, { signal, exitCode, how }] of WAYS.entries()) {
      const error = records[i * 2]?.error as LaneCrashedError;
      // Where Node.js reaps a process before its socket is seen to close, nobody can ask how it ended; the error says so.
      const unsure =
        signal?.startsWith('signal ') === true && error.message.includes('is unknown to Node.js');
      expect({ ...verdict(error), lane: '', pid: 0 }).to.deep.equal({
        ...(unsure ? { signal: undefined, exitCode: 0 } : { signal, exitCode }),
        symbol: 'ot_die',
        call: calls[i * 2]?.id,
        lane: '',
        pid: 0,
        phase: 'call',
        digest: `(${how})`,
        attempts: 1,
      });
      expect(records[i * 2 + 1]?.value).to.equal(i + 1);
    }
    await fullAgain(pool, 1);
    expectBalance(pool);
  });
});
