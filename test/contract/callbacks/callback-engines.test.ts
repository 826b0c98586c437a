/** B6: callbacks need koffi or node:ffi; `auto` knows it, and ffi-rs says so. */
import { expect } from 'chai';
import { EngineError, type Pool, callback, chunks } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { rejection } from '../../helpers/contract.js';
import { BYTES, CHUNK, NUMBER, onCallbackEngines } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';

const PLAIN = { arguments: ['i32', 'i32'], return: 'i32' } as const;
const TALKING = {
  callback: { symbol: 'ot_call_callback', arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  chunks: { symbol: 'ot_stream_chunks', arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  stream: {
    symbol: 'ot_pour',
    arguments: ['i32', 'i32'],
    return: 'i32',
    stream: chunks(CHUNK, { ...BYTES, persistent: true }),
  },
  cancelProbe: { symbol: 'ot_spin_until_probe', arguments: ['cancelProbe', 'i32'], return: 'i32' },
} as const;
const KINDS = Object.keys(TALKING) as (keyof typeof TALKING)[];

async function withEmptyPool(test: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = createPool({ lanes: 1 });
  try {
    await test(pool);
  } finally {
    await pool.close({ timeout: 2_000 });
  }
}

describe('engines for native code that calls back (B6)', () => {
  for (const kind of KINDS) {
    it(`ffi-rs refuses a declaration with ${kind}, and names the engines that take it`, async () => {
      await withEmptyPool(async (pool) => {
        const opening = pool.open(testlib, { f: TALKING[kind] } as never, { engine: 'ffi-rs' });
        const error = await rejection(opening, EngineError);
        expect(error).to.include({ code: 'OFFTHREAD_ENGINE_UNSUPPORTED', kind: 'engine' });
        expect(error.message).to.match(/koffi/).and.to.match(/node/);
      });
    });

    it(`auto takes koffi for a declaration with ${kind}, also beside plain ones`, async () => {
      await withEmptyPool(async (pool) => {
        const lib = await pool.open(testlib, { ot_add: PLAIN, f: TALKING[kind] } as never);
        expect((lib as { engine: string }).engine).to.equal('koffi');
      });
    });
  }

  it('auto takes koffi, which is installed here, where nothing calls back, too', async () => {
    await withEmptyPool(async (pool) => {
      const lib = await pool.open(testlib, { ot_add: PLAIN });
      expect(lib.engine).to.equal('koffi');
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});

onCallbackEngines('a library that calls back', (engine) => {
  it('says which engine it has', async () => {
    await withEmptyPool(async (pool) => {
      const lib = await pool.open(testlib, { ot_add: PLAIN, ...TALKING }, { engine });
      expect(lib.engine).to.equal(engine);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(await lib.callback((n) => n, 3)).to.equal(3);
    });
  });

  it('stands beside a library on ffi-rs in the same lanes', async () => {
    await withEmptyPool(async (pool) => {
      const plain = await pool.open(testlib, { ot_add: PLAIN }, { engine: 'ffi-rs' });
      const lib = await pool.open(testlib, TALKING, { engine });
      for (let i = 0; i < 20; i++) {
        expect(await lib.callback((n) => n, i)).to.equal((i * (i - 1)) / 2);
        expect(await plain.ot_add(i, 1)).to.equal(i + 1);
      }
    });
  });
});
