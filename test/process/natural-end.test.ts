/** B3, M4: when a program that uses offthread ends by itself, and that the library prints nothing. */
import { expect } from 'chai';
import { onThreadLanes } from '../helpers/contract.js';
import { type ProgramEnd, runProgram } from '../helpers/program.js';
import { slow } from '../helpers/fast-run.js';

const quiet = ({ code, signal, stdout, stderr }: ProgramEnd): object => ({ code, signal, stdout, stderr });

onThreadLanes('the natural end of a process', (engine) => {
  const run = (code: string, args?: readonly string[]): Promise<ProgramEnd> => runProgram(engine, code, args);

  it('comes by itself, although an idle pool was never closed', async () => {
    const end = await run('const { lib } = await open(); say(await lib.ot_add(1, 2)); mark();');
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: '3\n', stderr: '' });
    expect(end.sinceMark).to.be.below(2_000);
  });

  slow('comes by itself after nothing but blocking calls, and with a pool never used', async () => {
    const blocking = await run('const { lib } = await open(); say(lib.ot_add.blocking(1, 2)); mark();');
    expect(quiet(blocking)).to.deep.equal({ code: 0, signal: null, stdout: '3\n', stderr: '' });
    expect(blocking.sinceMark).to.be.below(2_000);
    const unused = await run('await open({ lanes: 2 }); createPool(); mark();');
    expect(quiet(unused)).to.deep.equal({ code: 0, signal: null, stdout: '', stderr: '' });
    expect(unused.sinceMark).to.be.below(2_000);
  });

  slow('waits for a call that is pending, and for those queued behind it', async () => {
    const end = await run(`
      const { lib } = await open();
      lib.ot_sleep_ms(300).then((ms) => say('slept ' + ms));
      lib.ot_add(1, 2).then((sum) => say('sum ' + sum));
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'slept 300\nsum 3\n', stderr: '' });
  });

  slow('waits for a call made after the pool had been idle', async () => {
    const end = await run(`
      const { lib } = await open();
      await lib.ot_add(1, 2);
      await new Promise((resolve) => setTimeout(resolve, 250));
      lib.ot_sleep_ms(200).then((ms) => say('slept ' + ms));
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'slept 200\n', stderr: '' });
  });

  slow('comes at once, with code 0, when only a lost lane is left', async () => {
    const end = await run(`
      const { lib } = await open({ grace: 20 });
      const { call } = await stick(lib.ot_enter_and_wait.with({ timeout: 50 }));
      say((await call.settled()).status);
      say(await lib.ot_add(1, 2));
      mark();
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'timed-out\n3\n', stderr: '' });
    expect(end.sinceMark).to.be.below(1_000);
  });

  it('answers or refuses every call before the end: none is left open', async () => {
    const end = await run(`
      const { lib } = await open({ grace: 10, maxLostLanes: 0 });
      await (await stick(lib.ot_enter_and_wait.with({ timeout: 20 }))).call.settled();
      say((await lib.ot_add(1, 2).settled()).kind);
      mark();
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'lost\n', stderr: '' });
    expect(end.sinceMark).to.be.below(1_000);
  });

  slow('comes after close and after destroy, also with something stuck', async () => {
    const closed = await run(`
      const { pool, lib } = await open({ grace: 20 });
      await stick(lib.ot_enter_and_wait);
      await pool.close({ timeout: 50 });
      say('closed');
      mark();
    `);
    expect(quiet(closed)).to.deep.equal({ code: 0, signal: null, stdout: 'closed\n', stderr: '' });
    expect(closed.sinceMark).to.be.below(1_000);
    const destroyed = await run(`
      const { pool, lib } = await open();
      await stick(lib.ot_enter_and_wait);
      await pool.destroy();
      say('destroyed');
      mark();
    `);
    expect(quiet(destroyed)).to.deep.equal({ code: 0, signal: null, stdout: 'destroyed\n', stderr: '' });
    expect(destroyed.sinceMark).to.be.below(1_000);
  });

  slow('has the exit code that the program set, with and without a lost lane', async () => {
    const plain = await run('process.exitCode = 5; const { lib } = await open(); await lib.ot_add(1, 2);');
    expect(plain.code).to.equal(5);
    const lost = await run(`
      process.exitCode = 6;
      const { lib } = await open({ grace: 10 });
      await (await stick(lib.ot_enter_and_wait.with({ timeout: 20 }))).call.settled();
      process.on('exit', (code) => { say('exit ' + code); process.exitCode = 8; });
    `);
    expect(quiet(lost)).to.deep.equal({ code: 8, signal: null, stdout: 'exit 6\n', stderr: '' });
  });

  it('prints nothing, whatever goes wrong (M4)', async () => {
    const end = await run(
      `
      const { pool, lib } = await open({ grace: 10, maxQueue: 1, maxLostLanes: 1 });
      pool.on('drained', () => { throw new Error('a bad listener'); });
      const controller = new AbortController();
      const calls = [
        lib.ot_fail(1), lib.ot_add(2 ** 40, 1), lib.ot_add(1, 1), lib.ot_add(1, 1), lib.ot_add(1, 1),
        lib.ot_add.with({ signal: AbortSignal.abort() })(1, 1),
        lib.ot_spin_until_cancelled.with({ timeout: 20 })(5000),
      ];
      await Promise.all(calls.map((call) => call.settled()));
      await (await stick(lib.ot_enter_and_wait.with({ timeout: 20, signal: controller.signal }))).call.settled();
      lib.ot_spin_until_cancelled(5000)[Symbol.dispose]();
      await pool.drain();
      Atomics.store(release, 0, 1);
      await pool.open('/nowhere.so', fns, { engine: '${engine}' }).catch(() => {});
      Array.from({ length: 3 }, () => lib.ot_spin_until_cancelled(5000)).forEach((call) => call.catch(() => {}));
      await pool.close({ timeout: 10 });
      await lib.ot_add(1, 1).catch(() => {});
    `,
      ['--trace-warnings'],
    );
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  it('gives each lane the stack that was asked for (M30)', async () => {
    const end = await run(`
      const { lib } = await open({ stackSizeMb: 12 });
      await lib.ot_use_stack(10 * 1024);
      say('survived');
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'survived\n', stderr: '' });
  });
});
