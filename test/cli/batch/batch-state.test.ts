/** B9: `offthread batch --state`: what is committed stays, and nothing is taken over from another run. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { type CommandEnd, type CommandOptions, commandFile, runCli } from '../../helpers/command-line.js';
import { compile } from '../../helpers/engine-probe.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';
import { BatchFiles, rowsOf } from './batch-files.js';

const ID = [testlib, 'int ot_id_i32(int value)'];
const HANG = [testlib, 'int ot_hang_until_file(const char *entered, const char *release, int max_ms)'];
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** A run with a state directory of its own. */
class Resumable extends BatchFiles {
  readonly args: readonly string[];

  constructor(target: readonly string[], ...more: readonly string[]) {
    super();
    const [input, out] = [this.path('in.ndjson'), this.path('out.ndjson')];
    this.args = ['batch', ...target, '--in', input, '--out', out, '--state', this.path('state'), ...more];
  }

  run(more: readonly string[] = [], options?: CommandOptions): Promise<CommandEnd> {
    return runCli([...this.args, ...more], options);
  }

  /** The only journal. */
  get journal(): string {
    const [name = ''] = readdirSync(this.path('state')).filter((one) => one.startsWith('journal-'));
    return join('state', name);
  }

  get indices(): number[] {
    return this.rows('out.ndjson').map(({ index }) => index);
  }
}

/** Children of the current test: none outlives it. */
const kept = new Set<ChildProcess>();

describe('cli: offthread batch --state (B9)', () => {
  afterEach(() => {
    for (const child of kept) child.kill('SIGKILL');
    kept.clear();
  });

  it('goes on where it was: done items are not done again, and new ones are added', async () => {
    const run = new Resumable(HANG);
    const entered = numbers(4).map((index) => run.path(`entered-${index}`));
    const items = entered.map((file) => [file, '/', 0]);
    run.items('in.ndjson', items.slice(0, 3));
    expect((await run.run()).code).to.equal(0);
    for (const file of entered.slice(0, 3)) rmSync(file);
    run.items('in.ndjson', items);
    const again = await run.run();
    expect(again.code, again.stderr).to.equal(0);
    expect(again.stderr).to.include('3 items are done');
    expect(entered.map((file) => existsSync(file))).to.deep.equal([false, false, false, true]);
    expect(run.indices).to.deep.equal([0, 1, 2, 3]);
    const whole = run.text('out.ndjson');
    expect((await run.run()).code).to.equal(0);
    expect(run.text('out.ndjson')).to.equal(whole);
  });

  it('cuts away what was not committed: a torn record, and lines behind the last one', async () => {
    const run = new Resumable(ID, '--dead-letter', 'dead.ndjson');
    run.items('in.ndjson', numbers(5));
    expect((await run.run([], { cwd: run.folder })).code).to.equal(0);
    const [whole, bytes] = [run.text('out.ndjson'), run.text(run.journal).length];
    truncateSync(run.path(run.journal), bytes - 1);
    appendFileSync(run.path('out.ndjson'), '{"index":5,"val');
    const end = await run.run([], { cwd: run.folder });
    expect(end.code, end.stderr).to.equal(0);
    expect(run.text('out.ndjson')).to.equal(whole);
  });

  it('refuses another library or declaration, and says what has changed', async () => {
    const code = (more: string): string => `int twice(int value) { return 2 * value${more}; }`;
    const run = new Resumable([compile('twice.so', code('')), 'int twice(int value)']);
    run.items('in.ndjson', numbers(3));
    expect((await run.run()).code).to.equal(0);
    const whole = run.text('out.ndjson');
    const declared = (as: string): Promise<CommandEnd> =>
      runCli(run.args.map((arg) => (arg === 'int twice(int value)' ? as : arg)));
    const other = await declared('long twice(int value)');
    expect(other).to.include({ code: 2, stdout: '' });
    expect(other.stderr).to.match(/the declaration: it was 'int twice.*is 'long twice/);
    expect((await declared('int  twice( int value );')).code, 'blanks are no change').to.equal(0);
    compile('twice.so', code(' + 1'));
    const rebuilt = await run.run();
    expect(rebuilt.code).to.equal(2);
    expect(rebuilt.stderr).to.match(
      /the library: it was .*twice\.so \((build-id|sha256):.*and is .*twice\.so/,
    );
    expect(run.text('out.ndjson')).to.equal(whole);
  });

  it('refuses another input, and says where it differs', async () => {
    const run = new Resumable(ID);
    run.items('in.ndjson', numbers(3));
    expect((await run.run()).code).to.equal(0);
    const whole = run.text('out.ndjson');
    for (const [items, what] of [
      [[0, 7, 2], /item 1 has other arguments/],
      [[0, 1], /2 items now, and 3/],
    ] as const) {
      run.items('in.ndjson', items);
      const end = await run.run();
      expect(end.code).to.equal(2);
      expect(end.stderr).to.match(what);
    }
    expect(run.text('out.ndjson')).to.equal(whole);
  });

  for (const order of ['in order', '--unordered']) {
    it(`says with --explain, item by item, what runs again and why, and runs that (${order})`, async () => {
      const code = 'int plus(int value) { if (value == 13) __builtin_trap(); return value + 1; }';
      const more = order === '--unordered' ? [order] : [];
      const run = new Resumable(
        [compile('plus.so', code), 'int plus(int value)'],
        '--dead-letter',
        'dead.ndjson',
        ...more,
      );
      run.items('in.ndjson', [10, 13, 12, 13, 14, 15]);
      expect((await run.run([], { cwd: run.folder })).code).to.equal(1);
      run.items('in.ndjson', [10, 11, 22, 13, 14]);
      const end = await run.run(['--explain'], { cwd: run.folder });
      expect(end.code, end.stderr).to.equal(1);
      expect(end.stderr.split('\n').filter((line) => /item \d+ /.test(line))).to.deep.equal([
        'offthread batch: item 1 runs again: its arguments have changed',
        'offthread batch: item 2 runs again: its arguments have changed',
        'offthread batch: item 5 is not in the input any more: its result is dropped',
      ]);
      expect(end.stderr).to.include('5 items, 3 of them in earlier runs');
      if (order === 'in order') expect(run.indices).to.deep.equal(numbers(5));
      const rows = run.rows('out.ndjson').toSorted((one, other) => one.index - other.index);
      expect(rows.map(({ value }) => value)).to.deep.equal([11, 12, 23, undefined, 15]);
      expect(rowsOf<{ input: number }>(run.text('dead.ndjson')).map(({ input }) => input)).to.deep.equal([
        13,
      ]);
      const same = await run.run(['--explain'], { cwd: run.folder });
      expect(same.stderr).to.include('nothing has changed');
    });
  }

  it('keeps what stays when a run that explains is killed, too', async () => {
    const run = new Resumable(HANG);
    const gate = run.path('gate');
    const items = (changed: string): unknown[] =>
      numbers(6).map((index) => [index === 2 ? changed : null, '/', 0]);
    run.items('in.ndjson', items(run.path('first')));
    expect((await run.run()).code).to.equal(0);
    const waiting = items(run.path('second'));
    waiting[2] = [run.path('second'), gate, 0];
    run.items('in.ndjson', waiting);
    const child = spawn(process.execPath, [commandFile, ...run.args, '--explain', '--timeout', '0'], {
      stdio: 'ignore',
    });
    await until(() => existsSync(run.path('second')), 'the changed item to run');
    child.kill('SIGKILL');
    await new Promise((resolve) => void child.on('close', resolve));
    expect(run.indices.filter((index) => index !== 2)).to.deep.equal([0, 1, 3, 4, 5]);
    writeFileSync(gate, '');
    const end = await run.run();
    expect(end.code, end.stderr).to.equal(0);
    expect(run.indices).to.deep.equal(numbers(6));
    expect(readdirSync(run.folder).filter((name) => name.startsWith('out.ndjson'))).to.deep.equal([
      'out.ndjson',
    ]);
  });

  it('refuses an output that is not what it wrote, and one that it would write over', async () => {
    const run = new Resumable(ID);
    run.items('in.ndjson', numbers(20));
    writeFileSync(run.path('out.ndjson'), 'the work of another week\n');
    const over = await run.run();
    expect(over.code).to.equal(2);
    expect(over.stderr).to.match(/25 bytes, of which the state directory .* knows nothing/);
    rmSync(run.path('out.ndjson'));
    expect((await run.run()).code).to.equal(0);
    const whole = run.text('out.ndjson');
    const text = whole.replace('{"index":19', '{"index":91');
    writeFileSync(run.path('out.ndjson'), text);
    const end = await run.run();
    expect(end.code).to.equal(2);
    expect(end.stderr).to.match(/out\.ndjson has been changed since the run wrote it/);
    expect(run.text('out.ndjson')).to.equal(text);
    const pipe = await runCli(['batch', ...ID, '--state', run.path('other'), '--out', '/dev/null'], {
      input: '1\n',
    });
    expect(pipe.code).to.equal(2);
    expect(pipe.stderr).to.include('no regular file');
  });

  it('lets one process work at a time; a lock does not outlive its process', async () => {
    const run = new Resumable(HANG);
    const entered = run.path('entered');
    const gate = run.path('gate');
    run.items('in.ndjson', [[entered, gate, 0]]);
    const child = spawn(process.execPath, [commandFile, ...run.args, '--timeout', '0'], { stdio: 'ignore' });
    kept.add(child);
    await until(() => existsSync(entered), 'the first run');
    const second = await run.run();
    expect(second.code).to.equal(2);
    expect(second.stderr).to.match(/Another run works on the state directory .* \(process \d+ on /);
    child.kill('SIGKILL');
    await new Promise((resolve) => void child.on('close', resolve));
    writeFileSync(gate, '');
    expect((await run.run()).code).to.equal(0);
    expect(run.indices).to.deep.equal([0]);
  });

  it('keeps results in the directory when they go to a pipe, and prints them when all are there', async () => {
    const files = new BatchFiles();
    const gate = files.path('gate');
    const input = files.items('in.ndjson', [
      [null, '/', 0],
      [files.path('entered'), gate, 0],
    ]);
    const args = [
      'batch',
      ...HANG,
      '--in',
      input,
      '--state',
      files.path('state'),
      '--timeout',
      '0',
      '--commit-every',
      '1',
    ];
    const child = spawn(process.execPath, [commandFile, ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
    kept.add(child);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
    await until(() => existsSync(files.path('entered')), 'the second item');
    child.kill('SIGKILL');
    await new Promise((resolve) => void child.on('close', resolve));
    expect(text).to.equal('');
    writeFileSync(gate, '');
    const end = await runCli(args);
    expect(end.code, end.stderr).to.equal(0);
    expect(rowsOf(end.stdout).map(({ index }) => index)).to.deep.equal([0, 1]);
  });

  it('ends with what was committed when the disk is full, and goes on when there is room', async function () {
    const run = new Resumable(ID, '--commit-every', '20', '--quiet');
    run.items('in.ndjson', numbers(30_000));
    const disk = run.path('disk');
    const mounted = [...run.args].map((arg) =>
      arg.replace(run.path('out'), join(disk, 'out')).replace(run.path('state'), join(disk, 'state')),
    );
    const command = [process.execPath, commandFile, ...mounted].map((arg) => `'${arg}'`).join(' ');
    const script = `mkdir ${disk} && mount -t tmpfs -o size=512k tmpfs ${disk} || exit 77
      ${command}; echo "first $?"; tail -c 1 ${disk}/state/journal-1.ndjson | od -An -c
      mount -o remount,size=64m ${disk}; ${command}; echo "second $?"; cp ${disk}/out.ndjson ${run.folder}`;
    const { status, stdout, stderr } = spawnSync('unshare', ['-rm', 'sh', '-c', script], {
      encoding: 'utf8',
    });
    // Not every system lets a user mount.
    if (status !== 0 && !stdout?.includes('first')) this.skip();
    expect(stdout, stderr).to.match(/first 1\n[^]*second 0\n/);
    expect(stderr).to.include('ENOSPC');
    expect(run.indices).to.deep.equal(numbers(30_000));
  });

  it('survives SIGKILL at random moments, of the host and of lanes: every item once in the output', function () {
    this.timeout(120_000);
    const script = join(process.cwd(), 'scripts/batch-kills.mjs');
    for (const order of [[], ['--unordered']]) {
      const args = [script, '--kills', '6', '--items', '40000', ...order];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect(status, `${stdout}${stderr}`).to.equal(0);
    }
  });
});
