/** B2: the system calls that process lanes need, on every engine: memory that two can map, waiting on descriptors. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { expect } from 'chai';
import { EngineError } from '../../../src/index.js';
import { loadEngine } from '../../../src/engines/load-engine.js';
import { System } from '../../../src/engines/system/system-calls.js';
import { contractEngines } from '../../helpers/contract.js';
import { slow } from '../../helpers/fast-run.js';

const KB = 1_024;

for (const engine of contractEngines) {
  describe(`system calls [${engine}]`, () => {
    const system = new System(loadEngine(engine, { role: 'host' }));

    it('make a file that is mapped: what is written by either way is seen by the other', () => {
      const file = system.create(8 * KB);
      const bytes = new Uint8Array(system.view(file, 0, 8 * KB));
      expect(bytes.every((byte) => byte === 0)).to.equal(true);
      bytes[5_000] = 42;
      const read = Buffer.alloc(1);
      readSync(file.fd, read, 0, 1, 5_000);
      expect(read[0]).to.equal(42);
      writeSync(file.fd, Buffer.from([43]), 0, 1, 5_001);
      expect(bytes[5_001]).to.equal(43);
      const again = system.map(file.fd);
      expect(again.address).to.not.equal(file.address);
      expect(new Uint8Array(system.view(again, 5_000, 2))).to.deep.equal(Uint8Array.of(42, 43));
      closeSync(file.fd);
    });

    it('grow it in place, and give memory back', () => {
      const file = system.create(4 * KB);
      const first = new Uint8Array(system.view(file, 0, 4 * KB)).fill(1);
      system.allocate(file, 4 * KB, 1_024 * KB);
      const grown = new Uint8Array(system.view(file, 4 * KB, 1_024 * KB)).fill(2);
      expect(first[4_095]).to.equal(1);
      if (process.platform === 'linux') {
        system.discard(file, 4 * KB, 1_024 * KB);
        expect(grown[0], 'gone, and still there to be read').to.equal(0);
        expect(first[0]).to.equal(1);
      }
      closeSync(file.fd);
    });

    it('refuse what is not to be had, by name, instead of ending the process when it is touched', () => {
      const file = system.create(4 * KB);
      expect(() => system.allocate(file, 0, 2 ** 60)).to.throw(EngineError, 'address space is used up');
      expect(() => system.map(-1)).to.throw(EngineError, 'could not be mapped');
      closeSync(file.fd);
    });

    it('work on memory that is mapped here with atomics, as on shared memory', () => {
      const file = system.create(4 * KB);
      const words = new Int32Array(system.view(file, 0, 4 * KB));
      expect(Atomics.compareExchange(words, 3, 0, 7)).to.equal(0);
      expect(Atomics.compareExchange(words, 3, 0, 8)).to.equal(7);
      expect(Atomics.add(words, 3, 1)).to.equal(7);
      expect(Atomics.notify(words, 3), 'nobody can wait on it').to.equal(0);
      closeSync(file.fd);
    });

    it('wait for one of several descriptors, and for no longer than asked', () => {
      const quiet = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20_000)'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const loud = spawn(
        process.execPath,
        ['-e', 'process.stdout.write("x"); setTimeout(() => {}, 20_000)'],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      );
      const fdOf = ({ stdout }: typeof loud): number =>
        (stdout as unknown as { _handle: { fd: number } })._handle.fd;
      try {
        const start = performance.now();
        expect(system.poll([fdOf(quiet)], 20)).to.equal(false);
        expect(performance.now() - start).to.be.within(19, 5_000);
        expect(system.poll([fdOf(quiet), fdOf(loud)], 10_000)).to.equal(true);
        expect([system.isReady(0), system.isReady(1)]).to.deep.equal([false, true]);
      } finally {
        quiet.kill('SIGKILL');
        loud.kill('SIGKILL');
      }
    });

    if (process.platform === 'linux') {
      slow('tell how a child ended, and leave it to Node.js to hear of it too', async () => {
        for (const [code, end] of [
          ['setTimeout(() => process.exit(7), 300)', { exitCode: 7 }],
          ['setTimeout(() => process.kill(process.pid, "SIGKILL"), 300)', { signal: 9 }],
        ] as const) {
          const child = spawn(process.execPath, ['-e', code], { stdio: 'ignore' });
          const pid = child.pid as number;
          expect(system.endOf(pid), 'while it runs').to.equal('running');
          // This thread hears of no event meanwhile.
          const pause = new Int32Array(new SharedArrayBuffer(4));
          while (system.endOf(pid) === 'running') Atomics.wait(pause, 0, 0, 2);
          expect(system.endOf(pid)).to.deep.equal(end);
          const told = await new Promise((resolve) => {
            child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
          });
          expect(told).to.deep.equal(
            'signal' in end ? { exitCode: null, signal: 'SIGKILL' } : { exitCode: 7, signal: null },
          );
        }
        expect(system.endOf(spawnSync('true').pid), 'one that has been heard of').to.equal(null);
      });
    }
  });
}
