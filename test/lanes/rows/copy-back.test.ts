/** B6: inout buffers: what native code wrote is what the caller finds, and nothing else changes. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Arena } from '../../../src/lanes/memory/arena.js';
import { ALL_BACK, copyBack } from '../../../src/lanes/rows/given-bytes.js';
import { pack } from '../../../src/lanes/rows/pack.js';
import type { HeldBytes } from '../../../src/declare/values/held-bytes.js';
import { arenaStart } from '../../../src/shared/memory/layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { declare, detach, nativeView, threadBytes } from '../fixture.js';

const outside = threadBytes();
const SIZE = { rows: 2, arenaBytes: 32_768, chunkBytes: 0, batchBytes: 0 };

/** Packs, lets `native` work on what it is given, copies back. */
function call(
  types: readonly unknown[],
  args: readonly unknown[],
  native: (seen: Uint8Array[]) => void,
): boolean {
  const fn = declare({ arguments: types, return: 'void' });
  const memory = new LaneMemory(SIZE);
  memory.bytes.fill(0xa5, arenaStart(SIZE));
  const externals: HeldBytes[] = [];
  const arena = new Arena(arenaStart(SIZE), SIZE.arenaBytes);
  const places: number[] = [];
  const payload = pack(memory, arena, fn, args, externals, outside, places);
  native(nativeView(memory, payload, fn, externals).filter((one) => one instanceof Uint8Array));
  return copyBack(memory, places, fn, args, externals, outside) === ALL_BACK;
}

/** A buffer whose length can change. Typed here, because the library of types for Node 20 lacks it. */
function resizable(length: number, maxByteLength: number): ArrayBuffer & { resize(length: number): void } {
  const made: unknown = Reflect.construct(ArrayBuffer, [length, { maxByteLength }]);
  return made as ArrayBuffer & { resize(length: number): void };
}

describe('copying inout buffers back', () => {
  it('each gets its own bytes, plain buffers keep theirs, whatever the sizes and the order', () => {
    const parameter = fc.record({
      type: fc.constantFrom<unknown>('buffer', { inout: 'buffer' }),
      length: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(4_095, 4_096, 4_097, 9_000)),
      offset: fc.integer({ min: 0, max: 9 }),
      shared: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(parameter, { minLength: 1, maxLength: 6 }), (parameters) => {
        const wholes = parameters.map(
          ({ length, shared }) =>
            new Uint8Array(shared ? new SharedArrayBuffer(length + 20) : new ArrayBuffer(length + 20)),
        );
        const views = parameters.map(({ offset, length }, index) =>
          (wholes[index] as Uint8Array).subarray(offset, offset + length),
        );
        // A scalar, an out and a string between them: positions of arguments and of cells differ.
        const types = ['i32', { out: 'i32' }, ...parameters.map(({ type }) => type), 'cstring'];
        const whole = call(types, [1, ...views, 'text'], (seen) => {
          seen.forEach((bytes, index) => bytes.fill(index + 1, 0, parameters[index]?.length));
        });
        expect(whole).to.equal(true);
        parameters.forEach(({ type, offset, length, shared }, index) => {
          const changed = type !== 'buffer' || shared ? index + 1 : 0;
          const expected = new Uint8Array(length + 20).fill(changed, offset, offset + length);
          expect(Uint8Array.from(wholes[index] as Uint8Array)).to.deep.equal(expected);
        });
      }),
      { numRuns: 200 },
    );
  });

  for (const length of [16, 8_000]) {
    const where = length === 16 ? 'in the arena' : 'outside it';

    it(`a buffer detached while the call ran is left alone, and the others get their bytes (${where})`, () => {
      const gone = new Uint8Array(length);
      const kept = new Uint8Array(length);
      const whole = call([{ inout: 'buffer' }, { inout: 'buffer' }], [gone, kept], (seen) => {
        for (const bytes of seen) bytes.fill(9, 0, length);
        detach(gone.buffer);
      });
      expect(whole).to.equal(false);
      expect(gone.length).to.equal(0);
      expect(kept.every((byte) => byte === 9)).to.equal(true);
    });

    it(`a buffer that shrank while the call ran does not break it (${where})`, () => {
      const buffer = resizable(length, length);
      const view = new Uint8Array(buffer);
      const whole = call([{ inout: 'buffer' }], [view], (seen) => {
        seen[0]?.fill(9, 0, length);
        buffer.resize(length - 8);
      });
      expect(whole).to.equal(false);
    });

    it(`a buffer that grew while the call ran gets the bytes it lent and no others (${where})`, () => {
      const buffer = resizable(length, length * 2);
      const view = new Uint8Array(buffer);
      call([{ inout: 'buffer' }], [view], (seen) => {
        seen[0]?.fill(9, 0, length);
        buffer.resize(length * 2);
      });
      expect(Array.from(view.subarray(0, length)).every((byte) => byte === 9)).to.equal(true);
      expect(
        Array.from(view.subarray(length)).every((byte) => byte === 0),
        'bytes of other calls',
      ).to.equal(true);
    });
  }
});
