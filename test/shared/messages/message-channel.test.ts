/** Messages between two processes: every message arrives once, whole and in order, whatever its size and however late it is read. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { Header } from '../../../src/shared/memory/layout.js';
import {
  MessageReader,
  MessageWriter,
  messagesDown,
  messagesUp,
  processMemoryBytes,
} from '../../../src/shared/messages/message-channel.js';

const SIZE = { rows: 2, arenaBytes: 64, chunkBytes: 0, batchBytes: 0 };

function ends(first = 0): { memory: LaneMemory; writer: MessageWriter; reader: MessageReader } {
  const memory = new LaneMemory(SIZE, new SharedArrayBuffer(processMemoryBytes(SIZE)));
  memory.i32[Header.MESSAGES_UP_WRITE] = first;
  memory.i32[Header.MESSAGES_UP_READ] = first;
  return {
    memory,
    writer: new MessageWriter(memory, messagesUp(SIZE)),
    reader: new MessageReader(memory, messagesUp(SIZE)),
  };
}

describe('messages (B2)', () => {
  it('arrives once, whole and in order, across the end of the pipe and of the count', () => {
    const step = fc.oneof(
      fc.record({ send: fc.oneof(fc.nat(200), fc.constantFrom(16_000, 16_384, 40_000, 70_000, 300_000)) }),
      fc.constant('read' as const),
      fc.constant('flush' as const),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom(0, 2 ** 31 - 65_536, -65_536),
        (steps, first) => {
          const { writer, reader } = ends(first | 0);
          const sent: number[] = [];
          let read = 0;
          const take = (): boolean => {
            const message = reader.receive() as { number: number; bytes: Uint8Array } | undefined;
            if (message === undefined) return false;
            expect(message.number).to.equal(read);
            expect(message.bytes.length).to.equal(sent[read]);
            expect(message.bytes.every((byte) => byte === (read & 0xff))).to.equal(true);
            read += 1;
            return true;
          };
          for (const one of steps) {
            if (one === 'read') take();
            else if (one === 'flush') writer.flush();
            else {
              writer.send({ number: sent.length, bytes: new Uint8Array(one.send).fill(sent.length & 0xff) });
              sent.push(one.send);
            }
          }
          while (take() || writer.waits) writer.flush();
          expect(read).to.equal(sent.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the two directions apart', () => {
    const { memory, writer } = ends();
    const down = new MessageWriter(memory, messagesDown(SIZE));
    writer.send('up');
    down.send('down');
    expect(new MessageReader(memory, messagesDown(SIZE)).receive()).to.equal('down');
    expect(new MessageReader(memory, messagesUp(SIZE)).receive()).to.equal('up');
  });

  it('is refused, not followed, where native code has overwritten it', () => {
    const { memory, writer, reader } = ends();
    writer.send('a message');
    const { start } = messagesUp(SIZE);
    for (const wrong of [0, 7, 2 ** 30, -1]) {
      memory.i32[start / 4] = wrong;
      expect(() => reader.receive()).to.throw('overwritten');
    }
  });

  it('of any size gets through, whenever the host looks: it looks only when it was told, and finds what is there then', () => {
    const { load } = Atomics;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(100, 40_000, 70_000, 200_000), { minLength: 1, maxLength: 6 }),
        fc.array(fc.boolean(), { maxLength: 400 }),
        (sizes, moments) => {
          const { memory, writer, reader } = ends();
          let told = false;
          let reading = false;
          const got: number[] = [];
          const look = (): void => {
            if (!told || reading) return;
            told = false;
            reading = true;
            for (let message = reader.receive(); message !== undefined; message = reader.receive()) {
              got.push((message as Uint8Array).length);
            }
            reading = false;
          };
          // The host may run whenever the lane looks at the host's position.
          const hooked = (array: Int32Array, index: number): number => {
            if (array === memory.i32 && index === Header.MESSAGES_UP_READ && moments.pop() === true) look();
            return load(array, index);
          };
          Atomics.load = hooked as typeof load;
          try {
            for (const size of sizes) {
              writer.sendAll(new Uint8Array(size), {
                knock: () => (told = true),
                wait: (index, seen) => {
                  while (load(memory.i32, index) === seen) {
                    if (!told) throw new Error('the lane waits for the host, and the host for the lane');
                    look();
                  }
                },
              });
            }
          } finally {
            Atomics.load = load;
          }
          told = true;
          look();
          expect(got).to.deep.equal(sizes);
        },
      ),
      { numRuns: 300 },
    );
  });
});
