/** M14, M20, M21: callbacks of every type, what they are given and what native code gets back. */
import { expect } from 'chai';
import { callback } from 'offthread';
import { createPool } from '../../helpers/lane-kind.js';
import { shared } from '../../helpers/gate.js';
import { CHUNK, expectClean, NUMBER, onCallbackEngines } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';
import { withLibrary } from '../../helpers/contract.js';
import { turns } from '../../helpers/waiting.js';

const LARGEST_FLOAT = 3.4028234663852886e38;
const LIMITS = {
  i8: [-128, -1, 0, 127],
  u8: [0, 128, 255],
  i16: [-32_768, -1, 0, 32_767],
  u16: [0, 32_768, 65_535],
  i32: [-(2 ** 31), -1, 0, 2 ** 31 - 1],
  u32: [0, 2 ** 31, 2 ** 32 - 1],
  i64: [-(2n ** 63n), -(2n ** 53n) - 1n, -1n, 0n, 2n ** 53n + 1n, 2n ** 63n - 1n],
  u64: [0n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n],
  f32: [-LARGEST_FLOAT, -0, 0.5, Infinity, -Infinity, NaN],
  f64: [-Number.MAX_VALUE, -0, 0.1, Number.MIN_VALUE, Infinity, -Infinity, NaN],
  bool: [true, false],
  pointer: [0n, 1n, 0x7fff_1234_5678n, 2n ** 63n, 2n ** 64n - 1n],
} as const;
const TYPES = [
  ...(['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64'] as const),
  ...(['f32', 'f64', 'bool', 'pointer'] as const),
] as const;
type Type = (typeof TYPES)[number];
type Echo = (answer: (value: unknown) => unknown, value: unknown, kept: Uint8Array) => Promise<unknown>;

const ROW = {
  arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }],
  return: 'i32',
} as const;

const withTalk = withLibrary({
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_reduce_f64: {
    arguments: [callback({ arguments: ['f64', 'f64'], return: 'f64' }), 'f64', 'i32'],
    return: 'f64',
  },
  ot_notify: { arguments: [callback({ arguments: ['i32'], return: 'void' }), 'i32'], return: 'void' },
  ot_call_if: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_interleave: { arguments: [callback(NUMBER), callback(NUMBER), 'i32'], return: 'i32' },
  ot_call_with_all: { arguments: [callback({ arguments: TYPES, return: 'i32' }), 'bool'], return: 'i32' },
  ot_call_with_text: {
    arguments: [callback({ arguments: ['cstring'], return: 'i32' }), 'cstring'],
    return: 'i32',
  },
  text_at: {
    symbol: 'ot_call_with_text',
    arguments: [callback({ arguments: ['cstring'], return: 'i32' }), 'pointer'],
    return: 'i32',
  },
  ot_invalid_text: { arguments: [], return: 'pointer' },
  ot_stream_chunks: {
    arguments: [callback({ arguments: ['i32', { bytes: 2 }, 'u32'], return: 'i32' }), 'i32', 'i32'],
    return: 'i32',
  },
  shorthand: {
    symbol: 'ot_stream_chunks',
    arguments: [callback(CHUNK, { bytes: [1, 2] }), 'i32', 'i32'],
    return: 'i32',
  },
  ot_select: { arguments: [callback(ROW), 'pointer', 'i32', 'i32'], return: 'i32' },
  ot_call_with_pointers: {
    arguments: [callback({ arguments: ['i32', { pointers: 0 }], return: 'i32' }), 'i32'],
    return: 'i32',
  },
});

onCallbackEngines('values of callbacks (M14)', (engine) => {
  it('carries every type there and back, at its limits', async () => {
    const declarations = Object.fromEntries(
      TYPES.map((type) => [
        type,
        {
          symbol: `ot_call_${type}`,
          arguments: [callback({ arguments: [type], return: type }), type, 'buffer'],
          return: type,
        },
      ]),
    );
    const pool = createPool({ lanes: 1 });
    const opened: unknown = await pool.open(testlib, declarations as never, { engine });
    const lib = opened as Readonly<Record<Type, Echo>>;
    for (const type of TYPES) {
      for (const limit of LIMITS[type]) {
        const given: unknown[] = [];
        const back = await lib[type]((value) => (given.push(value), value), limit, shared(8));
        const [seen] = given;
        expect(given).to.have.lengthOf(1);
        expect(Object.is(seen, limit), `${type}: given ${String(seen)} for ${String(limit)}`).to.equal(true);
        expect(Object.is(back, limit), `${type}: returned ${String(back)} for ${String(limit)}`).to.equal(
          true,
        );
      }
    }
    await pool.close();
  });

  it('hands over one argument of every type at once', async () => {
    await withTalk(engine, {}, async (lib) => {
      const given: unknown[][] = [];
      const keep = (...values: unknown[]): number => given.push(values);
      expect(await lib.ot_call_with_all(keep, false)).to.equal(1);
      expect(await lib.ot_call_with_all(keep, true)).to.equal(2);
      const [first, last] = [-LARGEST_FLOAT, LARGEST_FLOAT];
      expect(given).to.deep.equal([
        [-128, 0, -32_768, 0, -(2 ** 31), 0, -(2n ** 63n), 0n, first, -Number.MAX_VALUE, false, 0n],
        [
          ...[127, 255, 32_767, 65_535, 2 ** 31 - 1, 2 ** 32 - 1, 2n ** 63n - 1n, 2n ** 64n - 1n],
          ...[last, Number.MAX_VALUE, true, 2n ** 64n - 1n],
        ],
      ]);
    });
  });

  it('reads strings: NULL, empty, not ASCII, long, not even UTF-8', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const text of [null, '', 'Grüße, 世界 🌍', 'x'.repeat(300), 'é'.repeat(100_000)]) {
        let seen: string | null | undefined;
        const keep = (given: string | null): number => {
          seen = given;
          return given?.length ?? -1;
        };
        expect(await lib.ot_call_with_text(keep, text)).to.equal(text?.length ?? -1);
        expect(seen === text, 'the same text').to.equal(true);
      }
      let broken: string | null = null;
      const keep = (given: string | null): number => ((broken = given), 0);
      await lib.text_at(keep, await lib.ot_invalid_text());
      expect(broken).to.be.a('string').that.includes('\uFFFD');
    });
  });

  it('copies bytes, which native code uses again for the next call', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const stream of [lib.ot_stream_chunks, lib.shorthand]) {
        for (const size of [0, 1, 100, 5_000, 300_000]) {
          const all: [number, Buffer, number][] = [];
          const keep = (...chunk: [number, Buffer, number]): number => (all.push(chunk), 0);
          expect(await stream(keep, 5, size)).to.equal(5);
          all.forEach(([index, bytes, length], i) => {
            expect([index, length]).to.deep.equal([i, size]);
            expect(Buffer.isBuffer(bytes)).to.equal(true);
            expect(bytes.equals(Buffer.alloc(size, i)), `chunk ${i} of ${size} bytes`).to.equal(true);
          });
        }
      }
    });
  });

  it('reads rows of strings with NULLs among them, and stops when told', async () => {
    await withTalk(engine, {}, async (lib) => {
      const rows: unknown[][] = [];
      const keep = (...row: unknown[]): number => (rows.push(row) === 3 ? 1 : 0);
      expect(await lib.ot_select(keep, 0x1234n, 1_000, 3)).to.equal(4);
      const names = ['column 0', 'column 1', 'column 2'];
      expect(rows).to.deep.equal([
        [0x1234n, 3, ['r0c0', 'r0c1', 'r0c2'], names],
        [0x1234n, 3, ['r1c0', 'r1c1', 'r1c2'], names],
        [0x1234n, 3, ['r2c0', 'r2c1', null], names],
      ]);
      expect(await lib.ot_select((_, count, values) => values.length - count, 0n, 2, 0)).to.equal(0);
    });
  });

  it('reads a list of pointers, and an empty one', async () => {
    await withTalk(engine, {}, async (lib) => {
      const lists: bigint[][] = [];
      const keep = (count: number, pointers: bigint[]): number => (lists.push(pointers), count);
      expect(await lib.ot_call_with_pointers(keep, 3)).to.equal(3);
      expect(await lib.ot_call_with_pointers(keep, 0)).to.equal(0);
      expect(lists).to.deep.equal([[0n, 0x1001n, 0x2002n], []]);
    });
  });
});

onCallbackEngines('functions as arguments (M20, M21)', (engine) => {
  it('takes functions that answer at once, later, or now and then later', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      expect(await lib.ot_call_callback((n) => n * n, 5)).to.equal(30);
      expect(await lib.ot_call_callback(async (n) => n * n, 5)).to.equal(30);
      expect(await lib.ot_call_callback((n) => (n % 2 === 0 ? n : turns(n).then(() => n)), 5)).to.equal(10);
      expect(await lib.ot_reduce_f64((a, b) => a / 2 + b, 0.5, 3)).to.equal(4.3125);
      await expectClean(pool);
    });
  });

  it('calls one after the other, and the next only when the last has been answered', async () => {
    await withTalk(engine, {}, async (lib) => {
      const events: string[] = [];
      const answer = async (n: number): Promise<number> => {
        events.push(`in ${n}`);
        await turns(3);
        events.push(`out ${n}`);
        return n;
      };
      expect(await lib.ot_call_callback(answer, 4)).to.equal(6);
      expect(events).to.deep.equal([0, 1, 2, 3].flatMap((n) => [`in ${n}`, `out ${n}`]));
    });
  });

  it('waits for a function without a result, too', async () => {
    await withTalk(engine, {}, async (lib) => {
      const seen: number[] = [];
      const note = async (n: number): Promise<void> => {
        await turns(4 - n);
        seen.push(n);
      };
      await lib.ot_notify(note, 4);
      expect(seen, 'all of them, in order, before the call settles').to.deep.equal([0, 1, 2, 3]);
    });
  });

  it('keeps several callbacks of one function apart', async () => {
    await withTalk(engine, {}, async (lib) => {
      const order: string[] = [];
      const plus = (n: number): number => (order.push(`plus ${n}`), 10 * n);
      const minus = async (n: number): Promise<number> => (order.push(`minus ${n}`), n);
      expect(await lib.ot_interleave(plus, minus, 3)).to.equal(27);
      expect(order).to.deep.equal([0, 1, 2].flatMap((n) => [`plus ${n}`, `minus ${n}`]));
      expect(await lib.ot_interleave(plus, plus, 3), 'the same function twice').to.equal(0);
    });
  });

  it('gives null as NULL', async () => {
    await withTalk(engine, {}, async (lib) => {
      expect(await lib.ot_call_if(null, 5)).to.equal(-1);
      expect(await lib.ot_call_if((n) => n + 1, 5)).to.equal(6);
    });
  });
});
