/** M2, M7, M27: the ring against a naive model, with a simulated lane on the other side. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LaneRing } from '../../../src/lanes/rows/lane-ring.js';
import type { Ticket } from '../../../src/lanes/rows/ticket.js';
import { Header, RowWord, StopCause } from '../../../src/shared/memory/layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { State, generationIn, generationOf, stateIn, transition } from '../../../src/shared/memory/states.js';
import { declare, nativeView, threadBytes, withPorts } from '../fixture.js';
import { slow } from '../../helpers/fast-run.js';

const SIZE = { rows: 8, arenaBytes: 2_048, chunkBytes: 0, batchBytes: 0 };
const fn = declare({ arguments: ['i32', 'buffer', 'cstring'], return: 'void' });

/** Sequence numbers to start from: also where Int32 wraps, and where rows wrap. */
const first = fc.oneof(
  fc.constantFrom(0, 2 ** 31 - 1, 2 ** 31 - 5, -1, -3, -(2 ** 31)),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);

type Fate = 'queued' | 'ran' | 'cancelled' | 'withdrawn';
interface Entry {
  readonly ticket: Ticket;
  readonly sequence: number;
  fate: Fate;
}

/** The lane: claims, checks what it was given, finishes. */
class SimulatedLane {
  readonly memory: LaneMemory;
  readonly ran: number[] = [];
  readonly #ring: LaneRing<Ticket>;
  #cursor: number;

  constructor(ring: LaneRing<Ticket>) {
    this.memory = new LaneMemory(SIZE, ring.memory.buffer);
    this.#ring = ring;
    this.#cursor = Atomics.load(this.memory.i32, Header.HEAD);
  }

  /** Goes over at most `count` rows. */
  step(count: number, expected: (generation: number) => readonly unknown[]): void {
    const { i32 } = this.memory;
    for (let rows = 0; rows < count && this.#cursor !== Atomics.load(i32, Header.TAIL); rows += 1) {
      const word = this.memory.rowWord(this.#cursor);
      const found = Atomics.load(i32, word + RowWord.STATE);
      const generation = generationIn(found);
      if (
        stateIn(found) === State.queued &&
        transition(i32, word + RowWord.STATE, generation, State.queued, State.running)
      ) {
        this.#check(this.#cursor, expected(generation));
        this.ran.push(generation);
        expect(transition(i32, word + RowWord.STATE, generation, State.running, State.succeeded)).to.equal(
          true,
        );
      }
      this.#cursor = (this.#cursor + 1) | 0;
      Atomics.store(i32, Header.HEAD, this.#cursor);
    }
  }

  #check(sequence: number, args: readonly unknown[]): void {
    const word = this.memory.rowWord(sequence);
    const payload = this.memory.i32[word + RowWord.PAYLOAD] as number;
    expect(this.memory.i32[word + RowWord.FUNCTION]).to.equal(fn.number);
    expect(this.memory.i32[word + RowWord.CANCEL]).to.equal(0);
    const [count, bytes, text] = nativeView(this.memory, payload, fn, this.#ring.externals(sequence));
    expect(count).to.equal(args[0]);
    const given = args[1] as Uint8Array;
    expect(
      Buffer.from(bytes as Uint8Array)
        .subarray(0, given.length)
        .equals(Buffer.from(given)),
    ).to.equal(true);
    expect(text).to.equal(args[2]);
  }
}

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      write: fc.tuple(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        fc.oneof(fc.integer({ min: 0, max: 300 }), fc.constant(5_000)),
        fc.string({ maxLength: 30 }).map((text) => text.replaceAll('\0', '')),
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ publish: fc.constant(true) }) },
  { weight: 3, arbitrary: fc.record({ run: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ free: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ cancel: fc.integer({ min: 0, max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ withdraw: fc.constant(true) }) },
);

describe('LaneRing (M2, M7, M27)', () => {
  slow('loses no call and runs none twice, keeps payloads apart, gives every row back once', () => {
    fc.assert(
      fc.property(
        first,
        fc.constantFrom(1, 2 ** 28 - 5, 2 ** 32 - 5),
        fc.array(step, { maxLength: 150, size: 'max' }),
        (start, firstId, steps) => {
          withPorts((host) => {
            const ring = new LaneRing<Ticket>(new LaneMemory(SIZE), threadBytes(host), start);
            const lane = new SimulatedLane(ring);
            const entries: Entry[] = [];
            const byGeneration = new Map<number, Ticket>();
            let nextId = firstId;
            let freed = 0;
            const inside = (): Entry[] => entries.slice(freed);
            const args = (generation: number): readonly unknown[] => byGeneration.get(generation)?.args ?? [];
            const run = (rows: number): void => {
              const before = lane.ran.length;
              lane.step(rows, args);
              for (const generation of lane.ran.slice(before)) {
                const entry = inside().find(({ ticket }) => generationOf(ticket.id) === generation);
                expect(entry?.fate, 'run twice, or after it was taken back').to.equal('queued');
                if (entry !== undefined) entry.fate = 'ran';
              }
            };
            const free = (rows: number): void => {
              for (let row = 0; row < rows && ring.head !== ring.done; row += 1) {
                const entry = entries[freed] as Entry;
                expect(ring.ticket(ring.head)).to.equal(entry.ticket);
                expect(ring.head).to.equal(entry.sequence);
                const state = { queued: State.queued, ran: State.succeeded, ...swaps }[entry.fate];
                expect(ring.state(ring.head)).to.equal(state);
                expect(entry.fate, 'passed over by the lane').to.not.equal('queued');
                ring.free();
                freed += 1;
              }
            };
            for (const one of steps) {
              if ('write' in one) {
                const [value, length, text] = one.write;
                const ticket = {
                  id: nextId,
                  fn,
                  args: [value, new Uint8Array(length).fill(nextId), text],
                  highWaterMark: 0,
                  items: null,
                };
                const sequence = ring.write(ticket, false);
                if (inside().length === SIZE.rows) expect(sequence).to.equal(undefined);
                if (inside().length === 0)
                  expect(sequence, 'an empty ring takes any call').to.not.equal(undefined);
                if (sequence === undefined) continue;
                expect(sequence).to.equal((start + entries.length) | 0);
                entries.push({ ticket, sequence, fate: 'queued' });
                byGeneration.set(generationOf(nextId), ticket);
                nextId += 1;
              } else if ('publish' in one) ring.publish();
              else if ('run' in one) run(one.run);
              else if ('free' in one) free(one.free);
              else if ('cancel' in one) {
                const entry = inside()[one.cancel];
                if (entry === undefined) continue;
                const { sequence, ticket } = entry;
                const won = ring.transition(sequence, ticket.id, State.queued, State.cancelled);
                expect(won).to.equal(entry.fate === 'queued');
                if (won) {
                  entry.fate = 'cancelled';
                  // Whoever has the row next has to find its cancel flag untouched.
                  ring.trip(sequence, StopCause.CANCELLED);
                }
              } else {
                const queued = inside().filter(({ fate }) => fate === 'queued');
                expect(ring.withdraw()).to.deep.equal(queued.map(({ ticket }) => ticket));
                for (const entry of queued) entry.fate = 'withdrawn';
              }
              expect(ring.occupied).to.equal(inside().length);
            }
            ring.publish();
            run(Infinity);
            free(Infinity);
            expect(ring.occupied).to.equal(0);
            expect(freed).to.equal(entries.length);
            expect(lane.ran).to.have.length(entries.filter(({ fate }) => fate === 'ran').length);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('the lane sees nothing before it is published, then all of it (B5)', () => {
    withPorts((host) => {
      const ring = new LaneRing<Ticket>(new LaneMemory(SIZE), threadBytes(host), 2 ** 31 - 1);
      const tail = (): number => Atomics.load(ring.memory.i32, Header.TAIL);
      for (let id = 1; id <= 3; id += 1)
        ring.write({ id, fn, args: [id, new Uint8Array(1), null], highWaterMark: 0, items: null }, false);
      expect([ring.unpublished, tail()]).to.deep.equal([3, 2 ** 31 - 1]);
      ring.publish();
      expect([ring.unpublished, tail()]).to.deep.equal([0, (2 ** 31 + 2) | 0]);
    });
  });

  it('a stale id changes nothing in a row that another call has now', () => {
    withPorts((host) => {
      const ring = new LaneRing<Ticket>(
        new LaneMemory({ rows: 1, arenaBytes: 256, chunkBytes: 0, batchBytes: 0 }),
        threadBytes(host),
        -1,
      );
      const plain = declare({ arguments: [], return: 'void' });
      const old = ring.write({ id: 7, fn: plain, args: [], highWaterMark: 0, items: null }, false) as number;
      Atomics.store(ring.memory.i32, Header.HEAD, ring.tail);
      ring.free();
      const now = ring.write({ id: 8, fn: plain, args: [], highWaterMark: 0, items: null }, false) as number;
      expect(ring.transition(old, 7, State.queued, State.cancelled)).to.equal(false);
      expect(ring.transition(now, 7, State.queued, State.cancelled)).to.equal(false);
      expect(ring.transition(now, 8, State.queued, State.cancelled)).to.equal(true);
    });
  });

  it('lent views stay referenced until their row is given back, and no longer', () => {
    withPorts((host) => {
      const ring = new LaneRing<Ticket>(new LaneMemory(SIZE), threadBytes(host));
      const view = new Uint8Array(new SharedArrayBuffer(8));
      const sequence = ring.write(
        { id: 1, fn, args: [1, view, null], highWaterMark: 0, items: null },
        false,
      ) as number;
      expect(ring.externals(sequence)[0]?.bytes.buffer).to.equal(view.buffer);
      Atomics.store(ring.memory.i32, Header.HEAD, ring.tail);
      ring.free();
      expect(ring.externals(sequence)).to.have.length(0);
      expect(ring.ticket(sequence)).to.equal(null);
    });
  });

  it('results gather until the row the host named, or until the lane runs dry, across the wrap', () => {
    withPorts((host) => {
      const ring = new LaneRing<Ticket>(new LaneMemory(SIZE), threadBytes(host), 2 ** 31 - 2);
      const plain = declare({ arguments: [], return: 'void' });
      for (let id = 1; id <= 5; id += 1)
        ring.write({ id, fn: plain, args: [], highWaterMark: 0, items: null }, false);
      ring.gather(3);
      const rungAfter = Array.from({ length: 6 }, (_, done) => {
        Atomics.store(ring.memory.i32, Header.HEAD, (2 ** 31 - 2 + done) | 0);
        return ring.rung;
      });
      expect(rungAfter).to.deep.equal([false, false, false, true, true, true]);
      ring.gather(100);
      expect(ring.rung, 'dry').to.equal(true);
    });
  });
});

const swaps = { cancelled: State.cancelled, withdrawn: State.withdrawn } as const;
