/** B3, M4: programs whose native code calls back: they end when they should, at once if told so, and print nothing. */
import { expect } from 'chai';
import type { EngineName } from 'offthread';
import { type ProgramEnd, runProgram } from '../helpers/program.js';
import { onCallbackEngines } from '../helpers/talk.js';
import { slow } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');
const quiet = ({ code, signal, stdout, stderr }: ProgramEnd): object => ({ code, signal, stdout, stderr });

/** `start(options)` gives a pool and functions that call back; `inside` resolves when a host function was called. */
const talk = (engine: EngineName): string => `
  import { callback, chunks, persistent } from ${JSON.stringify(index)};
  const number = callback({ arguments: ['i32'], return: 'i32' });
  const sink = chunks({ arguments: ['i32', 'pointer', 'u32'], return: 'i32' }, { bytes: [1, 2], stop: 1 });
  const start = async (options) => {
    const { pool } = await open(options);
    const lib = await pool.open(TESTLIB, {
      ot_call_callback: { arguments: [number, 'i32'], return: 'i32' },
      ot_keep_callback: { arguments: [number], return: 'void' },
      ot_keep_probe: { arguments: ['cancelProbe'], return: 'void' },
      ot_stream_chunks: { arguments: [sink, 'i32', 'i32'], return: 'i32' },
    }, { engine: ${JSON.stringify(engine)} });
    return { pool, lib };
  };
  let tell = () => {};
  const inside = new Promise((resolve) => (tell = resolve));
  const never = () => (tell(), new Promise(() => {}));
`;

onCallbackEngines('a process whose native code calls back (B3)', (engine) => {
  const run = (code: string): Promise<ProgramEnd> => runProgram(engine, talk(engine) + code);

  it('exits at once while native code waits for a host function', async () => {
    const end = await run(`
      const { lib } = await start({ lanes: 2, timeout: 0, hostTimeout: 0 });
      lib.ot_call_callback(never, 1);
      lib.ot_call_callback(never, 1);
      await inside;
      mark();
      process.exit(7);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(1_000);
  });

  it('exits at once while native code waits for a reader', async () => {
    const end = await run(`
      const { lib } = await start({ timeout: 0 });
      const stream = lib.ot_stream_chunks.stream(1_000_000, 10);
      await stream[Symbol.asyncIterator]().next();
      mark();
      process.exit(7);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(1_000);
  });

  it('exits from within a host function', async () => {
    const end = await run(`
      const { lib } = await start({});
      lib.ot_call_callback(() => (mark(), process.exit(7)), 1);
    `);
    expect(quiet(end)).to.deep.equal({ code: 7, signal: null, stdout: '', stderr: '' });
    expect(end.sinceMark).to.be.below(1_000);
  });

  it('ends by itself, although callbacks and probes are kept', async () => {
    const end = await run(`
      const { lib } = await start({});
      await lib.ot_keep_callback(persistent((n) => n));
      await lib.ot_keep_probe();
      say(await lib.ot_call_callback(async (n) => n, 3));
      for await (const chunk of lib.ot_stream_chunks.stream(2, 5)) say(chunk.length);
      mark();
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: '3\n5\n5\n', stderr: '' });
    expect(end.sinceMark).to.be.below(2_000);
  });

  slow('lives as long as a call that has not ended, whatever its host function waits for', async () => {
    const end = await run(`
      const { lib } = await start({ hostTimeout: 300 });
      lib.ot_call_callback(() => new Promise((resolve) => setTimeout(resolve, 100, 4)), 1).then(say);
      lib.ot_call_callback(never, 1).catch((error) => say(error.code));
    `);
    const stdout = '4\nOFFTHREAD_HOST_FUNCTION_TIMEOUT\n';
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout, stderr: '' });
  });

  slow('ends when a stream that nobody reads has timed out, and prints nothing', async () => {
    const end = await run(`
      const { lib } = await start({ timeout: 200 });
      lib.ot_stream_chunks.stream(1_000_000, 10);
      lib.ot_stream_chunks.stream(3, 10);
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  it('prints nothing of what host functions do wrong', async () => {
    const end = await run(`
      const { pool, lib } = await start({ hostTimeout: 50, grace: 5_000 });
      const bad = [
        () => { throw new Error('thrown'); },
        () => { throw undefined; },
        async () => { throw 'rejected'; },
        () => 'no number',
        never,
        (a, b) => 1,
      ];
      for (const fn of bad) say((await lib.ot_call_callback(fn, 2).settled()).error.code);
      const onChunk = () => { throw new Error('thrown'); };
      say((await lib.ot_stream_chunks.with({ onChunk })(5, 5).settled()).error.code);
      say((await lib.ot_stream_chunks.with({ onChunk, onChunkError: 'report' })(5, 5).settled()).status);
      await pool.close();
    `);
    const codes = ['', '', '', '_RESULT', '_TIMEOUT'].map((end) => `OFFTHREAD_HOST_FUNCTION${end}`);
    const lines = [...codes, 'OFFTHREAD_ARGUMENT', 'OFFTHREAD_HOST_FUNCTION', 'succeeded'];
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: `${lines.join('\n')}\n`, stderr: '' });
  });

  slow('lives until a stream that native code has filled has ended', async () => {
    const end = await run(`
      const { lib } = await start({ timeout: 300 });
      const stream = lib.ot_stream_chunks.stream(5, 8);
      say(await stream.ended());
    `);
    expect(quiet(end)).to.deep.equal({ code: 0, signal: null, stdout: 'timed-out\n', stderr: '' });
  });

  slow('ends by itself, although native code that has a callback never comes back', async () => {
    const end = await run(`
      const { pool } = await open({ grace: 5 });
      const lib = await pool.open(TESTLIB, { ot_hang: { arguments: [number], return: 'i32' } }, { engine: ${JSON.stringify(engine)} });
      await lib.ot_hang.with({ timeout: 20 })((n) => n).catch((error) => say(error.code));
      mark();
    `);
    expect(quiet(end)).to.deep.equal({
      code: 0,
      signal: null,
      stdout: 'OFFTHREAD_CALL_TIMEOUT\n',
      stderr: '',
    });
    expect(end.sinceMark).to.be.below(2_000);
  });
});
