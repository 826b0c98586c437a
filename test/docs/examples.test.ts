/** The examples run, and do what they are there to show. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { slow } from '../helpers/fast-run.js';

const fileOf = (name: string): string => fileURLToPath(new URL(`../../examples/${name}.js`, import.meta.url));

function output(name: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync(process.execPath, [fileOf(name), ...args], {
    encoding: 'utf8',
  });
  expect(stderr).to.equal('');
  expect(status).to.equal(0);
  return stdout.trim().split('\n');
}

describe('docs: examples', () => {
  slow('sqlite: reads rows, and interrupts a query that would never end', () => {
    expect(output('sqlite')).to.deep.equal([
      'Neptune: 16',
      'Mars: 2',
      'Earth: 1',
      'the endless query was cancelled; lanes lost: 0',
    ]);
  });

  it('statements: keeps prepared statements in sessions', () => {
    expect(output('statements')).to.deep.equal([
      'rose: 3',
      'be: 2',
      'kingdom: 1',
      '{ leased: 0, waiting: 0 }',
    ]);
  });

  it('rows: writes rows as they come', () => {
    expect(output('rows', '3')).to.deep.equal(['number,square', '1,1', '2,4', '3,9']);
  });

  it('rows: ends a query of a billion rows when nobody takes them any more', async () => {
    const child = spawn(process.execPath, [fileOf('rows'), '1000000000'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      const ended = once(child, 'exit');
      const [piece] = (await once(child.stdout, 'data')) as [Buffer];
      expect(piece.toString()).to.match(/^number,square\n/);
      child.stdout.destroy();
      expect(await ended).to.deep.equal([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  slow('host-functions: compares and decides for SQLite', () => {
    expect(output('host-functions')).to.deep.equal([
      'Ära',
      'page 9',
      'page 10',
      'approved: succeeded',
      'refused: failed exec reported failure: it returned 19 (constraint failed).',
    ]);
  });

  it('compress-files: compresses the files that are named', () => {
    const lines = output('compress-files', fileOf('sqlite'), fileOf('server'));
    expect(lines).to.have.length(3);
    expect(lines.slice(0, 2).every((line) => /: \d+ bytes became \d+$/.test(line))).to.equal(true);
    expect(lines[2]).to.match(/^4 calls; zlib worked for \d+ ms$/);
  });

  it('errors: tells the failures apart', () => {
    expect(output('error-codes')).to.deep.equal([
      'chdir: ENOENT (errno 2)',
      'the first runs: succeeded, returned 0',
      'the second waits: succeeded, returned 0',
      'the third finds no room: failed, OFFTHREAD_QUEUE_FULL',
      'a wrong value: failed, OFFTHREAD_ARGUMENT',
      'too slow: timed-out, OFFTHREAD_CALL_TIMEOUT',
      'not wanted: cancelled, OFFTHREAD_CALL_CANCELLED',
      'too late: failed, OFFTHREAD_POOL_CLOSED',
    ]);
  });

  slow('survive: goes on after a crash, and refuses what has caused it', () => {
    const digest = '(0n, <7 bytes: 64 61 6d 61 67 65 64>, 4000000000)';
    const [first, second, ...rest] = output('survive');
    expect(first).to.equal('first: 3610a686');
    expect(second?.replace(/SIG(BUS|SEGV)/, 'SIGNAL')).to.equal(`second: crashed by SIGNAL, crc32${digest}`);
    expect(rest).to.deep.equal([
      'third: 3a771143',
      `second, sent again: refused, crc32${digest}`,
      '2 answered; lanes crashed: 1; breaker: closed',
    ]);
  });

  it('server: answers while its lanes work, and turns away what is too much', async () => {
    const child = spawn(process.execPath, [fileOf('server'), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const base = line.toString().trim().replace('/health', '');
      const answers = Array.from({ length: 20 }, () => fetch(`${base}/checksum?mb=32`));
      const health = await fetch(`${base}/health`);
      expect(health.status).to.equal(200);
      const statuses = (await Promise.all(answers)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).to.have.length.of.at.least(10);
      expect(new Set(statuses)).to.satisfy((all: Set<number>) =>
        [...all].every((one) => one === 200 || one === 503),
      );
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await ended).to.deep.equal([0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
