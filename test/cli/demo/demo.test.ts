/** B12, M34: the demo, as people start it. */
import { join } from 'node:path';
import { expect } from 'chai';
import { openZlib } from '../../../src/cli/demo/system-libraries.js';
import { judgeStaticBuffer } from '../../../src/cli/demo/verdict-scene.js';
import { projectFiles, projectRoot } from '../../../src/cli/demo/files.js';
import { LibraryNotFoundError, createPool } from 'offthread';
import { runCli } from '../../helpers/command-line.js';
import { slow } from '../../helpers/fast-run.js';

describe('cli: demo', () => {
  slow('shows that the event loop stays free, in plain lines of at most 80 letters', async () => {
    const { code, stdout, stderr } = await runCli(['demo']);
    expect(stderr).to.equal('');
    expect(stdout).to.include('all agree with node:zlib');
    expect(stdout).to.match(/✓ cancelled .* after cancel\(\)/);
    expect(stdout).to.match(/✓ timed out after/);
    expect(stdout).to.match(/1 cancelled, 1 timed out, 0 failed/);
    expect(stdout).to.match(/✓ not thread-safe\. label\(\d+\) and label\(\d+\) at once: \d+ wrong answers/);
    expect(stdout).to.include('✓ shown by a C program, and gone with a lock');
    expect(stdout).to.not.include('\u001B');
    expect(stdout.split('\n').filter((line) => line.length > 80)).to.deep.equal([]);
    expect(code).to.equal(0);
  });

  slow('judges a function of the C library where there is no compiler', async function () {
    this.retries(2);
    const compiler = process.env['CC'];
    process.env['CC'] = 'no-such-compiler';
    try {
      const { symbol, verdict } = await judgeStaticBuffer();
      expect(symbol).to.equal('l64a');
      expect(verdict.verdict, verdict.reason).to.equal('unsafe');
      expect(verdict.reproducer?.proof).to.equal('not-run');
    } finally {
      if (compiler === undefined) delete process.env['CC'];
      else process.env['CC'] = compiler;
    }
  });

  it('names the package of a zlib that is missing', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      await openZlib(pool, ['libno-such-z.so.1', 'libno-such-z.so.2']);
      expect.fail('it opened');
    } catch (error) {
      expect(error).to.be.instanceOf(LibraryNotFoundError);
      expect((error as Error).message).to.include('zlib1g');
      expect((error as Error).cause)
        .to.have.property('message')
        .that.includes('libno-such-z.so.1');
    } finally {
      await pool.close();
    }
  });

  it('reads the files of this project, without what is made or installed', () => {
    const files = projectFiles(projectRoot());
    const names = files.map(({ name }) => name);
    for (const folder of ['docs', 'src', 'test', 'workers'])
      expect(
        names.filter((name) => name.startsWith(folder)),
        folder,
      ).to.not.be.empty;
    expect(files.reduce((sum, { bytes }) => sum + bytes.length, 0)).to.be.within(1_500_000, 4_500_000);
    expect(names.filter((name) => /^(node_modules|dist|build)\b/.test(name))).to.deep.equal([]);
  });

  it('reads a folder that git does not know', () => {
    const files = projectFiles(join(projectRoot(), 'native'));
    expect(files.map(({ name }) => name)).to.include('offthread.h');
    expect(files[0]?.bytes.buffer).to.be.instanceOf(SharedArrayBuffer);
  });
});
