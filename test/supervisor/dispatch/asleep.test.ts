/**
 * M2, M30: a lane sleeps, or is parked, as soon as it has nothing to do. Whatever is sent to it right then, a call, a
 * question or a library, is neither lost nor late.
 *
 * A parked lane gives its event loop a turn now and then. So something that fails to wake it is late, not lost: by up to
 * a second.
 */
import { expect } from 'chai';
import { type Library, type Pool, type PoolOptions, createPool } from '../../../src/index.js';
import { laneKinds } from '../../helpers/lane-kind.js';
import { sample, slow } from '../../helpers/fast-run.js';
import { testlib } from '../../helpers/testlib.js';
import { until, wait } from '../../helpers/waiting.js';
import { expectSettled, inTime } from '../lab.js';

/** ms: far above what waking a lane takes on a busy machine, and below what it takes until the lane wakes by itself. */
const WOKEN_MS = 500;
/** ms by which a lane is certainly asleep. */
const ASLEEP_MS = 30;

const ADD = { add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' } } as const;
type Adds = Library<typeof ADD>;

async function withLane(options: PoolOptions, test: (lib: Adds, pool: Pool) => Promise<void>): Promise<void> {
  const pool = createPool({ lanes: 1, ...options });
  try {
    const lib = await pool.open(testlib, ADD, { engine: 'koffi' });
    await until(() => pool.stats().lanes.starting === 0, 'the lane to start');
    await test(lib, pool);
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

/** Waits in this thread: timers are too coarse to meet the moment at which a lane falls asleep. */
function spin(us: number): void {
  const end = performance.now() + us / 1_000;
  while (performance.now() < end);
}

/** @returns the ms that the quickest of some attempts took: only a busy machine makes one slow. */
async function quickest(attempt: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let time = 0; time < 5 && least >= WOKEN_MS; time += 1) {
    await wait(ASLEEP_MS);
    const start = performance.now();
    await attempt();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** @returns the µs of a pause: from before a lane stops looking for calls to well after it sleeps. */
const pauseUs = (round: number): number => (round * 7) % 120;

for (const isolation of laneKinds) {
  const options: PoolOptions = { isolation, ...(isolation === 'process' ? { spares: 0 } : {}) };

  describe(`a lane that falls asleep [${isolation}]`, () => {
    it('is woken by a call, by a question and by a library', async () => {
      await withLane(options, async (lib, pool) => {
        const open = (): Promise<Adds> => pool.open(testlib, ADD, { engine: 'koffi' });
        for (const attempt of [() => lib.add(1, 2), () => pool.laneReports(), open]) {
          expect(await quickest(attempt)).to.be.below(WOKEN_MS);
        }
        expect((await pool.laneReports()).length).to.equal(1);
      });
    });

    it('answers calls and questions that come right then', async () => {
      await withLane(options, async (lib, pool) => {
        const rounds = 400;
        let late = 0;
        for (let round = 0; round < rounds; round += 1) {
          const start = performance.now();
          const sum =
            round % 3 === 0 ? lib.add.blocking(round, 1) : inTime(lib.add(round, 1), `call ${round}`);
          const report = round % 5 === 0 ? inTime(pool.laneReports(), `question ${round}`) : null;
          expect(await sum).to.equal(round + 1);
          spin(pauseUs(round));
          const second = round % 7 === 0 ? inTime(pool.laneReports(), `second question ${round}`) : null;
          expect((await report)?.length ?? 1).to.equal(1);
          expect((await second)?.length ?? 1).to.equal(1);
          if (performance.now() - start > WOKEN_MS) late += 1;
        }
        expect(late, 'rounds in which something waited for the lane to wake by itself').to.be.below(
          rounds / 10,
        );
        expectSettled(pool, rounds);
        expect(pool.stats()).to.include({ lanesCrashed: 0, lanesLost: 0 });
      });
    });

    it('that was woken for a call that is refused sleeps again, and answers the next one', async () => {
      await withLane(options, async (lib, pool) => {
        for (let round = 0; round < 200; round += 1) {
          spin(pauseUs(round));
          const wrong = inTime(lib.add('one' as never, 1).settled(), `refusal ${round}`);
          if (round % 2 === 0) expect((await wrong).status).to.equal('failed');
          spin(pauseUs(round + 50));
          expect(await inTime(lib.add(round, 1), `call ${round}`)).to.equal(round + 1);
          expect((await wrong).status).to.equal('failed');
        }
        expectSettled(pool, 200, 200);
      });
    });

    slow('ends at once when its pool does', async () => {
      for (const end of sample(['close', 'destroy'] as const)) {
        await withLane(options, async (lib, pool) => {
          await lib.add(1, 2);
          await wait(ASLEEP_MS);
          await inTime(pool[end](), `the ${end} of the pool`);
        });
      }
    });
  });
}
