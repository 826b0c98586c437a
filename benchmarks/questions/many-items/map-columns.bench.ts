/**
 * `pool.mapColumns` over ten million pairs of integers that are to be added: how
 * many items a second, from typed arrays into a typed array, on two lanes or
 * workers?
 *
 * The limit are two threads that each run a plain loop over typed arrays of half
 * the length, with the same FFI: they are there already, nothing is sent. What
 * users of peers can write is beside it: ranges by hand, of columns in shared
 * memory that the workers read and write in place, or of copies that are
 * transferred. ffi-rs, whose calls take a hundred times as long, runs over fewer.
 *
 * Target: at least 90 % of the two loops, for columns in shared memory, which stay where they are. Others are copied to
 * lanes and back by the host, range by range: what that costs is beside it.
 */
import { createPool } from 'offthread';
import { benchmarkArguments } from '../../harness/command/arguments.js';
import { testlib } from '../../harness/paths.js';
import { type Many, asLimit, manyInTurns, reportMany } from '../../harness/measure/many.js';
import { Report } from '../../harness/report/benchmark-report.js';
import type { Rated } from '../../harness/measure/throughput.js';
import { columns, inRanges, offthreadColumns } from '../../peers/many-items/column-mappers.js';
import { linkFfiRs } from '../../peers/libraries/ffi-rs-calls.js';
import { blockingJobPool } from '../../peers/libraries/job-pools.js';
import { plainLoops } from '../../peers/many-items/loops.js';

const WORKERS = 2;
const WANTED = 0.9;
const given = benchmarkArguments();
/** Only what can be compared with another run. */
const brief = given.effort === 'brief';
const ITEMS = { full: 10_000_000, brief: 5_000_000, quick: 400_000 }[given.effort];
const FFI_RS_ITEMS = given.quick ? 20_000 : 500_000;
const ROUNDS = { full: 4, brief: 3, quick: 2 }[given.effort];
const RANGE = 100_000;
/** One that runs and one that waits, for each worker. */
const RANGES_IN_FLIGHT = WORKERS * 2;

const report = new Report('map-columns', given);
linkFfiRs(testlib);
const pool = createPool({ lanes: WORKERS });

async function compare(items: number, field: readonly Many[]): Promise<void> {
  const title = `${items.toLocaleString('en')} items, ${ROUNDS} rounds in turns`;
  const wanted = ({ name }: Rated): number | undefined => (name.includes('not shared') ? undefined : WANTED);
  reportMany(report, title, await manyInTurns(field, ROUNDS), wanted);
  for (const { close } of field) await close();
}

const [plain, shared] = [columns(ITEMS, false), columns(ITEMS, true)];
const peers = brief ? [] : (['piscina', 'tinypool'] as const);
const pools = peers.map((name) => blockingJobPool(name, WORKERS));
await compare(ITEMS, [
  ...(await offthreadColumns(pool, 'koffi', [plain, shared])),
  asLimit(await plainLoops('koffi', 'columns', WORKERS, ITEMS)),
  ...pools
    .slice(0, 2)
    .flatMap((peer) => [plain, shared].map((columns) => inRanges(peer, columns, RANGE, RANGES_IN_FLIGHT))),
]);
for (const { close } of pools) await close();
if (!brief) {
  await compare(FFI_RS_ITEMS, [
    ...(await offthreadColumns(pool, 'ffi-rs', [columns(FFI_RS_ITEMS, true)])),
    asLimit(await plainLoops('ffi-rs', 'columns', WORKERS, FFI_RS_ITEMS)),
  ]);
}
await pool.close();
report.end();
