/** M7, M16, M27, B2: deaths leave no descriptor, child, listener, timer or file behind. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { chunks } from 'offthread';
import {
  crash,
  expectBalance,
  fullAgain,
  type Ground,
  lanesWith,
  newPool,
  onEveryProcessLane,
  onProcessLanes,
} from '../../helpers/faults.js';
import { bySignal, FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { childrenOf, openDescriptors, sharedMemoryFiles } from '../../helpers/processes.js';
import { BYTES, CHUNK, unhandled } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, FAULTS);
const withStreams = lanesWith(testlib, {
  ot_process_id: FAULTS.ot_process_id,
  ot_stream_then_die: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32', 'i32'], return: 'i32' },
});

/** Collects garbage. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** What this process holds, by name and number. */
function holdings(): Record<string, number> {
  const counts: Record<string, number> = {};
  const count = (name: string, by = 1): void => void (counts[name] = (counts[name] ?? 0) + by);
  for (const what of openDescriptors()) count(`descriptor ${what}`);
  for (const name of process.eventNames()) count(`listener ${String(name)}`, process.listenerCount(name));
  for (const name of process.getActiveResourcesInfo()) count(`resource ${name}`);
  count('children', childrenOf(process.pid).length);
  return counts;
}

/** Waits until there is no more than before; says what there is otherwise. */
async function asBefore(before: Record<string, number>): Promise<void> {
  const more = (): string[] =>
    Object.entries(holdings()).flatMap(([name, count]) => {
      // A timer or two of the pool's own may be set at any moment.
      const allowed = (before[name] ?? 0) + (name.startsWith('resource') ? 2 : 0);
      return count > allowed ? [`${count - allowed} more of ${name}`] : [];
    });
  await until(() => more().length === 0, 'nothing more than before').catch((error: unknown) => {
    throw new Error(`there are ${more().join(', ')}`, { cause: error });
  });
}

onEveryProcessLane('fifty deaths (M7, B2)', (ground) => {
  slow('leave nothing behind while the pool lives, nor after it was closed', async function () {
    this.timeout(90_000);
    const shared = sharedMemoryFiles();
    // The first pool of a process loads what stays: an engine, the code of the lanes.
    await withLanes(ground, {}, async (lib) => void (await crash(lib.ot_die(SEGV))));
    const outside = holdings();
    const reasons = await unhandled(() =>
      withLanes(ground, { lanes: 2, maxDeaths: Infinity, grace: 20 }, async (lib, pool) => {
        await crash(lib.ot_die(SEGV));
        await fullAgain(pool, 1);
        const inside = holdings();
        for (let round = 0; round < 10; round++) {
          const calls = [
            lib.ot_die(SEGV),
            lib.ot_die(bySignal('SIGKILL')),
            lib.ot_die(1_003),
            lib.ot_bad_text(),
            lib.ot_hang.with({ timeout: 30 })(),
          ];
          await Promise.all(calls.map((call) => call.settled()));
          expect(await lib.ot_add(round, 1)).to.equal(round + 1);
        }
        await fullAgain(pool, 1);
        expect(pool.stats()).to.include({ lanesCrashed: 41, lanesKilled: 10 });
        expectBalance(pool);
        await asBefore(inside);
      }),
    );
    expect(reasons).to.deep.equal([]);
    await asBefore(outside);
    // Others may have files there too, and theirs come and go.
    const left = (): string[] => sharedMemoryFiles().filter((name) => !shared.includes(name));
    await until(() => left().length === 0, 'no file to be left in shared memory');
  });
});

onProcessLanes('what else deaths leave (M7, M16)', (ground: Ground) => {
  slow('streams that died hold nothing', async function () {
    this.timeout(60_000);
    await withStreams(ground, { maxDeaths: Infinity }, async (lib, pool) => {
      await lib.ot_process_id();
      await fullAgain(pool, 1);
      const before = holdings();
      for (let round = 0; round < 15; round++) {
        const stream = lib.ot_stream_then_die.stream(20, 10_000, SEGV);
        let seen = 0;
        const reading = (async () => {
          for await (const chunk of stream) seen += chunk.length;
        })();
        await crash(reading);
        expect(seen).to.equal(200_000);
        expect(await lib.ot_process_id()).to.be.greaterThan(0);
      }
      await fullAgain(pool, 1);
      await asBefore(before);
      expectBalance(pool);
    });
  });

  slow('pools that come and go, with a death in each', async function () {
    this.timeout(60_000);
    const round = async (): Promise<void> => {
      const pool = newPool({ isolation: 'process', lanes: 2, grace: 50 });
      const lib = await pool.open(testlib, FAULTS, { engine: ground.engine });
      await crash(lib.ot_die(SEGV));
      await pool.close();
    };
    for (let i = 0; i < 2; i++) await round();
    await until(() => childrenOf(process.pid).length === 0, 'the children to end');
    const before = holdings();
    for (let i = 0; i < 8; i++) await round();
    await asBefore(before);
  });

  slow('the heap does not grow with deaths', async function () {
    this.timeout(60_000);
    await withLanes(ground, { maxDeaths: Infinity }, async (lib) => {
      const text = 'argument '.repeat(20_000);
      const heap = async (): Promise<number> => {
        await wait(10);
        collect();
        return process.memoryUsage().heapUsed;
      };
      const die = async (): Promise<void> => {
        await crash(lib.ot_complain(text, 0, SEGV));
        expect(await lib.ot_add(1, 2)).to.equal(3);
      };
      for (let i = 0; i < 5; i++) await die();
      const before = await heap();
      for (let i = 0; i < 30; i++) await die();
      expect((await heap()) - before).to.be.below(4 << 20);
    });
  });
});
