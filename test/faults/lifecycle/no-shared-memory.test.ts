/** B2: where no memory can be shared with a process, whoever needs it is told so, and by which limit. */
import { expect } from 'chai';
import { type ProgramOptions, runFamily } from '../../helpers/fault-program.js';
import { type Ground, onEveryProcessLane } from '../../helpers/faults.js';

/** Says how each of some attempts ended. */
const ATTEMPTS = `
  const told = (error) => {
    for (let one = error; one !== undefined && one !== null; one = one.cause) {
      if (one.code === 'OFFTHREAD_NO_SHARED_MEMORY') {
        const typed = one instanceof offthread.EngineError && one.kind === 'engine';
        return [error.code, typed, /EFBIG.*ulimit -f/.test(one.message), /\\/dev\\/shm/.test(one.message)].join(' ');
      }
    }
    return String(error?.stack);
  };
  const attempt = async (what) => {
    try {
      return 'succeeded: ' + (await what());
    } catch (error) {
      return told(error);
    }
  };
`;
/** What is said of another error that has it for a cause. */
const causedBy = (code: string): string => NOT_SHARED.replace('NO_SHARED_MEMORY', code);
const NOT_SHARED = 'OFFTHREAD_NO_SHARED_MEMORY true true true';

async function said(ground: Ground, code: string, options: ProgramOptions = {}): Promise<string[]> {
  const { code: exit, signal, stdout, stderr, orphans } = await runFamily(ground, ATTEMPTS + code, options);
  expect({ exit, signal, stderr, orphans: [...orphans] }).to.deep.equal({
    exit: 0,
    signal: null,
    stderr: '',
    orphans: [],
  });
  return stdout.trim().split('\n');
}

/** Limits the size of a file that this process may make, from now on. */
const LIMIT = `
  const { setrlimit } = await createPool({ lanes: 1 }).open('libc.so.6', {
    setrlimit: { arguments: ['i32', 'buffer'], return: 'i32' },
  }, { engine });
  const FSIZE = 1;
  const INFINITY = 2n ** 64n - 1n;
  const limitFiles = async (bytes) => {
    if ((await setrlimit(FSIZE, new BigUint64Array([bytes, INFINITY]))) !== 0) throw new Error('not limited');
  };
`;

onEveryProcessLane('no memory to share with a process (B2)', function (ground) {
  if (process.platform !== 'linux') return;

  for (const [what, fileBlocks] of [
    ['no file may have any content', 0],
    ['no file may be as large as the memory of a lane', 100],
  ] as const) {
    it(`open fails, at once and each time; nothing is started, and the pool closes (${what})`, async () => {
      const end = await said(
        ground,
        `
        const sizes = [{ lanes: 1 }, { lanes: 3 }, { sizing: 'blocking' }, { lanes: 64, maxDeaths: Infinity }];
        for (const size of sizes) {
          const pool = createPool({ isolation, ...size });
          say(await attempt(() => pool.open(TESTLIB, fns, { engine })));
          say(await attempt(() => pool.open(TESTLIB, fns, { engine })));
          const { lanes, lanesCrashed, breaker } = pool.stats();
          say([lanes.starting, lanes.idle, lanesCrashed, breaker].join(' '));
          await pool.close();
        }
        offthread.configureDefaultPool({ isolation });
        say(await attempt(() => offthread.defaultPool().open(TESTLIB, fns, { engine })));
        await offthread.defaultPool().close();`,
        { fileBlocks },
      );
      const each = [NOT_SHARED, NOT_SHARED, '0 0 0 closed'];
      expect(end).to.deep.equal([...each, ...each, ...each, ...each, NOT_SHARED]);
    });
  }

  it('sharedBytes throws', async () => {
    const end = await said(ground, 'say(await attempt(() => offthread.sharedBytes(4_096)));', {
      fileBlocks: 0,
    });
    expect(end).to.deep.equal([NOT_SHARED]);
  });

  it('open succeeds once memory can be shared', async () => {
    const end = await said(
      ground,
      `${LIMIT}
      const pool = createPool({ isolation, lanes: 1 });
      await limitFiles(0n);
      say(await attempt(() => pool.open(TESTLIB, fns, { engine })));
      await limitFiles(INFINITY);
      const lib = await pool.open(TESTLIB, fns, { engine });
      say(await lib.ot_add(1, 2));
      await pool.close();
      process.exit();`,
    );
    expect(end).to.deep.equal([NOT_SHARED, '3']);
  });

  it('bytes that are too large to be shared fail their call, awaited, blocking and in a map, and no other', async () => {
    const end = await said(
      ground,
      `
      const { pool, lib } = await open();
      const bytes = Buffer.alloc(64 << 20);
      say(await attempt(() => lib.ot_checksum(bytes, bytes.length)));
      say(await attempt(() => lib.ot_checksum.blocking(bytes, bytes.length)));
      say(await attempt(() => pool.map(lib.ot_checksum, [[bytes, bytes.length]]).toArray()));
      say(await lib.ot_add(1, 2));
      say(lib.ot_add.blocking(2, 2));
      say((await pool.map(lib.ot_add, [[2, 3]]).toArray()).join());
      await pool.close();`,
      { fileBlocks: 40_000 },
    );
    const [call, item] = [causedBy('ARGUMENT'), causedBy('ITEM_FAILED')];
    expect(end).to.deep.equal([call, call, item, '3', '4', '5']);
  });

  it('a lane that cannot be replaced for want of it is the cause, for calls that are awaited, blocking and in a map', async () => {
    const end = await said(
      ground,
      `${LIMIT}
      const { pool, lib } = await open({ spares: 0, stderr: 'capture' });
      await limitFiles(0n);
      const { error } = await lib.ot_die(11).settled();
      say(error.code);
      say(await attempt(() => lib.ot_add(1, 2)));
      say(await attempt(() => lib.ot_add.blocking(1, 2)));
      say(await attempt(() => pool.map(lib.ot_add, [[1, 2]]).toArray()));
      await pool.close();
      process.exit();`,
    );
    const loop = causedBy('CRASH_LOOP');
    expect(end).to.deep.equal(['OFFTHREAD_LANE_CRASHED', loop, loop, loop]);
  });
});
