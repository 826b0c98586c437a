/** B6: cells: what out and inout parameters point to, in their true C sizes. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SCALARS } from '../../../src/declare/language/scalars.js';
import type { Scalar } from '../../../src/declare/spec.js';
import { readCell, writeCell } from '../../../src/declare/memory/cells.js';
import { scalarValue } from '../../shared/values.js';

const scalars = Object.keys(SCALARS) as Scalar[];

describe('cells', () => {
  for (const type of scalars) {
    it(`${type}: what is written is read, and nothing beside it is touched`, () => {
      const { size } = SCALARS[type];
      fc.assert(
        fc.property(scalarValue(type), fc.integer({ min: 0, max: 1 }), (value, slot) => {
          const bytes = new Uint8Array(32).fill(0xa5);
          const data = new DataView(bytes.buffer);
          const at = 8 + slot * size;
          writeCell(data, at, type, value);
          expect(readCell(data, at, type)).to.deep.equal(value);
          expect(bytes.every((byte, index) => (index >= at && index < at + size) || byte === 0xa5)).to.equal(
            true,
          );
        }),
      );
    });
  }

  it('a bool is 0 or 1 in memory, and any other byte reads as true', () => {
    const data = new DataView(new ArrayBuffer(8));
    writeCell(data, 0, 'bool', true);
    writeCell(data, 1, 'bool', false);
    expect([data.getUint8(0), data.getUint8(1)]).to.deep.equal([1, 0]);
    data.setUint8(2, 0x80);
    expect(readCell(data, 2, 'bool')).to.equal(true);
  });

  it('numbers lie in the order of the machine', () => {
    const words = new BigUint64Array(1);
    writeCell(new DataView(words.buffer), 0, 'u64', 0x0102_0304_0506_0708n);
    expect(words[0]).to.equal(0x0102_0304_0506_0708n);
  });
});
