/** M26: a declaration at the ends of what it may say works on every engine that takes it. */
import { expect } from 'chai';
import { callback, chunks, out } from 'offthread';
import { LONGEST_MS } from '../../../src/options/checks.js';
import { onEveryEngine, withLibrary } from '../../helpers/contract.js';
import { createPool } from '../../helpers/lane-kind.js';
import { CHUNK, NUMBER, onCallbackEngines } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';

const KINDS = ['i8', 'f64', 'u8', 'f32', 'i16', 'u16', 'i32', 'u32', 'i64', 'u64', 'bool'] as const;
const kindsOf = (count: number): (typeof KINDS)[number][] =>
  Array.from({ length: count }, (_, index) => KINDS[index % KINDS.length] as (typeof KINDS)[number]);

/** The argument at each place is the place, counted from 1, or true. */
const argumentsOf = (count: number): (number | bigint | boolean)[] =>
  kindsOf(count).map((kind, index) => {
    if (kind === 'bool') return true;
    return kind === 'i64' || kind === 'u64' ? BigInt(index + 1) : index + 1;
  });

onEveryEngine('the most parameters (M26)', (engine) => {
  it('32 arguments of every width, and 32 out cells', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      const declarations = {
        ot_sum32: { arguments: kindsOf(32), return: 'f64' },
        ot_out32: { arguments: Array.from({ length: 32 }, () => out('i32')), return: 'void' },
      } as const;
      const lib = await pool.open(testlib, declarations as never, { engine });
      const { ot_sum32: sum, ot_out32: fill } = lib as unknown as {
        [name in 'ot_sum32' | 'ot_out32']: (...values: unknown[]) => Promise<unknown>;
      };
      const expected = argumentsOf(32).reduce<number>(
        (all, value, index) => all + Number(value) * (index + 1),
        0,
      );
      expect(await sum(...argumentsOf(32))).to.equal(expected);
      expect(await fill()).to.deep.equal([undefined, ...Array.from({ length: 32 }, (_, index) => index + 1)]);
    } finally {
      await pool.close({ timeout: 2_000 });
    }
  });
});

const withPatience = withLibrary({
  at0: {
    symbol: 'ot_call_callback',
    arguments: [callback(NUMBER, { timeout: 0 }), 'i32'],
    return: 'i32',
  },
  at1: {
    symbol: 'ot_call_callback',
    arguments: [callback(NUMBER, { timeout: LONGEST_MS }), 'i32'],
    return: 'i32',
  },
  least: {
    symbol: 'ot_stream_chunks',
    arguments: [chunks(CHUNK, { bytes: [1, 2], stop: 1, highWaterMark: 1 }), 'i32', 'i32'],
    return: 'i32',
  },
  most: {
    symbol: 'ot_stream_chunks',
    arguments: [chunks(CHUNK, { bytes: [1, 2], stop: 1, highWaterMark: 65_536 }), 'i32', 'i32'],
    return: 'i32',
  },
});

onCallbackEngines('the ends of what a callback may be (M26)', (engine) => {
  it('16 arguments of every width, and 32 callbacks', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      const declarations = {
        ot_call_with_16: {
          arguments: [callback({ arguments: kindsOf(16), return: 'f64' } as never)],
          return: 'f64',
        },
        ot_call_32: { arguments: Array.from({ length: 32 }, () => callback(NUMBER)), return: 'i32' },
      };
      const lib = await pool.open(testlib, declarations as never, { engine });
      const { ot_call_with_16: call16, ot_call_32: call32 } = lib as unknown as {
        [name in 'ot_call_with_16' | 'ot_call_32']: (...functions: unknown[]) => Promise<unknown>;
      };
      let seen: unknown[] = [];
      const take = (...values: unknown[]): number => {
        seen = values;
        return 0.5;
      };
      expect(await call16(take)).to.equal(0.5);
      expect(seen).to.deep.equal(argumentsOf(16));
      const tens = Array.from({ length: 32 }, () => (place: number) => place * 10);
      expect(await call32(...tens)).to.equal(4_960);
    } finally {
      await pool.close({ timeout: 2_000 });
    }
  });

  it('its timeout: 0 and the longest', async () => {
    await withPatience(engine, {}, async (lib) => {
      const later = async (value: number): Promise<number> => Promise.resolve(value + 1);
      const expected = lib.at0.blocking((value) => value + 1, 3);
      expect([await lib.at0(later, 3), await lib.at1(later, 3)]).to.deep.equal([expected, expected]);
    });
  });

  for (const preset of ['low-memory', 'high-throughput'] as const) {
    it(`highWaterMark 1 and 65,536, ${preset}`, async () => {
      await withPatience(engine, { preset }, async (lib) => {
        for (const fn of [lib.least, lib.most, lib.least.with({ highWaterMark: 65_536 })]) {
          const stream = fn.stream(300, 200);
          let count = 0;
          for await (const chunk of stream) count += chunk.length === 200 ? 1 : 0;
          expect(count).to.equal(300);
          expect(await stream.ended()).to.equal('done');
        }
      });
    });
  }
});
