/** B6: memory that the host and native code see live, in lanes of either kind; and what is live in threads only. */
import { expect } from 'chai';
import { ArgumentError, inout, sharedBytes } from 'offthread';
import { onEveryEngine, sharedLab, thrown } from '../../helpers/contract.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { testlib } from '../../helpers/testlib.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

const FILL = {
  fill: { symbol: 'ot_fill_slowly', arguments: ['buffer', 'u32', 'u8', 'i32', 'cancelFlag'], return: 'i32' },
  sum: { symbol: 'ot_sum_bytes', arguments: ['buffer', 'u64'], return: 'u64' },
  fillBack: {
    symbol: 'ot_fill_slowly',
    arguments: [inout('buffer'), 'u32', 'u8', 'i32', 'cancelFlag'],
    return: 'i32',
  },
} as const;

onEveryEngine('shared bytes (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  const open = () => lab.pool.open(testlib, FILL, { engine });

  it('are seen by both sides while native code runs, by several lanes at once', async () => {
    const lib = await open();
    const bytes = sharedBytes(60_000);
    const [one, other] = [bytes.subarray(0, 30_000), bytes.subarray(30_000)];
    const calls = [lib.fill(one, one.length, 7, 200), lib.fill(other, other.length, 8, 200)];
    await until(() => one[0] === 7 && other[0] === 8, 'both to write');
    expect(calls.map(({ state }) => state)).to.deep.equal(['running', 'running']);
    for (const call of calls) call.cancel();
    await Promise.all(calls.map((call) => call.settled()));
    const written = one.findIndex((byte) => byte === 0);
    expect(await lib.sum(one, 30_000n)).to.equal(BigInt((written < 0 ? one.length : written) * 7));
  });

  it('are zero at first, of any size, and used again when nobody has them any more', async () => {
    const lib = await open();
    for (const length of [1, 7, 4_096, 4_097, 1_000_000, 40_000_000]) {
      const bytes = sharedBytes(length);
      expect(bytes.length).to.equal(length);
      expect(await lib.sum(bytes, BigInt(length)), `${length} bytes`).to.equal(0n);
      bytes.fill(1);
      expect(await lib.sum(bytes, BigInt(length))).to.equal(BigInt(length));
      expect(lib.sum.blocking(new DataView(bytes.buffer), BigInt(length))).to.equal(BigInt(length));
    }
  });

  it('may be queued, and stay live meanwhile', async () => {
    const lib = await open();
    const bytes = sharedBytes(100);
    const calls = Array.from({ length: 50 }, () => lib.sum(bytes, 100n));
    bytes.fill(2);
    expect((await Promise.all(calls)).at(-1)).to.equal(200n);
  });

  it('are refused in sizes that make no sense', () => {
    for (const wrong of [0, -1, 1.5, NaN, Infinity, 2 ** 33, '8', null, undefined, 8n]) {
      const error = thrown(() => sharedBytes(wrong as number), ArgumentError);
      expect(error.message).to.include('whole number from 1');
    }
  });
});

onEveryEngine('views over a SharedArrayBuffer (M4)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  slow('hold what native code wrote when the call has settled; before that in threads only', async () => {
    const lib = await lab.pool.open(testlib, FILL, { engine });
    for (const length of [100, 6_000]) {
      const memory = new Uint8Array(new SharedArrayBuffer(length + 20)).fill(1);
      const view = memory.subarray(10, length + 10);
      const call = lib.fill(view, length, 7, 1);
      if (laneKind() === 'thread') await until(() => view[0] === 7, 'native code to write');
      await call;
      const expected = new Uint8Array(length + 20).fill(1).fill(7, 10, length + 10);
      expect(Uint8Array.from(memory)).to.deep.equal(expected);
      await lib.fillBack(view, length, 9, 1);
      expect(Uint8Array.from(memory)).to.deep.equal(expected.fill(9, 10, length + 10));
    }
  });
});
