/** B3: the process exits at once, with its own code, even while a thread is stuck in native code. */
import { expect } from 'chai';
import { onThreadLanes } from '../helpers/contract.js';
import { type ProgramEnd, runProgram } from '../helpers/program.js';

/** ms from the exit call to the end of the process, in the requirement. */
const AT_ONCE_MS = 500;
const quiet = ({ code, signal, stdout, stderr }: ProgramEnd): object => ({ code, signal, stdout, stderr });

onThreadLanes('exit with a stuck lane (B3)', (engine) => {
  const run = (code: string): Promise<ProgramEnd> => runProgram(engine, code);

  it('process.exit(7) with a lost lane', async () => {
    const end = await run(`
      const { lib } = await open({ grace: 10 });
      await (await stick(lib.ot_enter_and_wait.with({ timeout: 20 }))).call.settled();
      mark();
      process.exit(7);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('process.exit(7) with a call that merely runs, without a timeout', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0, lanes: 2 });
      await stick(lib.ot_enter_and_wait);
      await stick(lib.ot_enter_and_wait);
      mark();
      process.exit(7);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('process.exit(7) with a call that hangs for ever in the native library', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      const call = lib.ot_hang();
      while (call.state !== 'running') await new Promise((resolve) => setImmediate(resolve));
      mark();
      process.exit(7);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('an uncaught exception ends the process with code 1 at once, and is printed by Node', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib.ot_enter_and_wait);
      setTimeout(() => { mark(); throw new Error('nobody caught me'); }, 0);
    `);
    expect(end).to.include({ code: 1, signal: null, stdout: '' });
    expect(end.stderr).to.include('nobody caught me');
    expect(end.sinceMark).to.be.below(1_000);
  });

  it('runs exit listeners registered before and after', async () => {
    const end = await run(`
      process.on('exit', (code) => say('before ' + code));
      const { lib } = await open({ grace: 10 });
      await (await stick(lib.ot_enter_and_wait.with({ timeout: 20 }))).call.settled();
      process.on('exit', (code) => say('after ' + code));
      mark();
      process.exit(3);
    `);
    expect(quiet(end)).to.deep.equal({ code: 3, signal: null, stdout: 'before 3\nafter 3\n', stderr: '' });
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('runs exit listeners registered after, with a call that merely runs', async () => {
    const end = await run(`
      process.on('exit', (code) => say('before ' + code));
      const { lib } = await open({ timeout: 0 });
      process.on('exit', (code) => say('between ' + code));
      await stick(lib.ot_enter_and_wait);
      process.on('exit', (code) => { say('after ' + code); process.exitCode = 9; });
      mark();
      process.exit(3);
    `);
    expect(quiet(end)).to.deep.equal({
      code: 9,
      signal: null,
      stdout: 'before 3\nbetween 3\nafter 3\n',
      stderr: '',
    });
    expect(end.sinceMark).to.be.below(AT_ONCE_MS);
  });

  it('an exit listener that throws still ends the process, with the code that Node gives', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib.ot_enter_and_wait);
      process.on('exit', () => { throw new Error('a bad exit listener'); });
      mark();
      process.exit(0);
    `);
    expect(end).to.include({ code: 0, signal: null });
    expect(end.stderr).to.include('a bad exit listener');
    expect(end.sinceMark).to.be.below(1_500);
  });

  it('ends as Node does when nothing is stuck: output that was written is not lost', async () => {
    const end = await run(`
      const { lib } = await open();
      await lib.ot_add(1, 2);
      process.stdout.write('x'.repeat(50_000) + '\\n');
      process.exit(4);
    `);
    expect(end.code).to.equal(4);
    expect(end.stdout).to.have.lengthOf(50_001);
  });

  it('keeps the output that was written before an exit with a stuck lane', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib.ot_enter_and_wait);
      process.stdout.write('the last words\\n');
      process.exit(4);
    `);
    expect(quiet(end)).to.deep.equal({ code: 4, signal: null, stdout: 'the last words\n', stderr: '' });
  });

  it('leaves signals to the system', async () => {
    const end = await run(`
      const { lib } = await open({ timeout: 0 });
      await stick(lib.ot_enter_and_wait);
      process.kill(process.pid, 'SIGTERM');
      setInterval(() => {}, 1_000);
    `);
    expect(end.signal).to.equal('SIGTERM');
    expect(end.ms).to.be.below(5_000);
  });
});
