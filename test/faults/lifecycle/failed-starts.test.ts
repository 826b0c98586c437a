/** Lanes that cannot start: whoever waits for one is told, with the last failure, however many lanes there should be. */
import { expect } from 'chai';
import { type ProgramOptions, runFamily } from '../../helpers/fault-program.js';
import { type Ground, onBothLanes, onProcessLanes } from '../../helpers/faults.js';
import { slow } from '../../helpers/fast-run.js';

/** The permission model, whatever this Node.js calls it, without the permission to start lanes. */
const forbidden = (): string[] => [
  process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission',
  '--allow-fs-read=*',
  '--allow-addons',
  ...(process.allowedNodeEnvironmentFlags.has('--allow-ffi') ? ['--allow-ffi'] : []),
  '--disable-warning=SecurityWarning',
];

/** Opens a library in pools of some sizes at once; says what each was told, that the pool can be drained and closed, and that nothing is pending. */
const OPENS = (sizes: string): string => `
  const told = await Promise.all([${sizes}].map(async (options) => {
    const pool = createPool({ isolation, ...(isolation === 'process' ? { stderr: 'capture' } : {}), ...options });
    const error = await pool.open(TESTLIB, fns, { engine }).then(() => 'opened', (error) => error);
    await pool.drain();
    await pool.close();
    if (pool.stats().running + pool.stats().queued !== 0) return 'pending';
    return [error.code, error instanceof offthread.CrashLoopError, error.cause instanceof Error, error.message].join(' ');
  }));
  for (const one of told) say(one);`;

async function expectTold(
  ground: Ground,
  sizes: string,
  options: ProgramOptions,
  words: RegExp,
  before = '',
): Promise<void> {
  const { code, signal, stdout, stderr, orphans } = await runFamily(ground, before + OPENS(sizes), options);
  expect({ code, signal, stderr, orphans: [...orphans] }).to.deep.equal({
    code: 0,
    signal: null,
    stderr: '',
    orphans: [],
  });
  const told = stdout.trim().split('\n');
  expect(told).to.have.length(sizes.split('},').length);
  for (const one of told) {
    expect(one)
      .to.match(/^OFFTHREAD_CRASH_LOOP true true No lane can be started: /)
      .and.match(words);
  }
}

const SIZES = "{ lanes: 1 }, { lanes: 3 }, { sizing: 'blocking' }, { lanes: 64, maxDeaths: Infinity }";

/** Becomes a user that may have no more threads than there are: only root can, and whom the limit does not bind. */
const AT_THE_LIMIT = `
  import { execFileSync } from 'node:child_process';
  import { readFileSync } from 'node:fs';
  const [, threads] = /^Threads:\\s*(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  process.setuid(54_321);
  execFileSync('prlimit', ['--pid=' + process.pid, '--nproc=' + threads]);`;
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

onBothLanes('lanes that cannot start (B2)', (ground) => {
  (isRoot ? slow : it.skip)(
    'no thread or process more is allowed to this user (only root can try that, on Linux)',
    async () => {
      // Whom Node.js cannot even give a thread of its own for spawning.
      await expectTold(ground, SIZES, {}, /ulimit -u/, AT_THE_LIMIT);
    },
  );

  slow('forbidden by the permission model: says which option allows them', async () => {
    const flag = ground.isolation === 'thread' ? /--allow-worker/ : /--allow-child-process/;
    await expectTold(ground, `${SIZES}, { execArgv: ['--no-deprecation'] }`, { args: forbidden() }, flag);
  });

  slow(
    'the trial of one that cannot even be made has failed: the breaker opens again, and whoever waits is told',
    async () => {
      const { code, stdout, stderr } = await runFamily(
        ground,
        `
      const pool = createPool({ isolation, lanes: 2, deathWindow: 50 });
      const alive = setInterval(() => {}, 1_000);
      let opened = 0;
      const again = new Promise((resolve) => pool.on('breaker-open', () => ++opened === 3 && resolve()));
      const trials = [];
      pool.on('breaker-trial', () => trials.push(pool.open(TESTLIB, fns, { engine }).catch(({ code }) => code)));
      await pool.open(TESTLIB, fns, { engine }).catch(({ code }) => say(code));
      await again;
      clearInterval(alive);
      say((await Promise.all(trials)).join());
      await pool.close();`,
        { args: forbidden() },
      );
      expect({ code, stderr, stdout }).to.deep.equal({
        code: 0,
        stderr: '',
        stdout: 'OFFTHREAD_CRASH_LOOP\nOFFTHREAD_CRASH_LOOP,OFFTHREAD_CRASH_LOOP\n',
      });
    },
  );
});

onProcessLanes('lanes that cannot start (B2)', (ground) => {
  slow('every one dies while it starts', async () => {
    const env = "env: { ...process.env, NODE_OPTIONS: '--require=/nowhere/at-all.cjs' }";
    await expectTold(ground, `{ lanes: 6, ${env} }, { lanes: 3, maxDeaths: Infinity, ${env} }`, {}, /stderr/);
  });
});
