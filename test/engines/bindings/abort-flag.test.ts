/** M4, B6: `--abort-on-uncaught-exception` ends a program for its own uncaught errors only. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { laneKinds } from '../../helpers/lane-kind.js';
import { folder, compile } from '../../helpers/engine-probe.js';
import { testlib } from '../../helpers/testlib.js';
import { pairs } from '../../helpers/fast-run.js';

const index = import.meta.resolve('offthread');
const FLAG = '--abort-on-uncaught-exception';
const GUARD_MS = 60_000;

interface Way {
  readonly title: string;
  readonly args: readonly string[];
  readonly options: string;
}

const WAYS: readonly Way[] = [
  { title: 'in NODE_OPTIONS', args: [], options: FLAG },
  { title: 'on the command line', args: [FLAG], options: '' },
];

/** Whatever a user may meet: calls, a failure, a symbol and libraries that are not there, a late library. */
const program = (engine: string, isolation: string, broken: string): string => `
  const { createPool } = await import(${JSON.stringify(index)});
  const engine = ${JSON.stringify(engine)};
  const said = [];
  const code = (promise) => promise.then(() => 'opened', (error) => error.code);
  const pool = createPool({ lanes: 2, isolation: '${isolation}' });
  const none = { arguments: [], return: 'i32' };
  const lib = await pool.open(${JSON.stringify(testlib)}, {
    ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
    ot_fail: { arguments: ['i32'], return: 'i32', fails: 'nonzero' },
  }, { engine });
  said.push(await lib.ot_add(1, 2), lib.ot_add.blocking(3, 4), await code(lib.ot_fail(7)));
  said.push(await code(pool.open(${JSON.stringify(testlib)}, { no_such_function: none }, { engine })));
  said.push(await code(pool.open('libnowhere.so.9', { no_such_function: none }, { engine })));
  said.push(await code(pool.open(${JSON.stringify(broken)}, { use: none }, { engine })));
  const { abs } = await pool.open(process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6', { abs: { arguments: ['i32'], return: 'i32' } }, { engine });
  said.push(await abs(-5));
  await pool.close();
  console.log(JSON.stringify(said));
`;

describe('--abort-on-uncaught-exception (M4, B6)', function () {
  this.timeout(GUARD_MS + 5_000);
  let broken = '';
  before(() => {
    broken = compile('abort-flag-lacking.so', 'int lacked(void); int use(void) { return lacked(); }');
    expect(broken).to.include(folder);
  });

  for (const [kind, engine] of pairs(laneKinds, contractEngines)) {
    for (const { title, args, options } of WAYS) {
      it(`${title} leaves lanes and host alone [${engine}, ${kind}]`, () => {
        const { stdout, stderr, signal } = spawnSync(
          process.execPath,
          [...args, '--input-type=module', '-e', program(engine, kind, broken)],
          { env: { ...process.env, NODE_OPTIONS: options }, encoding: 'utf8', timeout: GUARD_MS },
        );
        expect(signal, stderr).to.equal(null);
        expect(JSON.parse(stdout), stderr).to.deep.equal([
          3,
          7,
          'OFFTHREAD_NATIVE',
          'OFFTHREAD_SYMBOL_NOT_FOUND',
          'OFFTHREAD_LIBRARY_NOT_FOUND',
          'OFFTHREAD_LIBRARY_LOAD',
          5,
        ]);
      });
    }
  }

  it('still ends a program of an error that nobody catches', () => {
    const code = `const { createPool } = await import(${JSON.stringify(index)});
      const pool = createPool({ lanes: 1 });
      await pool.open(${JSON.stringify(testlib)}, { ot_add: { arguments: ['i32', 'i32'], return: 'i32' } });
      setImmediate(() => { throw new Error('nobody catches this'); });`;
    const { signal } = spawnSync(process.execPath, [FLAG, '--input-type=module', '-e', code], {
      encoding: 'utf8',
      timeout: GUARD_MS,
    });
    expect(signal).to.be.oneOf(['SIGABRT', 'SIGTRAP', 'SIGILL']);
  });
});
