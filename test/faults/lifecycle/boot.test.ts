/** B2, M28: lanes that die, or hang, before they are ready, and while they load a library. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { LaneCrashedError, OffthreadError, PoolClosedError } from 'offthread';
import { rejection } from '../../helpers/contract.js';
import {
  crash,
  environment,
  expectBalance,
  FAULTLIB,
  faultlib,
  fullAgain,
  leavingNoChild,
  newPool,
  onEveryProcessLane,
  onProcessLanes,
  watchChildren,
} from '../../helpers/faults.js';
import { FAULTS } from '../../helpers/fault-functions.js';
import { testlib } from '../../helpers/testlib.js';
import { sample, slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const WAYS = [
  { how: 'segv', signal: 'SIGSEGV', exitCode: undefined },
  { how: 'abort', signal: 'SIGABRT', exitCode: undefined },
  { how: 'kill', signal: 'SIGKILL', exitCode: undefined },
  { how: 'exit', signal: undefined, exitCode: 3 },
  { how: 'exit-now', signal: undefined, exitCode: 3 },
] as const;

onEveryProcessLane('a library that kills whoever loads it (B2)', (ground) => {
  const { engine } = ground;
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-boot-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const { how, signal, exitCode } of sample(WAYS, 2)) {
    slow(`is refused by open, and the pool serves others: ${how}`, () =>
      leavingNoChild(async () => {
        await using pool = newPool({
          isolation: 'process',
          lanes: 2,
          grace: 100,
          env: environment({ OFF_FAULT: how }),
        });
        const error = await crash(pool.open(faultlib, FAULTLIB, { engine }));
        expect([error.signal, error.exitCode, error.phase]).to.deep.equal([signal, exitCode, 'boot']);
        const lib = await pool.open(testlib, FAULTS, { engine });
        const sums = await Promise.all(Array.from({ length: 50 }, (_, i) => lib.ot_add(i, 1)));
        expect(sums).to.deep.equal(sums.map((_, i) => i + 1));
        await fullAgain(pool);
        expect(pool.stats()).to.include({ breaker: 'closed', failed: 0, succeeded: 50 });
        expectBalance(pool);
      }),
    );
  }

  it('leaves a library that was opened before alone', () =>
    leavingNoChild(async () => {
      await using pool = newPool({
        isolation: 'process',
        lanes: 1,
        grace: 100,
        env: environment({ OFF_FAULT: 'abort' }),
      });
      const lib = await pool.open(testlib, FAULTS, { engine });
      const pending = Array.from({ length: 30 }, () => lib.ot_sleep_ms(2));
      await rejection(pool.open(faultlib, FAULTLIB, { engine }), LaneCrashedError);
      expect(await Promise.all(pending)).to.deep.equal(pending.map(() => 2));
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await fullAgain(pool);
    }));

  it('is named in the error, and so are its last words', () =>
    leavingNoChild(async () => {
      await using pool = newPool({
        isolation: 'process',
        lanes: 1,
        stderr: 'capture',
        env: environment({ OFF_FAULT: 'complain' }),
      });
      const error = await crash(pool.open(faultlib, FAULTLIB, { engine }));
      expect([error.signal, error.phase]).to.deep.equal(['SIGABRT', 'boot']);
      expect([...error.stderr]).to.deep.equal(['offfault: not today']);
      expect(error.message).to.include('libofffault');
    }));

  it('is loaded in lanes only, never on the host', () =>
    leavingNoChild(async () => {
      const mark = join(folder, 'loads');
      await using pool = newPool({
        isolation: 'process',
        lanes: 2,
        spares: 0,
        env: environment({ OFF_FAULT_MARK: mark }),
      });
      const lib = await pool.open(faultlib, FAULTLIB, { engine });
      expect(await lib.of_add(1, 2)).to.equal(3);
      expect(await lib.of_process_id()).to.not.equal(process.pid);
      await fullAgain(pool);
      expect(readFileSync(mark, 'utf8').length).to.be.at.least(1);
      // The host's own environment asks for no mark: what it loaded would be seen among what it has mapped.
      if (process.platform === 'linux') {
        expect(readFileSync('/proc/self/maps', 'utf8')).to.not.include('libofffault');
      }
    }));

  slow('that hangs while it is loaded: close and destroy end the waiting', async () => {
    for (const end of ['close', 'destroy'] as const) {
      await leavingNoChild(async () => {
        const born = watchChildren();
        const mark = join(folder, `hang-${end}-${engine}`);
        const pool = newPool({
          isolation: 'process',
          lanes: 1,
          grace: 100,
          env: environment({ OFF_FAULT: 'hang', OFF_FAULT_MARK: mark }),
        });
        const opening = rejection(pool.open(faultlib, FAULTLIB, { engine }), PoolClosedError);
        const hung = (): boolean => {
          try {
            return readFileSync(mark).length > 0;
          } catch {
            return false;
          }
        };
        await until(hung, 'a lane to hang');
        expect(born().length).to.be.greaterThan(0);
        const start = performance.now();
        await (end === 'close' ? pool.close({ timeout: 100 }) : pool.destroy());
        expect(performance.now() - start).to.be.below(5_000);
        await opening;
      });
    }
  });

  it('that dies in its destructor: close does not mind, and nothing is told', () =>
    leavingNoChild(async () => {
      const pool = newPool({
        isolation: 'process',
        lanes: 2,
        env: environment({ OFF_FAULT_AT_END: 'abort' }),
      });
      let crashes = 0;
      pool.on('lane-crashed', () => (crashes += 1));
      const lib = await pool.open(faultlib, FAULTLIB, { engine });
      expect(await lib.of_add(1, 2)).to.equal(3);
      await pool.close();
      expect(crashes).to.equal(0);
    }));
});

onProcessLanes('a library that hangs while it is loaded (B2)', ({ engine }) => {
  slow('is given up in the end, and the pool serves others', function () {
    this.timeout(60_000);
    return leavingNoChild(async () => {
      await using pool = newPool({
        isolation: 'process',
        lanes: 1,
        grace: 100,
        env: environment({ OFF_FAULT: 'hang' }),
      });
      // A lane has 15 s to start; nobody should have to wait much longer for a library.
      const start = performance.now();
      await rejection(pool.open(faultlib, FAULTLIB, { engine }), OffthreadError);
      expect(performance.now() - start).to.be.below(40_000);
      const lib = await pool.open(testlib, FAULTS, { engine });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});

onEveryProcessLane('lanes that cannot start (B2)', ({ engine }) => {
  it('open says why, soon, and the breaker is what stops the trying', () =>
    leavingNoChild(async () => {
      await using pool = newPool({
        isolation: 'process',
        lanes: 2,
        stderr: 'capture',
        maxDeaths: 3,
        deathWindow: 20_000,
        env: environment({ NODE_OPTIONS: '--require=/nowhere/at-all.cjs' }),
      });
      const deaths: LaneCrashedError[] = [];
      pool.on('lane-crashed', ({ error }) => deaths.push(error));
      const error = await pool.open(testlib, FAULTS, { engine }).then(
        () => undefined,
        (reason: unknown) => reason as LaneCrashedError,
      );
      expect(error?.kind).to.be.oneOf(['crash', 'crash-loop']);
      expect(deaths.length).to.be.within(1, 5);
      for (const { phase, exitCode, stderr } of deaths) {
        expect({ phase, exitCode }).to.deep.equal({ phase: 'boot', exitCode: 1 });
        expect(stderr.join('\n')).to.include('/nowhere/at-all.cjs');
      }
    }));

  it('a pool whose lanes die while they boot can be closed at once', () =>
    leavingNoChild(async () => {
      const env = environment({ NODE_OPTIONS: '--require=/nowhere/at-all.cjs' });
      for (const end of ['close', 'destroy'] as const) {
        const pool = newPool({ isolation: 'process', lanes: 3, stderr: 'capture', env });
        const opening = pool.open(testlib, FAULTS, { engine }).then(
          () => 'opened',
          ({ kind }: LaneCrashedError) => kind,
        );
        await pool[end]();
        expect(await opening).to.be.oneOf(['crash', 'crash-loop', 'closed']);
      }
    }));

  slow('a spare that is killed while it boots is made again', () =>
    leavingNoChild(async () => {
      const born = watchChildren();
      await using pool = newPool({ isolation: 'process', lanes: 1, spares: 2, maxDeaths: Infinity });
      const lib = await pool.open(testlib, FAULTS, { engine });
      const pid = await lib.ot_process_id();
      for (const child of born()) if (child !== pid) process.kill(child, 'SIGKILL');
      expect(await lib.ot_process_id(), 'the lane goes on').to.equal(pid);
      await fullAgain(pool, 2);
      expect(pool.stats().failed).to.equal(0);
    }),
  );
});
