/** M7, M27: the arena never gives the same space twice, and never leaks any. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Arena } from '../../../src/lanes/memory/arena.js';

const START = 512;

interface Block {
  readonly at: number;
  readonly bytes: number;
  readonly mark: number;
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ allocate: fc.integer({ min: 1, max: 700 }) }) },
  { weight: 1, arbitrary: fc.record({ allocate: fc.integer({ min: 1, max: 3_000 }) }) },
  { weight: 2, arbitrary: fc.record({ free: fc.integer({ min: 1, max: 6 }) }) },
);

describe('Arena (M7, M27)', () => {
  it('live payloads never overlap, are aligned, and lie inside', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 128 }).map((units) => units * 16),
        fc.array(step, { maxLength: 300, size: 'max' }),
        (bytes, steps) => {
          const arena = new Arena(START, bytes);
          const live: Block[] = [];
          for (const one of steps) {
            if ('free' in one) {
              for (const { mark } of live.splice(0, one.free)) arena.free(mark);
              continue;
            }
            const at = arena.allocate(one.allocate);
            if (at === -1) continue;
            expect(at % 16).to.equal(0);
            expect(at).to.be.at.least(START);
            expect(at + one.allocate).to.be.at.most(START + bytes);
            for (const other of live) {
              const apart = at + one.allocate <= other.at || other.at + other.bytes <= at;
              expect(apart, `${at}+${one.allocate} on ${other.at}+${other.bytes}`).to.equal(true);
            }
            live.push({ at, bytes: one.allocate, mark: arena.mark });
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('finds room for a payload up to a quarter while no more than a quarter is in use', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
        const arena = new Arena(START, 4_096);
        const live: Block[] = [];
        for (const one of steps) {
          if ('free' in one) {
            for (const { mark } of live.splice(0, one.free)) arena.free(mark);
            continue;
          }
          const size = Math.ceil(Math.min(one.allocate, arena.largest) / 16) * 16;
          const used = live.reduce((sum, { bytes }) => sum + bytes, 0);
          const at = arena.allocate(size);
          if (used <= 1_024) expect(at, `${size} more than ${used}`).to.not.equal(-1);
          if (at !== -1) live.push({ at, bytes: size, mark: arena.mark });
        }
      }),
      { numRuns: 300 },
    );
  });

  it('an empty arena has room for anything that fits it, wherever its position stands', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4_096 }), { maxLength: 60, size: 'max' }),
        fc.integer({ min: 1, max: 4_096 }),
        (before, wanted) => {
          const arena = new Arena(START, 4_096);
          for (const bytes of [...before, wanted]) {
            expect(arena.allocate(bytes), `${bytes} of 4096, and nothing is in use`).to.not.equal(-1);
            arena.free(arena.mark);
          }
        },
      ),
    );
  });

  it('refuses what is in nobody’s way only until it is given back', () => {
    const arena = new Arena(START, 64);
    expect([arena.allocate(32), arena.allocate(32)]).to.deep.equal([START, START + 32]);
    expect(arena.allocate(16)).to.equal(-1);
    arena.free(32);
    expect(arena.allocate(16)).to.equal(START);
    expect(arena.allocate(17), 'rounded up to 32: 16 are left').to.equal(-1);
    expect(arena.allocate(16)).to.equal(START + 16);
  });
});
