/** B2, M7: pools of process lanes that are not closed, in worker threads that end, however they do: no descriptor and no process of theirs is left. */
import { expectSaid } from '../faults/blocked-program.js';
import { onProcessLanes } from '../helpers/faults.js';
import { testlib } from '../helpers/testlib.js';
import { sample } from '../helpers/fast-run.js';

const index = import.meta.resolve('offthread');
const WORKERS = 3;

onProcessLanes('worker threads that leave a pool of processes behind (B2, M7)', (ground) => {
  const looks = process.platform === 'linux' ? it : it.skip;
  for (const [how, end] of sample([
    ['end by themselves', ''],
    ['exit', 'process.exit(0);'],
    ['throw', "throw new Error('on purpose');"],
    ['are terminated', 'setInterval(() => {}, 1_000);'],
  ] as const)) {
    looks(`leave nothing when they ${how} (Linux: looks into /proc)`, async function () {
      // ffi-rs is used by main threads only.
      if (ground.engine === 'ffi-rs') this.skip();
      const source = `
        import { createPool } from ${JSON.stringify(index)};
        import { parentPort } from 'node:worker_threads';
        const pool = createPool({ isolation: 'process', lanes: 2 });
        const lib = await pool.open(${JSON.stringify(testlib)}, {
          ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
          ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' },
        }, { engine: ${JSON.stringify(ground.engine)} });
        await lib.ot_checksum(Buffer.alloc(1_000_000), 1_000_000);
        parentPort.postMessage(await lib.ot_add(1, 2));
        ${end}`;
      await expectSaid(
        ground,
        `
        const { Worker } = await import('node:worker_threads');
        const { readdirSync, readFileSync } = await import('node:fs');
        const held = () => readdirSync('/proc/self/fd').length;
        const live = async () => {
          const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(source)})));
          worker.on('error', () => {});
          const ended = new Promise((resolve) => worker.on('exit', resolve));
          await new Promise((resolve) => worker.once('message', resolve));
          if (${JSON.stringify(how)} === 'are terminated') await worker.terminate();
          await ended;
        };
        await live();
        const before = held();
        for (let worker = 0; worker < ${WORKERS}; worker++) await live();
        const until = performance.now() + 5_000;
        while ((held() > before || descendants() > 0) && performance.now() < until) await turn(20);
        say('descriptors ' + (held() - before));
        say('processes ' + descendants());
        function descendants() {
          return readdirSync('/proc').filter((name) => {
            if (!/^\\d+$/.test(name)) return false;
            try {
              const stat = readFileSync('/proc/' + name + '/stat', 'latin1');
              const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
              return Number(parent) === process.pid && !'ZX'.includes(state);
            } catch {
              return false;
            }
          }).length;
        }
        `,
        ['descriptors 0', 'processes 0'],
      );
    });
  }
});
