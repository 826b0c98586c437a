/**
 * Worker files that were written for other pools run as they are: B13. Each file is run by the pool that it was written
 * for, and by `pool.module`, with the same answers.
 */
import { expect } from 'chai';
import { MessageChannel } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';
import { type Pool, transfer } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { errorOf, moduleFile, onEveryLane, removeModules } from '../../helpers/module-lab.js';

type Run = (task: unknown) => PromiseLike<unknown>;

/** As the documents of piscina write them. */
const FILES: readonly (readonly [what: string, file: string, text: string])[] = [
  ['export default', 'esm.mjs', 'export default ({ a, b }) => a + b;'],
  ['module.exports', 'commonjs.cjs', 'module.exports = ({ a, b }) => { return a + b; };'],
  [
    'an async function',
    'async.mjs',
    `import { setTimeout } from 'node:timers/promises';
     export default async ({ a, b }) => { await setTimeout(1); return a + b; };`,
  ],
  [
    'a file that is not ready at once',
    'delayed.cjs',
    `async function initialize() {
       await new Promise((resolve) => setTimeout(resolve, 5));
       return ({ a, b }) => a + b;
     }
     module.exports = initialize();`,
  ],
  [
    'an ES module, delayed',
    'delayed.mjs',
    `async function initialize() { return ({ a, b }) => a + b; }
     export default initialize();`,
  ],
  [
    'what compilers make of TypeScript',
    'compiled.cjs',
    `"use strict";
     Object.defineProperty(exports, "__esModule", { value: true });
     exports.default = default_1;
     function default_1({ a, b }) { return a + b; }`,
  ],
];

const NAMED = `
export function add({ a, b }) { return a + b; }
export async function multiply({ a, b }) { return a * b; }
export default add;`;

const TASK = { a: 4, b: 6 };

onEveryLane('modules: worker files of other pools (B13)', (kind) => {
  let pool: Pool | undefined;
  beforeEach(() => {
    pool = createPool({ lanes: 1 });
  });
  const open = (): Pool => pool as Pool;
  afterEach(async () => await pool?.destroy());
  after(removeModules);

  for (const [what, file, text] of FILES) {
    it(`piscina: ${what}`, async () => {
      const url = moduleFile(file, text);
      const theirs = new Piscina({ filename: url.href, maxThreads: 1 });
      const ours = await open().module<{ default: Run | Promise<Run> }>(url);
      expect(await ours.default(TASK)).to.equal(10);
      expect(await theirs.run(TASK)).to.equal(10);
      await theirs.destroy();
    });
  }

  it('piscina: functions by name', async () => {
    const url = moduleFile('named.mjs', NAMED);
    const theirs = new Piscina({ filename: url.href, maxThreads: 1 });
    const ours = await open().module<{ default: Run; add: Run; multiply: Run }>(url);
    for (const name of ['default', 'add', 'multiply'] as const) {
      expect(await ours[name](TASK)).to.equal(await theirs.run(TASK, { name }));
    }
    await theirs.destroy();
  });

  it('piscina: the same calls, after two changed lines, can be limited and stopped', async () => {
    const url = moduleFile(
      'spins.mjs',
      'export default ({ a, b, spin }) => { while (spin); return a + b; };',
    );
    const run = (await open().module<{ default: Run }>(url)).default;
    const timedOut = await errorOf(run.with({ timeout: 20 })({ ...TASK, spin: true }));
    expect(timedOut.kind).to.equal('timeout');
    const cancelled = await errorOf(run.with({ signal: AbortSignal.timeout(20) })({ ...TASK, spin: true }));
    expect(cancelled.kind).to.equal('cancelled');
    expect(await run(TASK)).to.equal(10);
  });

  it('piscina: a file that used workerData and move, with setup and transfer', async () => {
    const lane = JSON.stringify(import.meta.resolve('offthread/lane'));
    const url = moduleFile(
      'changed.mjs',
      `import { transfer } from ${lane};
       let factor;
       export function setup({ data }) { factor = data.factor; }
       export default ({ bytes }) => transfer(bytes.map((byte) => byte * factor));`,
    );
    const { default: run } = await open().module<{
      default: (task: { bytes: Uint8Array }) => Uint8Array;
    }>(url, { setup: 'setup', data: { factor: 3 } });
    const bytes = new Uint8Array([1, 2]);
    expect([...(await run(transfer({ bytes }, [bytes.buffer])))]).to.deep.equal([3, 6]);
    expect(bytes.byteLength).to.equal(0);
  });

  it('piscina: an error is the cause of ours, which names the call', async () => {
    const url = moduleFile('fails.mjs', 'export default () => { throw new RangeError("too far"); };');
    const theirs = new Piscina({ filename: url.href, maxThreads: 1 });
    const { default: run } = await open().module<{ default: Run }>(url);
    const ours = await errorOf(run(TASK));
    const error = await errorOf(theirs.run(TASK) as Promise<unknown>);
    expect(ours.cause).to.be.an.instanceOf(RangeError);
    expect((ours.cause as Error).message).to.equal(error.message);
    await theirs.destroy();
  });

  it(`tinypool: export default, and functions by name`, async () => {
    const url = moduleFile('tinypool.mjs', NAMED);
    const theirs = new Tinypool({
      filename: url.href,
      maxThreads: 1,
      runtime: kind === 'thread' ? 'worker_threads' : 'child_process',
    });
    const ours = await open().module<{ default: Run; multiply: Run }>(url);
    expect(await ours.default(TASK)).to.equal(await theirs.run(TASK));
    expect(await ours.multiply(TASK)).to.equal(await theirs.run(TASK, { name: 'multiply' }));
    await theirs.destroy();
  });

  if (kind === 'thread') {
    it('tinypool: a message port in a task', async () => {
      const url = moduleFile(
        'port.mjs',
        `export default ({ port }) => new Promise((resolve) => {
           port.on('message', (message) => { port.postMessage('answer'); port.close(); resolve(message); });
         });`,
      );
      const { default: run } = await open().module<{ default: Run }>(url);
      const { port1, port2 } = new MessageChannel();
      const done = run(transfer({ port: port1 }, [port1]));
      const answer = new Promise((resolve) => {
        port2.once('message', resolve);
      });
      port2.postMessage('question');
      expect(await done).to.equal('question');
      expect(await answer).to.equal('answer');
      port2.close();
    });
  }

  it('workerpool: the functions of a file that exports them in place of registering them', async () => {
    const functions = 'function fibonacci(n) { return n < 2 ? n : fibonacci(n - 2) + fibonacci(n - 1); }';
    const library = JSON.stringify(import.meta.resolve('workerpool'));
    const before = moduleFile(
      'registers.mjs',
      `import workerpool from ${library};\n${functions}\nworkerpool.worker({ fibonacci });`,
    );
    const url = moduleFile('exports.mjs', `${functions}\nexport { fibonacci };`);
    const theirs = workerpool.pool(before.pathname, {
      maxWorkers: 1,
      workerType: kind,
    });
    const ours = await open().module<{ fibonacci: (n: number) => number }>(url);
    expect(await ours.fibonacci(10)).to.equal(await theirs.exec('fibonacci', [10]));
    await theirs.terminate();
  });

  it('workerpool: a function of the program, which is sent as text, in a module of its text', async () => {
    function add(a: number, b: number): number {
      return a + b;
    }
    const theirs = workerpool.pool({ maxWorkers: 1, workerType: kind });
    const text = encodeURIComponent(`export ${add.toString()}`);
    const ours = await open().module<{ add: typeof add }>(`data:text/javascript,${text}`);
    expect(await ours.add(3, 4)).to.equal(await theirs.exec(add, [3, 4]));
    await theirs.terminate();
  });
});
