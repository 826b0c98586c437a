/**
 * B2: native code that overwrites the memory its lane shares with the host. The host does not believe what cannot be: a
 * call has its right result, or its lane is ended for it, and the error says so. Nothing hangs.
 */
import { expect } from 'chai';
import { LaneCrashedError } from 'offthread';
import { expectBalance, fullAgain, lanesWith, onProcessLanes } from '../../helpers/faults.js';
import { expectSaid } from '../blocked-program.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const withLanes = lanesWith(testlib, {
  ot_scribble: { arguments: [{ inout: 'buffer' }, 'i32', 'i32', 'u8'], return: 'i32' },
  ot_add: { arguments: ['i32', 'i32'], return: 'i32' },
});

/** How a scribbling call may end, beside the right way. */
const DISORDER =
  /corrupted the memory or the pipes that it shares with the pool .*overwritten.*does not belong to it/s;

onProcessLanes('memory that a lane shares with the host (B2)', (ground) => {
  for (const value of [0, 0xff]) {
    it(`lengths are the host’s own: ${value} written over what is before an inout buffer`, async () => {
      await withLanes(ground, { maxDeaths: Infinity }, async (lib, pool) => {
        for (const before of [8, 16, 32, 48]) {
          const bytes = Buffer.alloc(64, 7);
          const record = await lib.ot_scribble(bytes, before, 20, value).settled();
          if (record.status === 'succeeded') {
            expect(record.value).to.equal(before + 20);
            expect(bytes, `${before} bytes before`).to.deep.equal(Buffer.alloc(64, 7).fill(value, 0, 20));
          } else {
            expect(record.error).to.be.instanceOf(LaneCrashedError);
            expect(record.error?.message).to.match(DISORDER);
          }
        }
        expect(await lib.ot_add(1, 2)).to.equal(3);
        await until(() => pool.stats().running === 0, 'nothing to run');
        expectBalance(pool);
        await fullAgain(pool, 1);
      });
    });
  }

  const scribbles = process.platform === 'linux' ? slow : it.skip;
  for (const kind of ['noise', 'zeros', 'ones'] as const) {
    scribbles(`anywhere, at random: ${kind} (Linux: finds its mapping)`, async () => {
      await expectSaid(ground, scribbling(kind), ['wrong ', 'balance 0', '3']);
    });
  }
});

/** Scribbles over random places, among other calls; every end has to be right. */
function scribbling(kind: 'noise' | 'zeros' | 'ones'): string {
  return `
    let state = ${kind.length * 7919};
    const below = (count) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * count);
    };
    const { pool, lib } = await open({ timeout: 4_000, maxDeaths: Infinity, stderr: 'capture', spares: 1 });
    const talking = await talk(pool);
    const wrong = new Set();
    const judge = async (call, right, what) => {
      const from = performance.now();
      const record = await call.settled();
      if (performance.now() - from > 9_000) wrong.add(what + ' was slow');
      if (record.status === 'succeeded') {
        if (!right(record.value)) wrong.add(what + ' had a wrong result: ' + record.value);
      } else if (record.kind !== 'crash' || /undefined|null|not a function|NaN/.test(record.error.message)) {
        wrong.add(what + ': ' + record.error.name + ': ' + record.error.message);
      }
    };
    const until = performance.now() + 8_000;
    // Header, table, payloads, channel; and all of it.
    const regions = [512, 4_608, 8_192, 32_768, 400_000];
    for (let round = 0; round < 60 && performance.now() < until; round++) {
      const offset = below(regions[round % regions.length]);
      const length = [4, 16, 64, 512, 4_096][below(5)];
      const seed = { noise: 1 + below(1_000_000), zeros: 0, ones: 0xffff_ffff }['${kind}'];
      const own = Buffer.alloc(64, round);
      await Promise.all([
        judge(lib.ot_scribble_at(own, offset, length, seed), (value) => value === length, 'the scribble'),
        judge(lib.ot_add(round, 1), (value) => value === round + 1, 'an add'),
        judge(lib.ot_long_owned(300 + round), (value) => value.length === 300 + round, 'a text'),
        judge(talking.ot_call_callback((value) => value + 1, 3), (value) => value === 6, 'a callback'),
      ]);
    }
    say('wrong ' + [...wrong].join('\\n'));
    await idle(pool);
    const { submitted, succeeded, failed, cancelled, timedOut } = pool.stats();
    say('balance ' + (submitted - succeeded - failed - cancelled - timedOut));
    say(await lib.ot_add(1, 2));
    await pool.close();
  `;
}
