/** M30: what lanes are started with is checked at the door. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ArgumentError, type PoolOptions, createPool } from 'offthread';
import { runFamily } from '../helpers/fault-program.js';
import { newPool, onProcessLanes } from '../helpers/faults.js';
import { slow } from '../helpers/fast-run.js';

const refused = (options: PoolOptions, says: RegExp): void => {
  expect(() => createPool(options)).to.throw(ArgumentError, says);
};
const BOTH = ['thread', 'process'] as const;

describe('what lanes are started with', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-start-'))));
  after(() => rmSync(folder, { recursive: true }));

  for (const isolation of BOTH) {
    it(`flags are a list of texts, and leave the lane its program [${isolation}]`, () => {
      for (const execArgv of ['--no-warnings', [1], [''], ['--a\0b'], { 0: '--no-warnings' }, null])
        refused({ isolation, execArgv: execArgv as never }, /`execArgv` is .* a list of Node\.js flags/);
      for (const execArgv of [
        ['-e', '1'],
        ['--eval=1'],
        ['-p', '1'],
        ['--test'],
        ['--watch'],
        ['-i'],
        ['--run=x'],
      ])
        refused(
          { isolation, execArgv },
          new RegExp(`\`execArgv\` contains '${execArgv[0]}'.* would not run the lane`),
        );
      for (const execArgv of [
        ['program.js'],
        ['-C', 'some', 'program.js'],
        ['--conditions=some', 'program.js'],
        ['--no-warnings', 'program.js'],
        ['--', 'program.js'],
        ['-'],
      ])
        refused({ isolation, execArgv }, /`execArgv` contains .* would not run the lane/);
    });

    it(`an unknown flag is named [${isolation}]`, () => {
      refused({ isolation, execArgv: ['--no-warnings', '--no-such-flag'] }, /--no-such-flag/);
      refused({ isolation, execArgv: ['--import'] }, /--import requires an argument/);
    });
  }

  it('a flag that a thread cannot have is named', async () => {
    for (const flag of ['--max-old-space-size=100', '--title=x', '--expose-gc', '--stack-trace-limit=3'])
      refused(
        { execArgv: ['--no-warnings', flag] },
        new RegExp(`\`execArgv\`.*: ${flag}\\. .*isolation: 'process'`),
      );
    refused({ env: { NODE_OPTIONS: '--title=x' } }, /`env\.NODE_OPTIONS`.*--title/);
    const pool = newPool({ execArgv: ['--no-warnings'], env: { NODE_OPTIONS: '--no-deprecation' } });
    await pool.close();
  });

  it('NODE_OPTIONS that a process cannot have are named', () => {
    for (const [options, says] of [
      ['--no-such-flag', /--no-such-flag is not allowed in NODE_OPTIONS/],
      ['--import "open', /unterminated string/],
    ] as const)
      refused({ isolation: 'process', env: { NODE_OPTIONS: options } }, says);
  });

  it('laneFile is a path or a file URL, of the file that lanes run', () => {
    for (const laneFile of ['', 5, null, 'a\0b', new URL('http://localhost/lane.cjs')])
      refused({ laneFile: laneFile as never }, /`laneFile` is .*offthread-lane\.cjs/);
  });

  it('execPath is a file that may be executed, and a Node.js', () => {
    const isolation = 'process';
    const script = join(folder, 'script');
    writeFileSync(script, '#!/bin/sh\necho some other program\n');
    refused({ isolation, execPath: script }, /`execPath` is .*EACCES/);
    refused({ isolation, execPath: folder }, /`execPath` is .*not a file/);
    refused({ isolation, execPath: join(folder, 'nothing') }, /`execPath` is .*ENOENT/);
    for (const execPath of ['', 5, null, 'a\0b'])
      refused({ isolation, execPath: execPath as never }, /`execPath` is/);
    chmodSync(script, 0o755);
    refused(
      { isolation, execPath: script },
      /the answer to --version is not that of Node\.js: some other program/,
    );
    refused({ execPath: process.execPath }, /`execPath` is for process lanes/);
  });
});

onProcessLanes('a program that is not Node.js', (ground) => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-binary-'))));
  after(() => rmSync(folder, { recursive: true }));

  /** As in Electron: the version is there, and its binary starts the program. */
  const electron = (app: string): string => `
    const node = process.execPath;
    Object.defineProperty(process, 'versions', { value: { ...process.versions, electron: '39.0.0' } });
    process.execPath = ${JSON.stringify(app)};
    const tell = async (options) => {
      try {
        const { pool, lib } = await open(options);
        say(await lib.ot_add(1, 2));
        await pool.close();
      } catch (error) { say(error.name + ': ' + error.message); }
    };`;

  slow('is not started over again for lanes: createPool asks for execPath', async () => {
    const app = join(folder, 'app');
    const started = join(folder, 'started');
    writeFileSync(app, `#!/bin/sh\ntouch '${started}'\n`, { mode: 0o755 });
    const end = await runFamily(
      ground,
      `${electron(app)}
      await tell({});
      await tell({ execPath: process.execPath });
      await tell({ execPath: node });`,
    );
    expect(end.stderr).to.equal('');
    const [first, second, ...rest] = end.stdout.trimEnd().split('\n');
    for (const told of [first, second]) {
      expect(told).to.match(
        /^ArgumentError: Process lanes need a Node\.js binary, but this program is Electron/,
      );
      expect(told).to.include('execPath').and.include(app);
    }
    expect(rest).to.deep.equal(['3']);
    expect(existsSync(started), 'the program was started again').to.equal(false);
    expect([...end.orphans]).to.deep.equal([]);
  });

  slow('is taken where its lanes are told to be Node.js', async () => {
    const end = await runFamily(
      ground,
      `${electron(process.execPath)} await tell({ env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } });`,
    );
    expect(end).to.include({ code: 0, stdout: '3\n', stderr: '' });
  });

  it('has thread lanes as any other', async () => {
    const end = await runFamily(ground, `${electron('/nowhere/app')} await tell({ isolation: 'thread' });`);
    expect(end).to.include({ code: 0, stdout: '3\n', stderr: '' });
  });
});
