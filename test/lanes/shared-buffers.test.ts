/** M7: the shared memory of large bytes is used again, and never while it is lent. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SharedBuffers } from '../../src/lanes/shared-buffers.js';

const MB = 1024 * 1024;

describe('SharedBuffers', () => {
  it('gives out what was given back, and only then', () => {
    const buffers = new SharedBuffers({ postMessage: () => {} });
    const first = buffers.take(10_000);
    const second = buffers.take(10_000);
    expect(second.buffer).to.not.equal(first.buffer);
    buffers.give(first);
    const third = buffers.take(16_384);
    expect(third.buffer, 'of the same rounded size').to.equal(first.buffer);
    expect(third.byteLength).to.equal(16_384);
    expect(buffers.take(10_000).buffer).to.not.equal(second.buffer);
  });

  it('leaves the callers’ own memory alone', () => {
    const buffers = new SharedBuffers({ postMessage: () => {} });
    const own = new Uint8Array(new SharedArrayBuffer(16_384));
    buffers.give(own);
    expect(buffers.take(16_384).buffer).to.not.equal(own.buffer);
  });

  it('keeps one buffer of any size, and else not more than its bound', () => {
    const buffers = new SharedBuffers({ postMessage: () => {} });
    const huge = buffers.take(40 * MB);
    buffers.give(huge);
    expect(buffers.take(33 * MB).buffer, 'the only one').to.equal(huge.buffer);
    const many = Array.from({ length: 6 }, () => buffers.take(10 * MB));
    for (const view of many) buffers.give(view);
    const again = new Set(Array.from({ length: 6 }, () => buffers.take(10 * MB).buffer));
    expect(many.filter(({ buffer }) => again.has(buffer as SharedArrayBuffer)).length).to.equal(2);
  });

  it('never lends one buffer twice, in any order', () => {
    const step = fc.record({ take: fc.boolean(), bytes: fc.integer({ min: 0, max: 100_000 }), at: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
        const buffers = new SharedBuffers({ postMessage: () => {} });
        const lent: Uint8Array[] = [];
        for (const { take, bytes, at } of steps) {
          if (take || lent.length === 0) {
            const view = buffers.take(bytes);
            expect(view.byteLength).to.equal(bytes);
            expect(lent.some(({ buffer }) => buffer === view.buffer)).to.equal(false);
            lent.push(view);
          } else for (const view of lent.splice(at % lent.length, 1)) buffers.give(view);
        }
      }),
      { numRuns: 50 },
    );
  });
});
