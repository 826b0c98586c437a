/** B3: with a stuck lane the process ends with the code, and after the listeners, that Node would end it with. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { contractEngines } from '../helpers/contract.js';
import { testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');
const GUARD_MS = 11_000;

/** How a program ends, with a call that still runs, or with a thread that calls back where the end of the event loop is wanted. */
const STUCK = {
  'process.exit(3)': 'process.exit(3)',
  'process.exit()': 'process.exit()',
  'an uncaught error': "throw new Error('uncaught')",
} as const;
const NATURAL = {
  'the natural end': '',
  'the natural end, with process.exitCode': 'process.exitCode = 5',
  'a caught process.exit(3)': 'try { process.exit(3) } catch { process.exitCode = 6 }',
} as const;

const throws = "process.on('exit', () => { throw new Error('listener') });";
const says = "process.on('exit', (code) => { console.log('exit ' + code); });";
const LISTENERS = {
  'one that throws': throws,
  'one that throws, and others': says + throws + says,
  'one that sets process.exitCode': `process.on('exit', () => { process.exitCode = 9 });${says}`,
  'one that sets process.exitCode and throws':
    "process.on('exit', () => { process.exitCode = 9; throw new Error('listener') });",
  'one that calls process.exit(4)': "process.on('exit', () => process.exit(4));",
} as const;

const monitor = "process.on('uncaughtExceptionMonitor', (error) => console.log('monitor ' + error.message));";
const handler = "process.on('uncaughtException', (error) => console.log('handled ' + error.message));";

const stuck = `
  const { createPool } = await import(${JSON.stringify(index)});
  const pool = createPool({ lanes: 1, timeout: 0 });
  const lib = await pool.open(${JSON.stringify(testlib)}, { ot_hang: { arguments: [], return: 'i32' } }, { engine: 'koffi' });
  const call = lib.ot_hang();
  call.catch(() => {});
  while (call.state !== 'running') await new Promise((resolve) => setImmediate(resolve));
`;
const calledBack = `
  const { createPool, callback, persistent } = await import(${JSON.stringify(index)});
  const pool = createPool({ lanes: 1 });
  const tell = callback({ arguments: ['i32'], return: 'void' }, { fireAndForget: true });
  const lib = await pool.open(${JSON.stringify(testlib)}, { ot_tell_forever: { arguments: [tell, 'i32'], return: 'i32' } }, { engine: 'koffi' });
  await lib.ot_tell_forever(persistent(() => {}), 500);
`;

/** @returns the exit code, or the signal, and what was printed. */
function run(...lines: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', lines.join('\n')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: GUARD_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(`${signal ?? code} ${stdout}`));
  });
}

async function expectAsPlain(pool: string, listeners: string, end: string): Promise<void> {
  const ending = `setTimeout(() => { ${end} }, 5);`;
  const [plain, before, after] = await Promise.all([
    run(listeners, ending),
    run(listeners, pool, ending),
    run(pool, listeners, ending),
  ]);
  expect([before, after], 'listeners before and after the pool was made').to.deep.equal([plain, plain]);
}

describe("the process's exit code with a stuck lane (B3)", function () {
  this.timeout(60_000);
  if (!contractEngines.includes('koffi')) return;

  for (const [what, listeners] of Object.entries(LISTENERS)) {
    slow(`exit listeners: ${what}`, async () => {
      for (const end of Object.values(STUCK)) await expectAsPlain(stuck, listeners, end);
    });

    slow(`exit listeners, where a thread calls back: ${what}`, async () => {
      for (const end of Object.values(NATURAL)) await expectAsPlain(calledBack, listeners, end);
    });
  }

  slow('an exit listener that throws, told to those who watch for uncaught errors', async () => {
    await expectAsPlain(stuck, monitor + throws, STUCK['process.exit(3)']);
    await expectAsPlain(calledBack, monitor + throws, NATURAL['the natural end']);
    for (const end of Object.values(NATURAL)) await expectAsPlain(calledBack, handler + throws, end);
    await expectAsPlain(calledBack, handler + throws, STUCK['process.exit(3)']);
  });

  it('an exit listener and a listener for uncaught errors that both throw', async () => {
    const broken = "process.on('uncaughtException', () => { throw new Error('in the listener') });";
    await expectAsPlain(calledBack, broken + throws, NATURAL['the natural end']);
  });
});
