/** M35, B2, B9: `offthread batch`, as a real process on libraries that others wrote and on those that crash. */
import { spawn } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { type CommandEnd, type CommandOptions, commandFile, runCli } from '../../helpers/command-line.js';
import { compile } from '../../helpers/engine-probe.js';
import { testlib } from '../../helpers/testlib.js';
import { GUARD_MS, until } from '../../helpers/waiting.js';
import { BatchFiles, type ResultRow, rowsOf } from './batch-files.js';

const LIBM = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libm.so.6';
const HYPOT = [LIBM, 'double hypot(double x, double y)'];
const ID = [testlib, 'int ot_id_i32(int value)'];
const CRASH_IF = [testlib, 'int ot_crash_segv_if(int value, int poison)'];
const HANG = [testlib, 'int ot_hang_until_file(const char *entered, const char *release, int max_ms)'];

const batch = (args: readonly string[], options?: CommandOptions): Promise<CommandEnd> =>
  runCli(['batch', ...args], options);
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('cli: offthread batch (M35, B9)', () => {
  it('calls the function for arrays, objects and single values, and writes a line for each, in order', async () => {
    const input = '[3,4]\n\n{"y": 8, "x": 6}\r\n["5", 12]';
    const end = await batch(HYPOT, { input });
    expect(end).to.include({ code: 0, signal: null });
    expect(end.stdout).to.equal('{"index":0,"value":5}\n{"index":1,"value":10}\n{"index":2,"value":13}\n');
    expect(end.stderr).to.match(/^offthread batch: 3 items: 3 done, 0 failed; .*\/s\)\n$/);
    const single = await batch([LIBM, 'double sqrt(double x)', '--values', '--quiet'], {
      input: '4\n"9"\n[16]\n',
    });
    expect(single).to.deep.equal({ code: 0, signal: null, stdout: '2\n3\n4\n', stderr: '' });
    const nothing = await batch(HYPOT, { input: '' });
    expect(nothing).to.include({ code: 0, stdout: '' });
  });

  it('takes arguments out of objects by paths, and cells of CSV by the names of the columns', async () => {
    const objects = '{"side":{"a":3},"other":[4]}\n{"side":{"a":5},"other":[12]}\n{"side":{}}\n';
    const end = await batch([...HYPOT, '--arg', 'x=.side.a', '--arg', '1=.other[0]'], { input: objects });
    expect(end.code).to.equal(1);
    expect(rowsOf(end.stdout).map(({ value }) => value)).to.deep.equal([5, 13, undefined]);
    expect(rowsOf(end.stdout)[2]?.error?.message).to.include('.side.a');

    const files = new BatchFiles();
    const csv = files.write(
      'sides.csv',
      '\uFEFFname,y,x\n"a ""b""",4,3\nc,12,5\nd,1\n"e"f,8,6\ng,"four",3\n',
    );
    const rows = rowsOf((await batch([...HYPOT, '--in', csv])).stdout);
    expect(rows.map(({ value }) => value)).to.deep.equal([5, 13, undefined, 10, undefined]);
    expect(rows[2]?.error?.message).to.include('2 cells');
    expect(rows[4]?.error?.message).to.include("'four'");
    const tsv = files.write('sides.tsv', '3\t4\n5\t12\n');
    const plain = await batch([...HYPOT, '--in', tsv, '--no-header', '--values']);
    expect(plain.stdout).to.equal('5\n13\n');
  });

  it('writes what the function filled beside its value, and takes 64-bit integers as they are', async () => {
    const frexp = [LIBM, 'double frexp(double x, int *exponent)', '--out-parameter', 'exponent'];
    const end = await batch(frexp, { input: '48\n' });
    expect(rowsOf(end.stdout)).to.deep.equal([{ index: 0, value: 0.75, outs: { exponent: 6 } }]);
    const most = await batch([testlib, 'int64_t ot_id_i64(int64_t value)'], {
      input: '"9223372036854775807"\n7\n',
    });
    expect(rowsOf(most.stdout).map(({ value }) => value)).to.deep.equal(['9223372036854775807', 7]);
  });

  it('goes on after items that cannot be read, do not fit, crash or hang; their dead letters are an input', async () => {
    const files = new BatchFiles();
    const failed = files.path('failed.ndjson');
    const log = files.path('log.ndjson');
    const more = ['--dead-letter', failed, '--log', log, '--lanes', '2', '--quiet'];
    const input = '[1,7]\nno JSON\n[7,7]\n[2,7]\n[2.5,7]\n[3]\n[4,7]\n';
    const end = await batch([...CRASH_IF, ...more], { input });
    expect(end).to.include({ code: 1, stderr: '' });
    const rows = rowsOf(end.stdout);
    expect(rows.map(({ index }) => index)).to.deep.equal(numbers(7));
    expect(rows.map(({ value }) => value)).to.deep.equal([
      1,
      undefined,
      undefined,
      2,
      undefined,
      undefined,
      4,
    ]);
    expect(rows.map(({ error }) => error?.kind)).to.deep.equal([
      undefined,
      'input',
      'crash',
      undefined,
      'argument',
      'input',
      undefined,
    ]);
    expect(rows[2]?.error?.signal).to.equal('SIGSEGV');
    const events = rowsOf<{ event: string; index: number }>(files.text('log.ndjson'));
    expect(events.map(({ event, index }) => [event, index])).to.deep.equal(
      [1, 2, 4, 5].map((one) => ['failed', one]),
    );

    const again = await batch([...CRASH_IF, '--in', failed, '--quiet']);
    expect(rowsOf(again.stdout).map(({ error }) => error?.kind)).to.deep.equal([
      'input',
      'crash',
      'argument',
      'input',
    ]);
  });

  it('kills an item that takes too long, and tries items again with a line in the log', async () => {
    const files = new BatchFiles();
    const log = files.path('log.ndjson');
    const items = files.items('in.ndjson', [
      [null, '/', 1],
      [null, files.path('never'), 0],
      [null, '/', 1],
    ]);
    const retries = ['--timeout', '300', '--retries', 'timeout=1,crash=2', '--retry-delay', '1'];
    const end = await batch([...HANG, '--in', items, '--log', log, ...retries]);
    expect(end.code).to.equal(1);
    expect(rowsOf(end.stdout).map(({ error }) => error?.kind)).to.deep.equal([
      undefined,
      'timeout',
      undefined,
    ]);
    const events = rowsOf<{ event: string; index: number }>(files.text('log.ndjson'));
    expect(events.map(({ event, index }) => [event, index])).to.deep.equal([
      ['retry', 1],
      ['failed', 1],
    ]);
    expect(end.stderr).to.match(/3 items: 2 done, 1 failed/);
  });

  it('keeps what the library printed before it crashed, for the dead letter', async () => {
    const files = new BatchFiles();
    const failed = files.path('failed.ndjson');
    const code =
      '#include <stdio.h>\n#include <stdlib.h>\nint shout(const char *text) { fputs(text, stderr); abort(); }';
    const shout = [compile('shout.so', code), 'int shout(const char *text)'];
    await batch([...shout, '--dead-letter', failed, '--quiet'], { input: '"last words"\n' });
    const [letter] = rowsOf<{ offthread: { stderr: string[]; error: { signal: string } } }>(
      files.text('failed.ndjson'),
    );
    expect(letter?.offthread.error.signal).to.equal('SIGABRT');
    expect(letter?.offthread.stderr.join('\n')).to.include('last words');
  });

  it('gives up when too many items fail, now or soon: exit code 4', async () => {
    const files = new BatchFiles();
    const input = files.items('in.ndjson', numbers(100_000));
    for (const how of ['now', 'soon']) {
      const more = ['--fails', 'nonzero', '--max-failures', '3', '--give-up', how];
      const end = await batch([...ID, '--in', input, ...more]);
      expect(end.code, end.stderr).to.equal(4);
      expect(end.stderr).to.include('--max-failures');
      const rows = rowsOf(end.stdout);
      expect(rows.length).to.be.within(5, 99_999);
      expect(rows[4]?.error?.kind).to.equal('native');
    }
  });

  it('writes results as they come with --unordered, each once', async () => {
    const files = new BatchFiles();
    const gate = files.path('gate');
    const items = files.items('in.ndjson', [[null, gate, 0], ...numbers(20).map(() => [null, '/', 0])]);
    const child = spawn(
      process.execPath,
      [commandFile, 'batch', ...HANG, '--in', items, '--unordered', '--lanes', '2', '--quiet'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    const ended = new Promise((resolve) => void child.on('close', resolve));
    const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
    await until(
      () => rowsOf(text).length === 20,
      () => `the other items: ${text}`,
    );
    // The first item waits for this file.
    writeFileSync(gate, '');
    expect(await ended).to.equal(0);
    const order = rowsOf(text).map(({ index }) => index);
    expect(order.toSorted((one, other) => one - other)).to.deep.equal(numbers(21));
    expect(order.at(-1)).to.equal(0);
    clearTimeout(guard);
  });

  it('checks everything and calls nothing with --dry-run', async () => {
    const files = new BatchFiles();
    const entered = files.path('entered');
    const input = `["${entered}","/",1]\n["${entered}","/",1.5]\n["${entered}","/"]\n`;
    const end = await batch([...HANG, '--dry-run'], { input });
    expect(end).to.include({ code: 1, stdout: '' });
    expect(end.stderr)
      .to.match(/item 1: .*1\.5/)
      .and.match(/item 2: /)
      .and.match(/3 items, 2 of them/);
    expect(existsSync(entered)).to.equal(false);
    expect((await batch([...ID, '--dry-run'], { input: '1\n' })).code).to.equal(0);
    const wrong = await batch([testlib, 'int ot_not_there(int a)', '--dry-run'], { input: '' });
    expect(wrong.code).to.equal(2);
  });

  it('refuses what cannot be right before anything is called: exit code 2', async () => {
    const files = new BatchFiles();
    const input = files.items('in.ndjson', [1]);
    const cases: [readonly string[], RegExp][] = [
      [['./no-such.so', 'int f(int a)'], /no-such\.so/],
      [[testlib, 'int ot_id_i32(int a'], /\^|prototype/],
      [[...ID, '--in', input, '--out', input], /same file/],
      [[...ID, '--in', input, '--out', files.path('no/folder')], /cannot be written/],
      [[...ID, '--arg', 'other=.a'], /other/],
      [[...ID, '--explain'], /--state/],
    ];
    const ends = await Promise.all(cases.map(([args]) => batch(args, { input: '' })));
    for (const [at, end] of ends.entries()) {
      expect(end.code, `${cases[at]?.[0].join(' ')}: ${end.stderr}`).to.equal(2);
      expect(end.stderr).to.match(cases[at]?.[1] as RegExp);
      expect(end.stdout).to.equal('');
    }
  });

  it('ends when nobody reads its output any more, and says a full disk', async () => {
    const files = new BatchFiles();
    const input = files.items('in.ndjson', numbers(200_000));
    const child = spawn(process.execPath, [commandFile, 'batch', ...ID, '--in', input], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((resolve) => void child.on('close', resolve));
    expect(code, stderr).to.equal(0);
    expect(stderr).to.include('nobody reads');
    if (!existsSync('/dev/full')) return;
    const full = await batch([...ID, '--in', input, '--out', '/dev/full']);
    expect(full.code).to.equal(1);
    expect(full.stderr).to.include('ENOSPC');
  });

  it('finishes what runs at the first Ctrl-C, and stops at the second: exit code 130', async () => {
    const files = new BatchFiles();
    const entered = files.path('entered');
    const release = files.path('release');
    const input = files.items('in.ndjson', [
      [null, '/', 0],
      [entered, release, 0],
      ...numbers(1_000).map(() => [null, '/', 0]),
    ]);
    const args = ['batch', ...HANG, '--in', input, '--lanes', '1', '--timeout', '0', '--unordered'];
    for (const twice of [false, true]) {
      // In a group of its own, whose processes all get the signal, as from a terminal.
      const child = spawn(process.execPath, [commandFile, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      });
      const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      const ended = new Promise((resolve) => void child.on('close', resolve));
      await until(() => existsSync(entered), 'the item to run');
      process.kill(-(child.pid as number), 'SIGINT');
      await until(
        () => stderr.includes('once more'),
        () => `what the signal does: ${stderr}`,
      );
      if (twice) process.kill(-(child.pid as number), 'SIGINT');
      else writeFileSync(release, '');
      expect(await ended).to.equal(130);
      clearTimeout(guard);
      const rows: ResultRow[] = rowsOf(stdout);
      expect(
        rows.some(({ index }) => index === 1),
        'the item that ran',
      ).to.equal(!twice);
      expect(rows.length).to.be.lessThan(1_000);
      if (!twice) {
        rmSync(release);
        rmSync(entered);
      }
    }
  });

  it('ends by Ctrl-C while its stdin is silent, and has written what came before', async () => {
    const child = spawn(process.execPath, [commandFile, 'batch', ...ID, '--lanes', '1'], { stdio: 'pipe' });
    const guard = setTimeout(() => child.kill('SIGKILL'), GUARD_MS);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise((resolve) => void child.on('close', resolve));
    child.stdin.write('7\n');
    await until(
      () => stdout !== '',
      () => `the first result: ${stderr}`,
    );
    child.kill('SIGINT');
    expect(await ended, stderr).to.equal(130);
    clearTimeout(guard);
    expect(rowsOf(stdout)).to.deep.equal([{ index: 0, value: 7 }]);
  });
});
