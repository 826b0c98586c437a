/** B3, M28: a parent that ends, well or badly, ends at once with its own code and takes its lanes along. */
import { expect } from 'chai';
import { type FamilyEnd, runFamily } from '../../helpers/fault-program.js';
import { onBothLanes, onProcessLanes } from '../../helpers/faults.js';
import { slow } from '../../helpers/fast-run.js';

/** ms from the exit to the end of the process; the requirement is 500 where nobody else needs the machine. */
const AT_ONCE_MS = 2_500;
const quiet = ({ code, signal, stdout, stderr, orphans }: FamilyEnd): object => ({
  code,
  signal,
  stdout,
  stderr,
  orphans: [...orphans],
});
const ended = (code: number, stdout = ''): object => ({
  code,
  signal: null,
  stdout,
  stderr: '',
  orphans: [],
});

onBothLanes('a process that exits while its lanes are stuck (B3)', (ground) => {
  const run = (code: string): Promise<FamilyEnd> => runFamily(ground, code);

  it('by process.exit(7), with calls that never return', async () => {
    const end = await run(`
      const { lib } = await open({ lanes: 2, timeout: 0 });
      await stick(lib);
      await stick(lib);
      mark();
      process.exit(7);`);
    expect(quiet(end)).to.deep.equal(ended(7));
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  slow('by process.exit(7), with a lane that was given up', async () => {
    const end = await run(`
      const { lib } = await open({ grace: 10 });
      const { call } = await stick(lib, { timeout: 50 });
      say((await call.settled()).status);
      say(await lib.ot_add(1, 2));
      mark();
      process.exit(7);`);
    expect(quiet(end)).to.deep.equal(ended(7, 'timed-out\n3\n'));
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('by an uncaught error: code 1, printed by Node', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib);
      setTimeout(() => { mark(); throw new Error('nobody caught me'); }, 0);`);
    expect(end).to.include({ code: 1, signal: null, stdout: '' });
    expect(end.stderr).to.include('nobody caught me');
    expect([...end.orphans]).to.deep.equal([]);
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('by a rejection that nobody handles', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib);
      mark();
      Promise.reject(new Error('nobody handled me'));`);
    expect(end).to.include({ code: 1, signal: null, stdout: '' });
    expect(end.stderr).to.include('nobody handled me');
    expect([...end.orphans]).to.deep.equal([]);
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('while native code waits for a function of the host', async () => {
    const end = await run(`
      const { pool } = await open({ lanes: 2, timeout: 0, hostTimeout: 0 });
      const lib = await talk(pool);
      lib.ot_call_callback(() => (mark(), process.exit(6)), 1);
      lib.ot_call_callback(() => new Promise(() => {}), 1);`);
    expect(quiet(end)).to.deep.equal(ended(6));
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  slow('by SIGTERM and SIGINT, as the system has it', async () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      const end = await run(`
        const { lib } = await open({ timeout: 0 });
        await stick(lib);
        mark();
        process.kill(process.pid, '${signal}');
        rest();`);
      expect(quiet(end)).to.deep.equal({ code: null, signal, stdout: '', stderr: '', orphans: [] });
      expect(end.sinceMark).to.be.below(AT_ONCE_MS);
    }
  });

  slow('after destroy and close, with something stuck', async () => {
    for (const end of ['pool.destroy()', 'pool.close({ timeout: 50 })']) {
      const family = await run(`
        const { pool, lib } = await open({ grace: 20, timeout: 0 });
        await stick(lib);
        await ${end};
        say('closed');
        mark();`);
      expect(quiet(family)).to.deep.equal(ended(0, 'closed\n'));
      expect(family.sinceMark).to.be.below(AT_ONCE_MS);
    }
  });
});

onProcessLanes('a process that comes to its end (B3)', (ground) => {
  const run = (code: string): Promise<FamilyEnd> => runFamily(ground, code);

  slow('an idle pool does not keep it alive, and leaves no child', async () => {
    const end = await run(`
      const { lib } = await open({ lanes: 2, spares: 2 });
      say(await lib.ot_add(1, 2));
      mark();`);
    expect(quiet(end)).to.deep.equal(ended(0, '3\n'));
    expect(end.sinceMark).to.be.below(4_000);
  });

  it('nor does one that was never used, or whose lanes have not started', async () => {
    const end = await run(`
      createPool({ isolation });
      await open({ lanes: 2 });
      mark();`);
    expect(quiet(end)).to.deep.equal(ended(0));
    expect(end.sinceMark).to.be.below(4_000);
  });

  slow('nor does a lane that died, was killed, or is being replaced', async () => {
    const end = await run(`
      const { lib } = await open({ lanes: 2, spares: 0 });
      say((await lib.ot_die(11).settled()).kind);
      say((await lib.ot_hang.with({ timeout: 50 })().settled()).kind);
      mark();`);
    expect(quiet(end)).to.deep.equal(ended(0, 'crash\ntimeout\n'));
    expect(end.sinceMark).to.be.below(4_000);
  });

  slow(
    'a pending call keeps it alive, those queued behind it, and those that a death has moved',
    async () => {
      const end = await run(`
      const { lib } = await open({ spares: 0 });
      lib.ot_sleep_ms(300).then((ms) => say('slept ' + ms));
      lib.ot_die(11).catch(({ kind }) => say(kind));
      lib.ot_add(1, 2).then((sum) => say('sum ' + sum));`);
      expect(quiet(end)).to.deep.equal(ended(0, 'slept 300\ncrash\nsum 3\n'));
    },
  );

  slow('has the exit code that the program set, whatever its lanes did', async () => {
    const end = await run(`
      process.exitCode = 5;
      const { lib } = await open();
      await lib.ot_die(1003).settled();
      await lib.ot_add(1, 2);`);
    expect(quiet(end)).to.deep.equal(ended(5));
  });

  slow('prints nothing of its own, whatever dies (M4)', async () => {
    const end = await run(`
      const { pool, lib } = await open({ lanes: 2, maxDeaths: Infinity });
      pool.on('lane-crashed', () => { throw new Error('a bad listener'); });
      await Promise.all([11, 6, 9, 1000, 1003, 2004].map((how) => lib.ot_die(how).settled()));
      await lib.ot_hang.with({ timeout: 30 })().settled();
      await pool.open('/nowhere.so', fns, { engine }).catch(() => {});
      lib.ot_die(11).catch(() => {});
      await pool.close();`);
    expect(quiet(end)).to.deep.equal(ended(0));
  });
});
