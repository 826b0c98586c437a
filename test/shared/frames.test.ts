/** Messages over a stream of bytes: read as they were sent, wherever the bytes are cut; what is none is found out. */
import { expect } from 'chai';
import fc from 'fast-check';
import { type Frame, FrameReader, frameOf } from '../../src/shared/frames.js';

const frame: fc.Arbitrary<Frame> = fc.record(
  {
    message: fc.oneof(
      fc.string(),
      fc.bigInt(),
      fc.constant(null),
      fc.record({ kind: fc.constant('call'), at: fc.integer() }, { noNullPrototype: true }),
    ),
    blobs: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
  },
  { noNullPrototype: true },
);

const bytesOf = (frames: readonly Frame[]): Buffer => Buffer.concat(frames.flatMap(frameOf));

describe('frames', () => {
  it('are read as they were sent, in their order, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (sent, cuts) => {
          const bytes = bytesOf(sent);
          const reader = new FrameReader();
          const read: Frame[] = [];
          for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
            const end = at + (cuts[cut % cuts.length] ?? 1);
            read.push(...reader.add(bytes.subarray(at, end)));
            at = end;
          }
          expect(read).to.deep.equal(sent);
        },
      ),
    );
  });

  it('give blobs that are memory of their own, aligned for any type, and with an address though empty', () => {
    const bytes = bytesOf([
      { message: 'odd', blobs: [Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)] },
    ]);
    const [read] = new FrameReader().add(bytes);
    bytes.fill(0xff);
    expect(read?.blobs.map((blob) => [...blob])).to.deep.equal([[1], [], [2, 3]]);
    for (const { byteOffset, buffer } of read?.blobs ?? []) {
      expect(byteOffset).to.equal(0);
      expect(buffer.byteLength).to.be.at.least(16);
    }
  });

  it('do not copy what is sent', () => {
    const blob = new Uint8Array(100_000);
    expect(frameOf({ message: 1, blobs: [blob] })).to.include(blob);
  });

  it('refuse bytes that are none, at once', () => {
    for (const bytes of ['this was no message', '\0'.repeat(64), '\xff'.repeat(64)]) {
      expect(() => new FrameReader().add(Buffer.from(bytes, 'latin1'))).to.throw('no message');
    }
    const spoilt = bytesOf([{ message: 'text', blobs: [] }]).fill(0x7f, 12);
    expect(() => new FrameReader().add(spoilt)).to.throw();
  });
});
