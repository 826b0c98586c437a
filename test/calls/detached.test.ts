/** M4, M27: buffers that are taken away while their call is on its way fail that call, and disturb no other. */
import { expect } from 'chai';
import { ArgumentError, createPool, inout } from 'offthread';
import { detach } from '../lanes/fixture.js';
import { testlib } from '../helpers/testlib.js';
import { SharedWord, expectSettled, inTime, withLanes } from '../supervisor/lab.js';
import { turns } from '../helpers/waiting.js';

describe('buffers that are detached (M4, M27)', () => {
  for (const bytes of [100, 4_000, 20_000]) {
    it(`while the call is queued: it has its bytes as they were (${bytes} bytes)`, async () => {
      await withLanes({ lanes: 1, preset: 'low-memory' }, async (lib, pool) => {
        const rounds = 20;
        for (let round = 0; round < rounds; round += 1) {
          const release = new SharedWord();
          const holder = lib.enter(new SharedWord().address, release.address, 5_000);
          const buffers = [1, 2, 3].map((fill) => new Uint8Array(bytes).fill(fill));
          const sums = buffers.map((buffer) => lib.sum(buffer, BigInt(bytes)));
          const after = lib.add(round, 1);
          detach((buffers[1] as Uint8Array<ArrayBuffer>).buffer);
          buffers[2]?.fill(9);
          release.value = 1;
          expect(await inTime(after, 'the call behind them')).to.equal(round + 1);
          expect(await Promise.all(sums)).to.deep.equal([1, 2, 3].map((fill) => BigInt(bytes * fill)));
          await inTime(holder, 'the holder');
        }
        expectSettled(pool, rounds * 5);
      });
    });

    it(`while the call is queued: an inout one fails, those behind it run (${bytes} bytes)`, async () => {
      const pool = createPool({ lanes: 1, preset: 'low-memory' });
      try {
        const { xor, sleep, add } = await pool.open(
          testlib,
          {
            xor: { symbol: 'ot_xor_bytes', arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
            sleep: { symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' },
            add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
          },
          { engine: 'koffi' },
        );
        const holder = sleep(20);
        const gone = new Uint8Array(bytes);
        const kept = new Uint8Array(bytes);
        const first = xor(gone, bytes, 7).settled();
        const second = xor(kept, bytes, 7);
        detach(gone.buffer);
        await inTime(Promise.all([holder, second]), 'the others');
        expect((await first).error).to.be.instanceOf(ArgumentError);
        expect(kept.every((byte) => byte === 7)).to.equal(true);
        expect(await inTime(add(1, 2), 'the one after')).to.equal(3);
        expectSettled(pool, 4);
      } finally {
        await pool.close({ timeout: 1_000 });
      }
    });
  }

  for (const bytes of [100, 20_000]) {
    it(`while the call runs: what it wrote has nowhere to go, the next calls run (${bytes} bytes)`, async () => {
      const pool = createPool({ lanes: 1 });
      try {
        const { fill, add } = await pool.open(
          testlib,
          {
            fill: {
              symbol: 'ot_fill_slowly',
              arguments: [inout('buffer'), 'u32', 'u8', 'i32', 'cancelFlag'],
              return: 'i32',
            },
            add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
          },
          { engine: 'koffi' },
        );
        for (let round = 0; round < 5; round += 1) {
          const gone = new Uint8Array(bytes);
          const kept = new Uint8Array(bytes);
          const first = fill(gone, 20, 7, 100).settled();
          const second = fill(kept, 20, 7, 0);
          while (pool.stats().running === 0) await turns(1);
          detach(gone.buffer);
          await inTime(first, 'the call whose buffer is gone');
          expect(await inTime(second, 'the next call')).to.equal(0);
          expect([...kept.subarray(0, 20)].every((byte) => byte === 7)).to.equal(true);
          expect(await inTime(add(1, 2), 'the one after')).to.equal(3);
        }
        expectSettled(pool, 15);
      } finally {
        await pool.close({ timeout: 1_000 });
      }
    });
  }
});
