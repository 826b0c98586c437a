/** M7: the memory of large copies is used again, and never while somebody holds it. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { HeldBytes } from '../../../src/declare/values/held-bytes.js';
import { Slabs } from '../../../src/lanes/memory/slabs.js';

const MB = 1024 * 1024;

describe('Slabs', () => {
  it('gives out what was released, and only then', () => {
    const slabs = new Slabs();
    const first = slabs.take(10_000).hold();
    const second = slabs.take(10_000).hold();
    expect(second.bytes.buffer).to.not.equal(first.bytes.buffer);
    first.release();
    const third = slabs.take(16_384).hold();
    expect(third.bytes.buffer, 'of the same rounded size').to.equal(first.bytes.buffer);
    expect(third.bytes.byteLength).to.equal(16_384);
    expect(slabs.take(10_000).bytes.buffer).to.not.equal(second.bytes.buffer);
  });

  it('keeps memory from being used again until the last holder has released it', () => {
    const slabs = new Slabs();
    const copy = slabs.copyOf(new Uint8Array([1, 2, 3]));
    copy.hold().hold();
    copy.release();
    expect(slabs.take(3).hold().bytes.buffer).to.not.equal(copy.bytes.buffer);
    copy.release();
    expect(slabs.take(3).bytes.buffer).to.equal(copy.bytes.buffer);
  });

  it('uses a large piece for any size up to its own, and keeps no more than 64 MB of small ones', () => {
    const slabs = new Slabs();
    const huge = slabs.take(100 * MB).hold();
    huge.release();
    for (const size of [33, 100, 17, 60]) {
      const again = slabs.take(size * MB).hold();
      expect(again.bytes.buffer, `${size} MB`).to.equal(huge.bytes.buffer);
      again.release();
    }
    const many = Array.from({ length: 12 }, () => slabs.take(8 * MB).hold());
    for (const one of many) one.release();
    const again = new Set(Array.from({ length: 12 }, () => slabs.take(8 * MB).bytes.buffer));
    expect(many.filter(({ bytes }) => again.has(bytes.buffer as ArrayBuffer)).length).to.equal(8);
  });

  it('never gives one piece out twice, and copies right, in any order', () => {
    const step = fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 0, max: 100_000 }), at: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
        const slabs = new Slabs();
        const lent: { readonly held: HeldBytes; readonly fill: number }[] = [];
        steps.forEach(({ take, bytes, at }, fill) => {
          if (take || lent.length === 0) {
            const held = slabs.copyOf(new Uint8Array(bytes).fill(fill)).hold();
            expect(held.bytes.byteLength).to.equal(bytes);
            lent.push({ held, fill });
          } else {
            for (const one of lent.splice(at % lent.length, 1)) {
              expect(one.held.bytes.every((byte) => byte === (one.fill & 0xff))).to.equal(true);
              one.held.release();
            }
          }
        });
        expect(new Set(lent.map(({ held }) => held.bytes.buffer)).size).to.equal(lent.length);
      }),
      { numRuns: 50 },
    );
  });
});
