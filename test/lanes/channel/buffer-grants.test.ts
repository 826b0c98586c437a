/** Buffers granted for chunks: those that a lane fills by address are those that the host hands out. */
import { expect } from 'chai';
import fc from 'fast-check';
import { BufferGrants } from '../../../src/lanes/channel/buffer-grants.js';
import { GRANTS } from '../../../src/shared/memory/channel.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { Disorder } from '../../../src/shared/messages/disorder.js';
import { GrantedBuffers, NO_BUFFER } from '../../../workers/channel/granted-buffers.js';
import { SIZE } from './channel-lab.js';

/** A record as the lane sends it. */
interface Sent {
  readonly bytes: number;
  /** Undefined if the lane had no buffer. */
  readonly filled: Uint8Array | undefined;
  readonly passed: number;
}

/** Both ends, in one thread. An address is the number of a buffer in the order of allocation, from 1 on. */
class Bench {
  readonly made: Uint8Array[] = [];
  readonly sent: Sent[] = [];
  readonly memory = new LaneMemory(SIZE);
  readonly grants = new BufferGrants(this.memory, (buffer) => this.made.push(buffer));
  readonly buffers = new GrantedBuffers(this.memory);

  /** Native code hands out a chunk. */
  send(bytes: number): void {
    const address = this.buffers.take(bytes);
    const filled = address === NO_BUFFER ? undefined : this.made[address - 1];
    this.sent.push({ bytes, filled, passed: this.buffers.passed });
  }

  /** The host takes the oldest record. @returns whether it found the buffer that the lane has filled. */
  receive(): boolean {
    const { bytes, filled, passed } = this.sent.shift() as Sent;
    const found = this.grants.pass(passed);
    this.grants.grant(bytes, filled === undefined);
    return filled === undefined || found === filled;
  }

  /** @returns of how many chunks, sent and received one after the other, the lane had a buffer. */
  roundTrips(count: number, bytes: number): number {
    let had = 0;
    for (let chunk = 0; chunk < count; chunk += 1) {
      this.send(bytes);
      if (this.sent[0]?.filled !== undefined) had += 1;
      expect(this.receive()).to.equal(true);
    }
    return had;
  }
}

describe('BufferGrants', () => {
  it('the host finds the buffer that was filled, whatever the lengths, and however many records are unread', () => {
    const step = fc.record({ bytes: fc.constantFrom(8, 100, 2_000, 10_000), receives: fc.nat({ max: 3 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const bench = new Bench();
        const given = new Set<Uint8Array>();
        for (const { bytes, receives } of steps) {
          bench.send(bytes);
          const { filled } = bench.sent.at(-1) as Sent;
          if (filled !== undefined) {
            expect(filled.byteLength).to.equal(bytes);
            expect(given.has(filled), 'used for another chunk').to.equal(false);
            given.add(filled);
          }
          for (let left = receives; left > 0 && bench.sent.length > 0; left -= 1) {
            expect(bench.receive()).to.equal(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('every chunk but the first has a buffer while the length stays and the host keeps up', () => {
    const bench = new Bench();
    expect(bench.roundTrips(1_000, 100)).to.equal(999);
    expect(bench.made.length).to.equal(1_000);
    expect(bench.roundTrips(3, 200)).to.equal(2);
  });

  it('more wait the more the lane has lacked, to a limit of buffers and of bytes', () => {
    for (const [bytes, most] of [
      [100, GRANTS],
      [2 ** 14, 8],
      [2 ** 20, 1],
    ] as const) {
      const bench = new Bench();
      for (let burst = 0; burst < 10; burst += 1) {
        for (let chunk = 0; chunk < 100; chunk += 1) bench.send(bytes);
        while (bench.sent.length > 0) expect(bench.receive()).to.equal(true);
      }
      for (let chunk = 0; chunk < 100; chunk += 1) bench.send(bytes);
      expect(bench.sent.filter(({ filled }) => filled !== undefined).length, `${bytes} bytes`).to.equal(most);
    }
  });

  it('what cannot be true of the lane is not believed', () => {
    const bench = new Bench();
    bench.roundTrips(10, 100);
    for (const passed of [-1, 0, 5, bench.buffers.passed + 100]) {
      expect(() => bench.grants.pass(passed)).to.throw(Disorder);
    }
  });
});
