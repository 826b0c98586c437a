/** The lane's memory: nothing overlaps, everything is where both sides look for it. */
import { expect } from 'chai';
import fc from 'fast-check';
import {
  HEADER_BYTES,
  Header,
  ROW_BYTES,
  RowDouble,
  RowWord,
  arenaStart,
} from '../../../src/shared/memory/layout.js';
import { memoryBytes } from '../../../src/shared/memory/channel.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { TEXT_AREA, planPayload } from '../../../src/shared/memory/payload.js';
import { declare } from '../../lanes/fixture.js';

const int32 = fc.oneof(
  fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

describe('layout of a lane', () => {
  it('header words are apart from each other and inside the header', () => {
    const words = Object.values(Header);
    expect(new Set(words).size).to.equal(words.length);
    for (const word of words) expect(word * 4).to.be.within(0, HEADER_BYTES - 4);
  });

  it('what host and lane write for every call is not on one cache line', () => {
    const line = (word: number): number => Math.floor((word * 4) / 64);
    const host = [Header.TAIL, Header.DOORBELL].map(line);
    for (const word of [Header.HEAD, Header.SLEEPING].map(line)) expect(host).not.to.include(word);
  });

  it('the fields of a row do not overlap and fill no more than the row', () => {
    const bytes = [
      ...Object.values(RowWord).flatMap((word) => [0, 1, 2, 3].map((byte) => word * 4 + byte)),
      ...Object.values(RowDouble).flatMap((double) =>
        Array.from({ length: 8 }, (_, byte) => double * 8 + byte),
      ),
    ];
    expect(new Set(bytes).size).to.equal(bytes.length);
    expect(Math.max(...bytes)).to.be.below(ROW_BYTES);
    expect(RowDouble.TOTAL).to.equal(RowDouble.DONE + 1, 'native code gets one pointer to both');
  });

  it('rows follow each other, in the table, for any sequence number across the Int32 wrap', () => {
    fc.assert(
      fc.property(int32, fc.integer({ min: 0, max: 10 }), (sequence, bits) => {
        const memory = new LaneMemory({ rows: 2 ** bits, arenaBytes: 64, chunkBytes: 0, batchBytes: 0 });
        const word = memory.rowWord(sequence);
        expect(word * 4).to.equal(memory.rowDouble(sequence) * 8);
        expect(word * 4).to.be.within(HEADER_BYTES, arenaStart(memory.size) - ROW_BYTES);
        const next = memory.rowWord((sequence + 1) | 0);
        const first = HEADER_BYTES / 4;
        expect(next).to.equal(
          word * 4 === arenaStart(memory.size) - ROW_BYTES ? first : word + ROW_BYTES / 4,
        );
      }),
    );
  });

  it('memory ends with the arena', () => {
    const memory = new LaneMemory({ rows: 8, arenaBytes: 1_600, chunkBytes: 0, batchBytes: 0 });
    expect(memory.buffer.byteLength).to.equal(memoryBytes(memory.size));
    expect(memory.buffer.byteLength).to.equal(HEADER_BYTES + 8 * ROW_BYTES + 1_600);
    expect(arenaStart(memory.size) % 16).to.equal(0);
  });

  it('payload plans: cells and texts do not overlap, whatever the declaration', () => {
    const types = ['i32', 'f64', 'cstring', 'buffer', { out: 'i64' }, { out: 'cstring' }, { inout: 'u8' }];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...types), { maxLength: 32 }),
        fc.constantFrom('void', 'i32', 'cstring'),
        fc.boolean(),
        (parameters, returned, lastError) => {
          const { compiled } = declare({
            arguments: parameters,
            return: returned,
            ...(lastError && returned !== 'void' ? { fails: () => false, lastError: 'why' } : {}),
          });
          const plan = planPayload(compiled.spec);
          const areas = [plan.returnText, ...plan.outTexts, plan.lastError].filter((at) => at >= 0);
          expect(areas.length).to.equal(
            parameters.filter((type) => typeof type === 'object' && type.out === 'cstring').length +
              (returned === 'cstring' ? 1 : 0) +
              (compiled.spec.lastError === null ? 0 : 1),
          );
          const sorted = areas.toSorted((one, other) => one - other);
          let free = parameters.length * 8;
          for (const at of sorted) {
            expect(at).to.be.at.least(free);
            expect(at % 4).to.equal(0);
            free = at + TEXT_AREA;
          }
          expect(plan.fixedBytes).to.be.at.least(Math.max(free, 16));
          expect(plan.fixedBytes % 16).to.equal(0);
        },
      ),
    );
  });
});
