/** M4, M27: buffers that are taken away while their call is on its way fail that call, and disturb no other. */
import { expect } from 'chai';
import { ArgumentError, createPool, inout } from '../../src/index.js';
import { detach } from '../lanes/fixture.js';
import { testlib } from '../helpers/testlib.js';
import { SharedWord, expectSettled, inTime, withLanes } from '../supervisor/lab.js';

describe('buffers that are detached (M4, M27)', () => {
  for (const bytes of [100, 4_000, 20_000]) {
    it(`while the call is queued: it fails, those behind it run (${bytes} bytes)`, async () => {
      await withLanes({ lanes: 1, preset: 'low-memory' }, async (lib, pool) => {
        const rounds = 20;
        for (let round = 0; round < rounds; round += 1) {
          const release = new SharedWord();
          const holder = lib.enter(new SharedWord().address, release.address, 5_000);
          const buffers = [1, 2, 3].map((fill) => new Uint8Array(bytes).fill(fill));
          const [whole, gone, last] = buffers.map((buffer) => lib.sum(buffer, BigInt(bytes)));
          const after = lib.add(round, 1);
          const record = gone?.settled();
          detach((buffers[1] as Uint8Array<ArrayBuffer>).buffer);
          release.value = 1;
          expect(await inTime(after, 'the call behind it')).to.equal(round + 1);
          expect([await whole, await last]).to.deep.equal([BigInt(bytes), BigInt(bytes * 3)]);
          expect((await record)?.error).to.be.instanceOf(ArgumentError);
          await inTime(holder, 'the holder');
        }
        expectSettled(pool, rounds * 5);
        expect(pool.stats().failed).to.equal(rounds);
      });
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
          while (pool.stats().running === 0) await new Promise((resolve) => setImmediate(resolve));
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
