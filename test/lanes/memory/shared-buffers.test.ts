/** M7: the shared memory of large bytes is used again, and never while it is lent. */
import { expect } from 'chai';
import fc from 'fast-check';
import { SharedBuffers } from '../../../src/lanes/memory/shared-buffers.js';

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

  it('uses a large one for any size up to its own, and gives none up that is large enough', () => {
    const buffers = new SharedBuffers({ postMessage: () => {} });
    const huge = buffers.take(40 * MB);
    buffers.give(huge);
    for (const size of [33, 17, 40, 25]) {
      const view = buffers.take(size * MB);
      expect(view.buffer).to.equal(huge.buffer);
      buffers.give(view);
    }
    const many = Array.from({ length: 6 }, () => buffers.take(10 * MB));
    for (const view of many) buffers.give(view);
    const again = new Set(Array.from({ length: 6 }, () => buffers.take(10 * MB).buffer));
    expect(many.filter(({ buffer }) => again.has(buffer as SharedArrayBuffer)).length).to.equal(6);
  });

  it('lets calls wait while much is lent, however large the buffers are that serve', () => {
    const buffers = new SharedBuffers({ postMessage: () => {} });
    const views = Array.from({ length: 3 }, () => buffers.take(100 * MB));
    expect(buffers.exhausted).to.equal(true);
    for (const view of views) buffers.give(view);
    expect(buffers.exhausted).to.equal(false);
    const small = buffers.take(17 * MB);
    expect(small.buffer, 'of those that are there').to.be.oneOf(views.map(({ buffer }) => buffer));
    buffers.give(small);
    expect(buffers.exhausted).to.equal(false);
  });

  it('makes no more than a few times what was lent at once, in any order', () => {
    const step = fc.record({
      sizes: fc.array(
        fc.oneof(fc.integer({ min: 1, max: 16 * MB }), fc.integer({ min: 16 * MB, max: 96 * MB })),
        { minLength: 1, maxLength: 3 },
      ),
      repeat: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 40 }), (steps) => {
        const buffers = new SharedBuffers({ postMessage: () => {} });
        const made = new Map<ArrayBufferLike, number>();
        let most = 0;
        for (const { sizes, repeat } of steps) {
          most = Math.max(
            most,
            sizes.reduce((sum, size) => sum + size, 0),
          );
          for (let round = 0; round < repeat; round += 1) {
            const views = sizes.map((size) => buffers.take(size));
            for (const { buffer } of views) made.set(buffer, buffer.byteLength);
            expect(new Set(views.map(({ buffer }) => buffer)).size).to.equal(views.length);
            for (const view of views) buffers.give(view);
          }
        }
        const bytes = [...made.values()].reduce((sum, size) => sum + size, 0);
        // Dropped ones included. Below 32 MB lies what small sizes take, and KEPT above that.
        expect(bytes).to.be.at.most(6 * most + 128 * MB);
      }),
      { numRuns: 50 },
    );
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
