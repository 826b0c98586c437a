/** Arguments on their way into a lane's memory: what native code finds is what the caller gave. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import type { Scalar } from '../../../src/declare/spec.js';
import { checkArguments } from '../../../src/declare/values/validate.js';
import { Arena } from '../../../src/lanes/memory/arena.js';
import { NO_ROOM, pack } from '../../../src/lanes/rows/pack.js';
import type { HeldBytes } from '../../../src/declare/values/held-bytes.js';
import { arenaStart } from '../../../src/shared/memory/layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { scalarValue } from '../../shared/values.js';
import { declare, detach, nativeView, threadBytes } from '../fixture.js';

const outside = threadBytes();
const SIZE = { rows: 2, arenaBytes: 32_768, chunkBytes: 0, batchBytes: 0 };
/** Data up to this many bytes is copied into the arena; a string counts three for each unit, and the NUL. */
const INLINE = 4_096;

interface Packed {
  readonly memory: LaneMemory;
  readonly payload: number;
  readonly externals: HeldBytes[];
}

function packed(declaration: unknown, args: readonly unknown[]): Packed & { readonly seen: unknown[] } {
  const fn = declare(declaration);
  expect(checkArguments(fn.compiled, args)).to.equal(null);
  const memory = new LaneMemory(SIZE);
  const arena = new Arena(arenaStart(SIZE), SIZE.arenaBytes);
  // Somebody else's payload before it, and dirt where it will lie.
  memory.bytes.fill(0xa5, arenaStart(SIZE));
  arena.allocate(48);
  const externals: HeldBytes[] = [];
  const payload = pack(memory, arena, fn, args, externals, outside, []);
  expect(payload).to.not.equal(NO_ROOM);
  expect(
    memory.bytes.subarray(arenaStart(SIZE), arenaStart(SIZE) + 48).every((byte) => byte === 0xa5),
  ).to.equal(true);
  const end = arenaStart(SIZE) + arena.mark;
  expect(
    memory.bytes.subarray(end).every((byte) => byte === 0xa5),
    'nothing beyond its space',
  ).to.equal(true);
  return { memory, payload, externals, seen: nativeView(memory, payload, fn, externals) };
}

const text = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.constantFrom('', 'a', 'é', '世界', '🌍', 'x'.repeat(1_364), 'x'.repeat(1_365), 'x'.repeat(1_366)),
    fc.constantFrom(
      '世'.repeat(1_364),
      '世'.repeat(1_365),
      '🌍'.repeat(682),
      '🌍'.repeat(683),
      'é'.repeat(9_000),
    ),
  )
  .map((value) => value.replaceAll('\0', ''));

const bytes = fc
  .oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom(0, 1, INLINE - 1, INLINE, INLINE + 1, 20_000)
      .map((length) => new Uint8Array(length).fill(7)),
  )
  .map((value) => Uint8Array.from(value));

const unknownOf = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> => values;

/** A parameter with a value for it. */
const parameter = fc.oneof(
  fc
    .constantFrom(...(Object.keys(SCALARS) as Scalar[]))
    .chain((type) => fc.record({ type: fc.constant<unknown>(type), value: unknownOf(scalarValue(type)) })),
  fc.constantFrom(...(Object.keys(SCALARS) as Scalar[])).chain((type) =>
    fc.record({
      type: fc.constant<unknown>({ inout: type }),
      value: unknownOf(scalarValue(type)),
    }),
  ),
  fc.record({ type: fc.constant<unknown>('cstring'), value: unknownOf(fc.option(text)) }),
  fc.record({
    type: fc.constantFrom<unknown>('buffer', { inout: 'buffer' }),
    value: unknownOf(bytes),
  }),
);

describe('packing arguments', () => {
  it('native code sees every value that was given, for any declaration', () => {
    fc.assert(
      fc.property(fc.array(parameter, { maxLength: 12 }), (parameters) => {
        const values = parameters.map(({ value }) => value);
        const { seen, externals } = packed(
          { arguments: parameters.map(({ type }) => type), return: 'void' },
          values,
        );
        seen.forEach((found, index) => {
          const given = values[index];
          if (given instanceof Uint8Array) {
            expect(found).to.be.instanceOf(Uint8Array);
            expect((found as Uint8Array).subarray(0, given.length)).to.deep.equal(given);
          } else expect(found, `argument ${index}`).to.deep.equal(given);
        });
        for (const { bytes } of externals) expect(bytes.buffer).to.be.instanceOf(ArrayBuffer);
      }),
      { numRuns: 300 },
    );
  });

  it('outs start at zero, whatever lay in the arena before', () => {
    const scalars = (Object.keys(SCALARS) as Scalar[]).map((type) => ({ out: type }));
    const { seen } = packed({ arguments: scalars, return: 'void' }, []);
    expect(seen.map(Number)).to.deep.equal(scalars.map(() => 0));
  });

  it('data up to the limit lies in the arena, larger data goes by port', () => {
    const one = { arguments: ['buffer'], return: 'void' };
    expect(packed(one, [new Uint8Array(INLINE)]).externals).to.have.length(0);
    expect(packed(one, [new Uint8Array(INLINE + 1)]).externals).to.have.length(1);
    const string = { arguments: ['cstring'], return: 'void' };
    expect(packed(string, ['世'.repeat(1_365)]).externals).to.have.length(0);
    expect(packed(string, ['x'.repeat(1_366)]).externals).to.have.length(1);
  });

  it('a view over a SharedArrayBuffer is lent live, at its own offset, however small', () => {
    const memory = new SharedArrayBuffer(64);
    for (const view of [
      new Uint8Array(memory, 8, 4),
      new DataView(memory, 8, 4),
      new Int32Array(memory, 8, 1),
    ]) {
      const { externals } = packed({ arguments: ['buffer'], return: 'void' }, [view]);
      expect(externals[0]?.bytes.buffer).to.equal(memory);
      expect([externals[0]?.bytes.byteOffset, externals[0]?.bytes.byteLength]).to.deep.equal([8, 4]);
    }
    expect(packed({ arguments: ['buffer'], return: 'void' }, [memory]).externals[0]?.bytes.buffer).to.equal(
      memory,
    );
  });

  it('takes the part of a buffer that a view shows, and copies it: the caller may go on using it', () => {
    for (const length of [8, INLINE + 1]) {
      const whole = new Uint8Array(length + 16).map((_, index) => index);
      const view = whole.subarray(4, 4 + length);
      const { seen } = packed({ arguments: ['buffer'], return: 'void' }, [view]);
      const expected = Uint8Array.from(view);
      whole.fill(0);
      expect((seen[0] as Uint8Array).subarray(0, length)).to.deep.equal(expected);
    }
  });

  it('many middling data at once go by port together, each to its own parameter', () => {
    const values = Array.from({ length: 8 }, (_, index) => new Uint8Array(4_000).fill(index + 1));
    const { seen, externals } = packed({ arguments: values.map(() => 'buffer'), return: 'void' }, values);
    expect(externals).to.have.length(8);
    seen.forEach((found, index) => expect((found as Uint8Array)[3_999]).to.equal(index + 1));
  });

  it('says that there is no room, and takes none', () => {
    const fn = declare({ arguments: ['buffer'], return: 'void' });
    const memory = new LaneMemory({ rows: 2, arenaBytes: 64, chunkBytes: 0, batchBytes: 0 });
    const arena = new Arena(arenaStart(memory.size), 64);
    arena.allocate(64);
    const { mark } = arena;
    expect(pack(memory, arena, fn, [new Uint8Array(8)], [], outside, [])).to.equal(NO_ROOM);
    expect(arena.mark).to.equal(mark);
  });

  it('a buffer that was detached after the check takes no space in the arena (M27)', () => {
    const fn = declare({ arguments: ['i32', 'buffer'], return: 'void' });
    const memory = new LaneMemory(SIZE);
    const arena = new Arena(arenaStart(SIZE), SIZE.arenaBytes);
    const given = new Uint8Array(8);
    detach(given.buffer);
    try {
      pack(memory, arena, fn, [1, given], [], outside, []);
    } catch {
      // To throw is one way to say it; what counts is that nothing is kept.
    }
    expect(arena.mark).to.equal(0);
  });
});
