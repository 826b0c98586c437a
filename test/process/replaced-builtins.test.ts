/**
 * M33: a pool goes on while a program, a test suite for one, has replaced timers, clocks, microtasks, promises or atomics,
 * and after it has put them back.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { Order } from '../fixtures/replaced-builtins.js';
import { contractEngines } from '../helpers/contract.js';
import type { Fakes } from '../fixtures/fakes.js';
import { laneKinds } from '../helpers/lane-kind.js';
import { pairs, sample } from '../helpers/fast-run.js';

const program = fileURLToPath(new URL('../fixtures/replaced-builtins.js', import.meta.url));

interface End {
  readonly code: number | null;
  readonly said: string;
}

function run(order: Order, guardMs: number): Promise<End> {
  const args = ['--disable-warning=ExperimentalWarning', program, JSON.stringify(order)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const guard = setTimeout(() => child.kill('SIGKILL'), guardMs);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(guard);
      resolve({ code, said });
    });
  });
}

const ways: Readonly<Record<string, Fakes>> = {
  'what test suites fake does nothing': { by: 'hand', manner: 'idle', what: 'usual' },
  'mock.timers of node:test': { by: 'node:test' },
  '@sinonjs/fake-timers': { by: 'fake-timers' },
  'everything does nothing': { by: 'hand', manner: 'idle', what: 'all' },
  'everything throws': { by: 'hand', manner: 'throws', what: 'all' },
};

describe('replaced builtins', function () {
  this.timeout(60_000);
  for (const [isolation, engine] of pairs(laneKinds, contractEngines)) {
    for (const [name, fakes] of sample(Object.entries(ways))) {
      it(`are not used: ${name} [${engine}, ${isolation}]`, async () => {
        const end = await run({ engine, isolation, fakes: [fakes] }, 55_000);
        expect(end).to.deep.equal({ code: 0, said: '' });
      });
    }
  }
});
