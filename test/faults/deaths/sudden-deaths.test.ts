/** B2, M15, M24: threads and processes ended from outside at any moment, whatever they hold: locks, pipes, questions. */
import type { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { callback, chunks, type NativeCall, type Pool } from 'offthread';
import {
  crash,
  expectBalance,
  fullAgain,
  type Ground,
  lanesWith,
  onBothLanes,
  onProcessLanes,
  watchChildren,
  words,
} from '../../helpers/faults.js';
import { FAULTS, SEGV } from '../../helpers/fault-functions.js';
import { BYTES, CHUNK, NUMBER, randomFrom } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until, wait } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ot_add: FAULTS.ot_add,
  ot_long_owned: FAULTS.ot_long_owned,
  ot_checksum: FAULTS.ot_checksum,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
});
const withLocks = lanesWith(testlib, FAULTS);

/** Ends a lane, as the system or somebody else would, at any moment. */
interface Killer {
  /** Finds out which lanes may be ended: a thread that loads an engine must not be, it takes the process along. */
  look(pool: Pool): Promise<void>;
  kill(random: number): Promise<void>;
  stop(): void;
}

/** Threads are known by the event that tells of them; processes by who their parent is. */
function killerOf({ isolation }: Ground): Killer {
  if (isolation === 'process') {
    const born = watchChildren();
    const kill = async (random: number): Promise<void> => {
      const children = born();
      const pid = children[Math.floor(random * children.length)];
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    };
    return { look: async () => {}, kill, stop: () => {} };
  }
  const threads = new Set<Worker>();
  const seen = (thread: Worker): void => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  };
  process.on('worker', seen);
  let loaded: readonly number[] = [];
  const look = async (pool: Pool): Promise<void> => {
    loaded = (await pool.laneReports()).map(({ threadId }) => threadId);
  };
  const kill = async (random: number): Promise<void> => {
    const may = [...threads].filter(({ threadId }) => loaded.includes(threadId));
    await may[Math.floor(random * may.length)]?.terminate();
  };
  return { look, kill, stop: () => process.off('worker', seen) };
}

/** Work of every kind: each promise resolves to whether it went well, and throws where an answer is wrong. */
type Lib = Parameters<Parameters<typeof withLanes>[2]>[0];
const bytes = Buffer.alloc(200_000, 'bytes of some length ');

async function well<T>(call: NativeCall<T>, right: (value: T) => boolean): Promise<boolean> {
  const { status, value, kind } = await call.settled();
  if (status === 'succeeded') {
    if (!right(value)) throw new Error(`a wrong answer: ${String(value)}`);
    return true;
  }
  expect(kind).to.equal('crash');
  return false;
}

async function stream(lib: Lib, size: number): Promise<boolean> {
  let index = 0;
  try {
    for await (const chunk of lib.ot_stream_chunks.stream(40, size)) {
      expect(chunk.length).to.equal(size);
      expect([chunk[0], chunk[size - 1]]).to.deep.equal([index, index]);
      index += 1;
    }
  } catch (error) {
    expect(error).to.include({ kind: 'crash' });
    return false;
  }
  expect(index).to.equal(40);
  return true;
}

function work(lib: Lib, sum: number, i: number): Promise<boolean>[] {
  return [
    well(lib.ot_add(i, 1), (value) => value === i + 1),
    well(
      lib.ot_call_callback(async (n) => n + i, 3),
      (value) => value === 3 + 3 * i,
    ),
    well(lib.ot_long_owned(5_000 + i), (text) => text?.length === 5_000 + i),
    well(lib.ot_checksum(bytes, bytes.length), (value) => value === sum),
    stream(lib, 3_000),
    stream(lib, 100_000),
  ];
}

onBothLanes('lanes that are ended at any moment (B2)', (ground) => {
  // node:ffi ends the process with a thread that is ended in a callback.
  if (ground.isolation === 'thread' && ground.engine !== 'koffi') return;

  slow(
    'amid streams, functions of the host, texts and bytes: what is left of it harms nobody',
    async function () {
      this.timeout(90_000);
      const killer = killerOf(ground);
      const unbroken = ground.isolation === 'process' ? { maxDeaths: Infinity } : {};
      try {
        // The deaths are spread over pools, each too few for a breaker.
        for (let pools = 0; pools < 4; pools++) {
          await withLanes(ground, { lanes: 3, ...unbroken }, async (lib, pool) => {
            const random = randomFrom(pools + 1);
            const sum = await lib.ot_checksum(bytes, bytes.length);
            await fullAgain(pool);
            let lost = 0;
            for (let round = 0; round < 5; round++) {
              // A thread that is making its first callbacks must not be ended either: koffi then ends the process.
              expect(await Promise.all(work(lib, sum, round)), 'nobody has been ended yet').to.not.include(
                false,
              );
              await killer.look(pool);
              const doings = Promise.all(work(lib, sum, round).concat(work(lib, sum, round + 100)));
              await wait(random() * 15);
              await killer.kill(random());
              lost += (await doings).filter((good) => !good).length;
            }
            expect(lost, 'a death fails one call at most').to.be.at.most(5);
            await until(() => pool.stats().running === 0, 'all to end');
            expect(await Promise.all(work(lib, sum, 7))).to.not.include(false);
            await fullAgain(pool);
            expect(pool.stats().failed).to.equal(lost);
            expectBalance(pool);
          });
        }
      } finally {
        killer.stop();
      }
    },
  );
});

onProcessLanes('a lock of the library’s own, in memory that processes share (B2)', (ground) => {
  it('that a dead lane holds blocks those that want it, and nobody else', async () => {
    await withLocks(ground, { lanes: 3, grace: 50 }, async (lib, pool) => {
      const lock = words();
      const error = await crash(lib.ot_die_holding(lock, SEGV));
      expect(Atomics.load(lock, 0), 'the dead one has it still').to.equal(error.pid);
      const blocked = lib.ot_lock.with({ timeout: 200 })(lock, 0).settled();
      const sums = await Promise.all(Array.from({ length: 100 }, (_, i) => lib.ot_add(i, 1)));
      expect(sums).to.deep.equal(sums.map((_, i) => i + 1));
      expect((await blocked).status).to.equal('timed-out');
      // It was rejected at once, and its lane has a moment to come back: it is not to take the lock in that.
      await until(() => pool.stats().lanesKilled === 1, 'its lane to be killed');
      await fullAgain(pool, 1);
      Atomics.store(lock, 0, 0);
      expect(await lib.ot_lock(lock, 5_000)).to.equal(0);
      await fullAgain(pool, 1);
      expectBalance(pool);
    });
  });
});
