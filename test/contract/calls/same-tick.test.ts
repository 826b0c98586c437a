/**
 * B5, M10, M13, M26, M27: calls that are made in one turn, of functions that take and return numbers: they travel
 * together, and each of them is still a call of its own.
 */
import { expect } from 'chai';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Library, NativeCall, Pool } from 'offthread';
import { type WithPool, onEveryEngine, withLibrary } from '../../helpers/contract.js';

const declarations = {
  add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' },
  nothing: { symbol: 'ot_nothing', arguments: [], return: 'void' },
  widen: { symbol: 'ot_widen_u64', arguments: ['u64'], return: 'i64' },
  either: { symbol: 'ot_add_bool', arguments: ['bool', 'bool'], return: 'bool' },
  half: { symbol: 'ot_add_f64', arguments: ['f64', 'f64'], return: 'f64' },
  u32: { symbol: 'ot_add_u32', arguments: ['u32', 'u32'], return: 'u32' },
  size: { symbol: 'ot_add_size', arguments: ['size', 'size'], return: 'size' },
  mix: {
    symbol: 'ot_mix12',
    arguments: ['i8', 'f64', 'u8', 'f32', 'i16', 'f64', 'u16', 'i32', 'i64', 'bool', 'u32', 'pointer'],
    return: 'f64',
  },
  negative: { symbol: 'ot_id_i32', arguments: ['i32'], return: 'i32', fails: 'negative', errno: true },
  sum: { symbol: 'ot_sum_bytes', arguments: ['buffer', 'u64'], return: 'u64' },
} as const;
type Lib = Library<typeof declarations>;

const withPool: WithPool<Lib> = withLibrary(declarations);
const MANY = 300;
const numbers = Array.from({ length: MANY }, (_, index) => index);

/** From here on these functions are known to be short: their calls may wait behind each other in a lane. */
async function settleIn(lib: Lib): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await Promise.all(numbers.slice(0, 20).map((number) => lib.add(number, 1)));
    await lib.sum(new Uint8Array(4), 4n);
  }
}

function expectAllEnded(pool: Pool): void {
  const { submitted, succeeded, failed, cancelled, timedOut, queued, running, waiting } = pool.stats();
  expect(succeeded + failed + cancelled + timedOut).to.equal(submitted);
  expect([queued, running, waiting]).to.deep.equal([0, 0, 0]);
}

onEveryEngine('calls of one turn (B5, M27)', (engine) => {
  it('have each their own arguments and result, whatever their types', async () => {
    await withPool(engine, { lanes: 2, maxQueue: 5_000 }, async (lib, pool) => {
      for (let round = 0; round < 5; round += 1) {
        const all: readonly [readonly NativeCall<unknown>[], (n: number) => unknown][] = [
          [numbers.map((n) => lib.add(n, -2 * n)), (n) => 0 - n],
          [numbers.map(() => lib.nothing()), () => undefined],
          [numbers.map((n) => lib.widen(2n ** 40n + BigInt(n))), (n) => 2n ** 40n + BigInt(n)],
          [numbers.map((n) => lib.either(n % 2 === 0, false)), (n) => n % 2 === 0],
          [numbers.map((n) => lib.half(n, 0.5)), (n) => n + 0.5],
          [numbers.map((n) => lib.u32(2 ** 31, n)), (n) => 2 ** 31 + n],
          [numbers.map((n) => lib.size(2 ** 40, n)), (n) => 2 ** 40 + n],
          [
            numbers.map((n) => lib.mix(1, n, 3, 4, 5, 6, 7, 8, BigInt(n), true, 11, BigInt(n))),
            (n) => 1 + 2 * n + 9 + 16 + 25 + 36 + 49 + 64 + 9 * n + 10 + 121 + 12 * n,
          ],
        ];
        for (const [calls, expected] of all) {
          expect(await Promise.all(calls)).to.deep.equal(numbers.map(expected));
        }
      }
      expectAllEnded(pool);
    });
  });

  it('end in the order in which they were made, with calls of other functions between them', async () => {
    await withPool(engine, { lanes: 1, maxQueue: 1_000 }, async (lib) => {
      await settleIn(lib);
      const order: number[] = [];
      const bytes = new Uint8Array(8).fill(1);
      const calls = numbers.map((n) => {
        const call = n % 7 === 3 ? lib.sum(bytes, 8n) : n % 11 === 5 ? lib.u32(n, 1) : lib.add(n, 1);
        return call.settled().then(() => order.push(n));
      });
      await Promise.all(calls);
      expect(order).to.deep.equal(numbers);
    });
  });

  it('are queued until they run, can be cancelled in that turn, and do not start then', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      await settleIn(lib);
      const before = pool.stats().cancelled;
      const calls = numbers.map((n) => lib.add(n, 1));
      // The first went out at once.
      const last = calls.slice(1).filter((_, index) => index % 32 > 26 && index % 32 < 30);
      const stopped = last.filter((call) => call.state === 'queued' && call.cancel('not wanted'));
      for (const call of stopped) expect(call.state).to.equal('cancelled');
      const ended = await Promise.all(calls.map((call) => call.settled()));
      for (const [n, end] of ended.entries()) {
        if (end.status === 'succeeded') expect(end.value).to.equal(n + 1);
        else expect(stopped).to.include(calls[n]);
      }
      expect(pool.stats().cancelled - before).to.equal(stopped.length);
      expectAllEnded(pool);
    });
  });

  it('are bounded like any others', async () => {
    await withPool(engine, { lanes: 1, maxQueue: 20 }, async (lib, pool) => {
      await settleIn(lib);
      const bytes = new Uint8Array(4);
      const refusedOf = async (make: (n: number) => NativeCall<unknown>): Promise<number> => {
        const ended = await Promise.all(numbers.slice(0, 100).map((n) => make(n).settled()));
        const refused = ended.filter(({ kind }) => kind === 'queue-full');
        expect(ended.filter(({ status }) => status === 'succeeded').length).to.equal(100 - refused.length);
        return refused.length;
      };
      const before = pool.stats().submitted;
      const plain = await refusedOf((n) => lib.add(n, n));
      expect(plain).to.be.within(100 - 22, 100 - 20);
      expect(pool.stats().submitted - before).to.equal(100 - plain);
      expect(await refusedOf(() => lib.sum(bytes, 4n))).to.be.within(100 - 22, 100 - 20);
      expectAllEnded(pool);
    });
  });

  it('are checked one by one, and fail one by one', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      await settleIn(lib);
      const mixed = numbers.map((n) => lib.add(n, n % 10 === 0 ? 0.5 : 1).settled());
      for (const [n, end] of (await Promise.all(mixed)).entries()) {
        expect(end.kind, `call ${n}`).to.equal(n % 10 === 0 ? 'argument' : undefined);
      }
      const failing = numbers.map((n) => lib.negative(n % 3 === 0 ? -2 : n).settled());
      for (const [n, end] of (await Promise.all(failing)).entries()) {
        expect(end.status, `call ${n}`).to.equal(n % 3 === 0 ? 'failed' : 'succeeded');
        if (n % 3 !== 0) expect(end.value).to.equal(n);
      }
      expectAllEnded(pool);
    });
  });

  it('are traced from the moment at which somebody listens (M13)', async () => {
    await withPool(engine, { lanes: 1 }, async (lib) => {
      await settleIn(lib);
      const ended: number[] = [];
      const listen = (message: unknown): void => void ended.push((message as { id: number }).id);
      const name = 'tracing:offthread:call:asyncEnd';
      const before = numbers.slice(0, 10).map((n) => lib.add(n, 1));
      subscribe(name, listen);
      const during = numbers.slice(0, 10).map((n) => lib.add(n, 1));
      await Promise.all([...before, ...during]);
      await Promise.resolve();
      unsubscribe(name, listen);
      expect(ended).to.deep.equal(during.map(({ id }) => id));
    });
  });

  it('end with their pool, which is destroyed in that turn', async () => {
    await withPool(engine, { lanes: 1 }, async (lib, pool) => {
      await settleIn(lib);
      const calls = numbers.map((n) => lib.add(n, 1).settled());
      await pool.destroy();
      for (const { status, kind } of await Promise.all(calls)) {
        expect(status === 'succeeded' ? 'closed' : kind).to.equal('closed');
      }
      expectAllEnded(pool);
    });
  });

  it('end before their pool, which is closed in that turn, and refuses later ones', async () => {
    await withPool(engine, { lanes: 1 }, async (lib, pool) => {
      await settleIn(lib);
      const calls = numbers.map((n) => lib.add(n, 1));
      const closed = pool.close();
      const late = lib.add(1, 1).settled();
      expect(await Promise.all(calls)).to.deep.equal(numbers.map((n) => n + 1));
      expect((await late).kind).to.equal('closed');
      await closed;
      expectAllEnded(pool);
    });
  });
});
