/** B2: lanes that die while they boot are replaced ever later, until the breaker opens; when the cause is gone, all is well. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { CrashLoopError, type LaneCrashedError } from 'offthread';
import {
  environment,
  expectBalance,
  FAULTLIB,
  faultlib,
  fullAgain,
  lanesWith,
  onEvent,
  onProcessLanes,
  type Told,
  watchChildren,
} from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(faultlib, FAULTLIB);
const withFaults = lanesWith(testlib, FAULTS);

onProcessLanes('lanes that die while they boot (B2)', (ground) => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-backoff-'))));
  after(() => rmSync(folder, { recursive: true }));

  slow(
    'are replaced ever later, until the breaker opens; then the trial finds the cause gone',
    async function () {
      this.timeout(90_000);
      const when = join(folder, 'when');
      const born = watchChildren();
      const options = {
        lanes: 1,
        spares: 0,
        maxDeaths: 5,
        deathWindow: 8_000,
        env: environment({ OFF_FAULT: 'segv', OFF_FAULT_WHEN: when }),
      };
      await withLanes(ground, options, async (lib, pool) => {
        const told: (Told & { readonly name: string })[] = [];
        for (const name of [
          'lane-crashed',
          'lane-restarting',
          'breaker-open',
          'breaker-trial',
          'breaker-closed',
        ]) {
          onEvent(pool, name, (event) => told.push({ ...event, name }));
        }
        expect(await lib.of_add(1, 2)).to.equal(3);
        writeFileSync(when, '');
        for (const pid of born()) process.kill(pid, 'SIGKILL');
        const waiting = lib.of_add(2, 2).settled();
        await until(() => told.some(({ name }) => name === 'breaker-open'), 'the breaker to open', 25_000);

        const deaths = told
          .filter(({ name }) => name === 'lane-crashed')
          .map(({ error }) => error as LaneCrashedError);
        expect(deaths.map(({ phase }) => phase)).to.deep.equal(['idle', 'boot', 'boot', 'boot', 'boot']);
        expect(deaths.slice(1).map(({ signal }) => signal)).to.deep.equal(Array(4).fill('SIGSEGV'));
        const delays = told.flatMap(({ name, delayMs }) =>
          name === 'lane-restarting' ? [delayMs ?? -1] : [],
        );
        expect(delays.length).to.be.at.least(2);
        expect(delays, 'ever later').to.deep.equal([...delays].sort((a, b) => a - b));
        expect(delays.at(-1)).to.be.greaterThan(delays[0] ?? 0);
        expect((await waiting).error).to.be.instanceOf(CrashLoopError);

        rmSync(when);
        await until(() => told.some(({ name }) => name === 'breaker-trial'), 'a trial', 30_000);
        for (let status = 'failed'; status !== 'succeeded'; await wait(10)) {
          ({ status } = await lib.of_add(3, 3).settled());
        }
        await fullAgain(pool);
        expect(pool.stats().breaker).to.equal('closed');
        expect(told.at(-1)?.name).to.equal('breaker-closed');
        expectBalance(pool);
      });
    },
  );

  it('once it has lived, the next death is replaced soon again', async () => {
    const when = join(folder, 'again');
    const born = watchChildren();
    const options = {
      lanes: 1,
      spares: 0,
      maxDeaths: Infinity,
      env: environment({ OFF_FAULT: 'abort', OFF_FAULT_WHEN: when }),
    };
    await withLanes(ground, options, async (lib, pool) => {
      const delays: number[] = [];
      let deaths = 0;
      onEvent(pool, 'lane-restarting', ({ delayMs = -1 }) => delays.push(delayMs));
      onEvent(pool, 'lane-crashed', () => (deaths += 1));
      writeFileSync(when, '');
      for (const pid of born()) process.kill(pid, 'SIGKILL');
      await until(() => deaths >= 4, 'some deaths', 25_000);
      rmSync(when);
      expect(await lib.of_add(1, 2), 'it has waited for a lane that lives').to.equal(3);
      const longest = Math.max(0, ...delays);
      for (let i = 0; i < 100; i++) await lib.of_add(i, 1);
      delays.length = 0;
      const before = deaths;
      for (const pid of born()) process.kill(pid, 'SIGKILL');
      await until(() => deaths > before, 'the death to be noticed');
      expect(await lib.of_add(2, 2)).to.equal(4);
      expect(delays[0] ?? 0).to.be.below(longest);
    });
  }).timeout(90_000);
});

onProcessLanes('deaths in a row (B2)', (ground) => {
  slow(
    'a dozen of calls that crash, and no other between: each is answered, after a while; none waits for a boot to be given up',
    async function () {
      this.timeout(90_000);
      await withFaults(ground, { lanes: 2, maxDeaths: Infinity }, async (lib, pool) => {
        const delays: number[] = [];
        let opened = 0;
        onEvent(pool, 'lane-restarting', ({ delayMs = -1 }) => delays.push(delayMs));
        onEvent(pool, 'breaker-open', () => (opened += 1));
        let [longest, last] = [0, performance.now()];
        const calls = Array.from({ length: 12 }, async () => {
          const { kind } = await lib.ot_die(SEGV).settled();
          longest = Math.max(longest, performance.now() - last);
          last = performance.now();
          return kind;
        });
        expect(await Promise.all(calls)).to.deep.equal(Array(12).fill('crash'));
        expect(longest, `from one to the next, with pauses of ${delays.join()}`).to.be.below(
          Math.max(0, ...delays) + 6_000,
        );
        expect(opened, 'deaths are not limited here').to.equal(0);
        expect(await lib.ot_add(1, 2)).to.equal(3);
        await fullAgain(pool);
        expectBalance(pool);
      });
    },
  );
});
