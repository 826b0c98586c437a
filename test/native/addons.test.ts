/** The add-ons of native/addons do to a process what they are for; the packages of the tests can be loaded. */
import { spawn } from 'node:child_process';
import { expect } from 'chai';
import { slow } from '../helpers/fast-run.js';
import { type AddonName, addon, packageFile, withPackage } from '../helpers/packages.js';

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
}

/** Runs a program that has the file as `file`; it prints what it finds. */
function run(program: string, file: string): Promise<End> {
  const child = spawn(process.execPath, ['-e', `const file = process.argv[1]; ${program}`, file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout: stdout.trim() }));
  });
}

/** Threads that load the file: `start()` resolves to one, or to the message of what it threw. */
const THREADS = `
  const { Worker } = require('node:worker_threads');
  const { once } = require('node:events');
  const code = (stay) => \`require(\${JSON.stringify(file)}); const { parentPort } = require('node:worker_threads');
    parentPort.postMessage('loaded'); \${stay ? "parentPort.on('message', () => parentPort.close());" : ''}\`;
  const start = async (stay) => {
    const thread = new Worker(code(stay), { eval: true });
    return once(thread, 'message').then(() => thread, (error) => error.message);
  };
`;

const inThreads = (body: string, name: AddonName): Promise<End> =>
  run(`${THREADS} (async () => { ${body} })();`, addon(name));

describe('native/addons', () => {
  it('work: sleeps, computes, polls a flag, calls back, and works in the background', async () => {
    const end = await run(
      `const work = require(file);
       const words = new Int32Array(new SharedArrayBuffer(8));
       const timedOut = work.poll(words, 2);
       words[1] = 1;
       const entered = work.enter(words, 2) >= 0 && words[0] === 1;
       const sum = work.visit(4, (at) => at * 2);
       work.later(2).then((later) => console.log(JSON.stringify([work.block(3), work.compute(100), timedOut, entered, sum, later])));`,
      addon('work'),
    );
    expect(JSON.parse(end.stdout)).to.deep.equal([3, 2413060885, -1, true, 12, 2]);
  });

  it('work: crashes when told to', async () => {
    expect((await run('require(file).crash()', addon('work'))).signal).to.equal('SIGSEGV');
  });

  it('boot: crashes while it is loaded', async () => {
    expect((await run('require(file)', addon('boot'))).signal).to.equal('SIGSEGV');
  });

  it('single: refuses a second thread while the first has it', async () => {
    const body = `const one = await start(true); console.log(await start(true)); one.postMessage('end');`;
    expect(await inThreads(body, 'single')).to.deep.equal({
      code: 0,
      signal: null,
      stdout: 'This add-on is loaded in another thread.',
    });
  });

  it('constructed: can be loaded by one thread after the other', async () => {
    const body = `for (const _ of [1, 2, 3]) { const thread = await start(false); await once(thread, 'exit'); } console.log('fine');`;
    expect(await inThreads(body, 'constructed')).to.deep.equal({ code: 0, signal: null, stdout: 'fine' });
  });

  it('unload: crashes when the thread ends, however it ends', async () => {
    const byItself = await inThreads(`const one = await start(false); await once(one, 'exit');`, 'unload');
    const terminated = await inThreads('await (await start(true)).terminate();', 'unload');
    expect([byItself.signal, terminated.signal]).to.deep.equal(['SIGSEGV', 'SIGSEGV']);
  });

  slow('pending: aborts when its thread is terminated, and not when the thread ends by itself', async () => {
    const terminated = await inThreads('await (await start(true)).terminate();', 'pending');
    const byItself = await inThreads(
      `const one = await start(false); await once(one, 'exit'); console.log('fine');`,
      'pending',
    );
    expect([terminated.signal, byItself.stdout]).to.deep.equal(['SIGABRT', 'fine']);
  });
});

describe('the packages of the tests', () => {
  const names = [
    'bcrypt',
    'argon2',
    'sharp',
    'tree-sitter',
    'tree-sitter-json',
    '@napi-rs/canvas',
    'lmdb',
    'zeromq',
    'better-sqlite3',
  ];
  for (const name of names) {
    withPackage(name, `has a binary of ${name}`, async () => {
      const end = await run(`require(file); console.log('fine');`, packageFile(name));
      expect(end).to.deep.equal({ code: 0, signal: null, stdout: 'fine' });
    });
  }
});
