/** What in-place.test.ts runs in a thread that is marked as a lane. */
import { parentPort } from 'node:worker_threads';
import { createPool, inout } from '../../src/index.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { markLane } from '../../src/shared/lane-mark.js';
import { testlib } from '../helpers/testlib.js';

markLane('test-lane');
const pool = createPool({ lanes: 1, maxQueue: 0 });
const lib = await pool.open(
  testlib,
  {
    ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
    ot_thread_id: { arguments: [], return: 'u64' },
    ot_echo: { symbol: 'ot_echo_owned', arguments: ['cstring'], return: { cstring: { free: 'ot_free' } } },
    ot_fail_errno: { arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
    ot_xor: { symbol: 'ot_xor_bytes', arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
    ot_sleep_ms: { arguments: ['i32'], return: 'i32' },
  },
  { engine: 'koffi' },
);

const self = loadEngine('koffi').open(testlib).bind('ot_thread_id', { arguments: [], returns: 'u64' });

const kindOf = (work: () => unknown): string => {
  try {
    work();
    return 'no error';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

// The only lane is busy and the queue has no room: another lane could not be waited for.
const busy = lib.ot_sleep_ms(50);
const small = Buffer.from([1, 2, 3]);
lib.ot_xor.blocking(small, 3, 0xff);
const large = Buffer.alloc(100_000, 1);
lib.ot_xor.blocking(large, 100_000, 0xff);
parentPort?.postMessage({
  sum: lib.ot_add.blocking(2, 3),
  here: lib.ot_thread_id.blocking() === self(),
  text: lib.ot_echo.blocking('é'.repeat(1_000)),
  failure: kindOf(() => lib.ot_fail_errno.blocking(2)),
  wrong: kindOf(() => lib.ot_add.blocking(1.5, 2)),
  small: [...small],
  large: large.every((byte) => byte === 0xfe),
  awaited: await busy,
  succeeded: pool.stats().succeeded,
});
await pool.close();
