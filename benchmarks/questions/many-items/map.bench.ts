/**
 * `pool.map` over a million pairs of integers that are to be added: how many
 * items a second, from an array into an array, on two lanes or workers?
 *
 * The limit are two threads that each run a plain loop over half of the items,
 * with the same FFI: the items are there already, nothing is sent, nobody waits.
 * Peers have nothing of the kind, so their users write it: a task an item with
 * so many in flight (over a fiftieth of the items), or batches by hand, of the
 * items as they are or packed into typed arrays. ffi-rs, whose calls take a
 * hundred times as long, runs over a fifth.
 *
 * Target: an array of all results at least as fast as 60 % of the two loops.
 */
import { createPool } from 'offthread';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { type Many, asLimit, manyInTurns, reportMany } from '../../harness/measure/many.js';
import { Report } from '../../harness/report/benchmark-report.js';
import type { Rated } from '../../harness/measure/throughput.js';
import { linkFfiRs } from '../../peers/libraries/ffi-rs-calls.js';
import { piscinaJobs, tinypoolJobs } from '../../peers/libraries/job-pools.js';
import { plainLoops } from '../../peers/many-items/loops.js';
import { inBatches, offthreadMappers, oneByOne, pairs } from '../../peers/many-items/mappers.js';

const WORKERS = 2;
const WANTED = 0.6;
const given = benchmarkArguments();
/** Only what can be compared with another run. */
const brief = given.effort === 'brief';
const ITEMS = given.quick ? 40_000 : 1_000_000;
const FFI_RS_ITEMS = given.quick ? 8_000 : 200_000;
const ROUNDS = { full: 4, brief: 3, quick: 2 }[given.effort];
/** For a task an item: what keeps all workers busy. */
const IN_FLIGHT = 1_024;
const BATCH = 1_000;
/** Batches: one that runs and one that waits, for each worker. */
const BATCHES_IN_FLIGHT = WORKERS * 2;

const report = new Report('map', given);
linkFfiRs(testlib);
const pool = createPool({ lanes: WORKERS });

async function compare(items: number, field: readonly Many[]): Promise<void> {
  const title = `${items.toLocaleString('en')} items, ${ROUNDS} rounds in turns`;
  const wanted = ({ name }: Rated): number | undefined => (name.includes('toArray') ? WANTED : undefined);
  reportMany(report, title, await manyInTurns(field, ROUNDS), wanted);
  for (const { close } of field) await close();
}

const items = pairs(ITEMS);
const few = pairs(ITEMS / 50);
const pools = brief
  ? []
  : [piscinaJobs(WORKERS, { concurrentTasksPerWorker: 32, atomics: 'sync' }), tinypoolJobs(WORKERS, 32)];
await compare(ITEMS, [
  ...(await offthreadMappers(pool, 'koffi', items)),
  asLimit(await plainLoops('koffi', 'pairs', WORKERS, ITEMS)),
  ...pools.flatMap((peer) => [
    oneByOne(peer, few, IN_FLIGHT),
    inBatches(peer, items, BATCH, BATCHES_IN_FLIGHT, 'pairs'),
    inBatches(peer, items, BATCH, BATCHES_IN_FLIGHT, 'packed'),
  ]),
]);
for (const { close } of pools) await close();
if (!brief) {
  await compare(FFI_RS_ITEMS, [
    ...(await offthreadMappers(pool, 'ffi-rs', pairs(FFI_RS_ITEMS))),
    asLimit(await plainLoops('ffi-rs', 'pairs', WORKERS, FFI_RS_ITEMS)),
  ]);
}
await pool.close();
report.end();
