/** M36, B12: what `offthread` says of itself, and a stdout that cannot be written. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect } from 'chai';
import { commandFile, runCli } from '../../helpers/command-line.js';

describe('cli: offthread', () => {
  it('says in its help which command answers which question', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).to.equal(0);
    expect(stdout).to.match(/safe to call from threads\? .*--check-thread-safety/);
    expect(stdout).to.match(/leak\? .*--check-leaks/);
    expect(stdout).to.match(/lanes should I use\? .*--lanes/);
    expect(stdout).to.match(/2,000 calls a second\? .*--rate 2000/);
    expect(stdout).to.match(/crashes or hangs it\? /);
  });

  for (const args of [
    ['--help'],
    ['call', '--help'],
    ['doctor'],
    ['call', 'libc.so.6', 'int abs(int x)', '1'],
  ]) {
    it(`says in one line that stdout is full: ${args.join(' ')}`, function () {
      if (process.platform !== 'linux') this.skip();
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(process.execPath, [commandFile, ...args], {
        stdio: ['ignore', full, 'pipe'],
        encoding: 'utf8',
      });
      closeSync(full);
      expect(status).to.equal(1);
      expect(stderr).to.match(/^offthread.*: ENOSPC: .*\n$/);
    });
  }
});
