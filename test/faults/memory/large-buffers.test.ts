/** M7: what lanes hold of large buffers is bounded by their sizes, whatever the collector does. */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { runFamily } from '../../helpers/fault-program.js';
import { slow } from '../../helpers/fast-run.js';

const CALLS = 300;
/** MB that the process may grow by: two lanes with a few of the largest, and as many of the caller's that are not collected yet. */
const MOST_MB = 900;

/** One call at a time, of sizes that differ; says by how many MB the process has grown, host and thread lanes together. */
const PROGRAM = (least: number, most: number): string => `
  const pool = createPool({ isolation, lanes: 2 });
  const lib = await pool.open(TESTLIB, {
    ot_fill_slowly: { arguments: ['buffer', 'u32', 'u8', 'i32', 'cancelFlag'], return: 'i32' },
  }, { engine });
  let seed = 7;
  const size = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return ${least} + Math.floor(seed / 2 ** 31 * ${most - least});
  };
  // Only the first bytes are touched by native code; all of them are copied.
  const call = (bytes) => lib.ot_fill_slowly(bytes, 16, 1, 0);
  await call(new Uint8Array(1));
  const before = process.memoryUsage.rss();
  let peak = before;
  for (let number = 0; number < ${CALLS}; number += 1) {
    await call(new Uint8Array(size()));
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  say(Math.round((peak - before) / 2 ** 20));
  await pool.close();`;

describe('large buffers of different sizes (M7)', function () {
  this.timeout(60_000);
  for (const engine of contractEngines) {
    for (const [least, most] of [
      [17_000_000, 60_000_000],
      [5_000, 17_000_000],
    ] as const) {
      slow(
        `${CALLS} of ${least} to ${most} bytes leave a few of them behind in thread lanes [${engine}]`,
        async () => {
          const end = await runFamily({ isolation: 'thread', engine }, PROGRAM(least, most));
          expect(end).to.include({ code: 0, signal: null, stderr: '' });
          expect(Number(end.stdout), 'MB').to.be.within(1, MOST_MB);
        },
      );
    }
  }
});
