/** Buffers for chunks: those that a lane fills by address are those that the host finds by number. */
import { expect } from 'chai';
import fc from 'fast-check';
import { Inbox } from '../../../src/lanes/channel/inbox.js';
import type { ToHost } from '../../../src/shared/messages/messages.js';
import { ChunkBuffers } from '../../../workers/channel/chunk-buffers.js';

const MOST_BYTES = 4_096;

/** Both ends, in one thread. An address is the number of a buffer in the order of making. */
class Bench {
  readonly made: ArrayBuffer[] = [];
  readonly messages: ToHost[] = [];
  readonly counts: number[] = [];
  readonly inbox = new Inbox(() => this.messages.shift());
  readonly buffers = new ChunkBuffers(
    (first, buffers) => {
      this.counts.push(buffers.length);
      this.messages.push({ kind: 'buffers', first, buffers });
    },
    (buffer) => this.made.push(buffer) - 1,
    MOST_BYTES,
  );
}

describe('ChunkBuffers', () => {
  it('the host finds the buffer that was filled, whatever the sizes, and whichever records it drops', () => {
    const record = fc.record({ bytes: fc.constantFrom(8, 100, 2_000, 10_000), sent: fc.boolean() });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 200 }), (records) => {
        const { buffers, inbox, made } = new Bench();
        for (const { bytes, sent } of records) {
          const filled = made[Number(buffers.take(bytes))];
          expect(filled?.byteLength).to.equal(bytes);
          // A record that is not sent leaves its buffer to the next one to drop.
          if (sent) expect(inbox.buffer(buffers.taken) === filled).to.equal(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('messages grow while the size stays, to a limit of bytes, and begin small with another size', () => {
    const { buffers, counts } = new Bench();
    for (let chunk = 0; chunk < 100; chunk += 1) buffers.take(256);
    expect(counts).to.deep.equal([1, 2, 4, 8, 16, 16, 16, 16, 16, 16]);
    counts.length = 0;
    for (let chunk = 0; chunk < 3; chunk += 1) buffers.take(10_000);
    buffers.take(8);
    expect(counts).to.deep.equal([1, 1, 1, 1]);
  });

  it('a buffer that was lost with its lane is reported as lost', () => {
    const { buffers, inbox, messages } = new Bench();
    buffers.take(100);
    messages.length = 0;
    expect(inbox.buffer(buffers.taken)).to.equal(undefined);
  });
});
