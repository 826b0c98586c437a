/** B3: the process ends at once with its own code, whatever exit listeners do. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { testlib } from '../helpers/testlib.js';

const index = import.meta.resolve('offthread');

/** Ends a program with a stuck call by `process.exit(7)`, after running `before` and `after` around the pool's making. */
function end(before: string, after: string): { code: number | null; stderr: string } {
  const program = `
    import { createPool } from ${JSON.stringify(index)};
    ${before}
    const pool = createPool({ lanes: 1 });
    const lib = await pool.open(${JSON.stringify(testlib)}, { ot_hang: { arguments: [], return: 'void' } }, { engine: 'koffi' });
    ${after}
    lib.ot_hang.with({ timeout: 0 })().catch(() => {});
    setTimeout(() => process.exit(7), 20);
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    timeout: 15_000,
  });
  return { code: status, stderr: String(stderr) };
}

describe('exit listeners and a stuck lane (B3)', () => {
  it('one that exits again, registered before the pool was made', () => {
    expect(end("process.on('exit', () => process.exit(3));", '')).to.deep.equal({ code: 3, stderr: '' });
  });

  it('one that exits again, registered after', () => {
    expect(end('', "process.on('exit', () => process.exit(3));")).to.deep.equal({ code: 3, stderr: '' });
  });

  it('one that throws is reported, as Node does', () => {
    const { code, stderr } = end('', "process.on('exit', () => { throw new Error('in a listener'); });");
    expect(code).to.equal(7);
    expect(stderr).to.include('in a listener');
  });
});

describe('a pool that is closed while a library is opened (M28)', () => {
  for (const ending of ['close', 'destroy']) {
    it(`settles the open: ${ending}`, () => {
      const program = `
        import { createPool } from ${JSON.stringify(index)};
        for (const ms of [0, 1, 3, 10, 30]) {
          const pool = createPool({ lanes: 2 });
          const opened = pool.open('libz.so.1', { zlibVersion: { arguments: [], return: 'cstring' } }, { engine: 'koffi' });
          const record = opened.then(() => 'opened', (error) => error.code);
          await new Promise((resolve) => setTimeout(resolve, ms));
          await pool.${ending}();
          const code = await record;
          if (code !== 'opened' && code !== 'OFFTHREAD_POOL_CLOSED') throw new Error(code);
        }
      `;
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        timeout: 15_000,
      });
      expect({ status, stderr: String(stderr) }).to.deep.equal({ status: 0, stderr: '' });
    });
  }
});
