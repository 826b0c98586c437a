/** The pipe of records against an array of them, and against a real thread on the other side. */
import { expect } from 'chai';
import fc from 'fast-check';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { arenaStart } from '../../../src/shared/memory/layout.js';
import type { PipePlace } from '../../../src/shared/memory/channel.js';
import { NO_RECORD, PipeReader, PipeWriter } from '../../../src/shared/memory/pipe.js';
import { type PipeTask, sizes, wordOf } from './pipe-thread.js';
import { thread } from '../thread.js';
import { slow } from '../../helpers/fast-run.js';

const GUARD_MS = 10_000;
/** Bytes on each side of the pipe that nobody may touch. */
const MARGIN = 64;
const DIRT = 0x5a;
const WRITE = 0;
const READ = 16;

/** Positions to start from: where the sign changes, where 32 bits wrap, and any other. */
const position = fc.oneof(
  fc.constantFrom(0, -8, 2 ** 31 - 8, -(2 ** 31), -64, 2 ** 31 - 128),
  fc.integer({ min: -(2 ** 28), max: 2 ** 28 - 1 }).map((eighth) => (eighth * 8) | 0),
);

function pipe(bytes: number, first: number): { memory: LaneMemory; place: PipePlace } {
  const size = { rows: 2, arenaBytes: bytes + 2 * MARGIN, chunkBytes: 0, batchBytes: 0 };
  const memory = new LaneMemory(size);
  const start = arenaStart(size) + MARGIN;
  memory.bytes.fill(DIRT, start - MARGIN, start + bytes + MARGIN);
  Atomics.store(memory.i32, WRITE, first);
  Atomics.store(memory.i32, READ, first);
  return { memory, place: { start, bytes, write: WRITE, read: READ } };
}

type Step =
  | { readonly kind: 'write'; readonly eighths: number }
  /** Reserves and does not commit, as when filling the record throws. */
  | { readonly kind: 'forgo'; readonly eighths: number }
  | { readonly kind: 'peek' | 'take' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('write' as const), eighths: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forgo' as const), eighths: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'peek' as const }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'take' as const }) },
);

/** The same with positions that never wrap. */
class Model {
  readonly records: { readonly pad: number; readonly bytes: number; readonly round: number }[] = [];
  /** Padding that has been left, and lies before the next record. */
  pad = 0;
  readonly #capacity: number;
  #written: number;
  #read: number;

  constructor(capacity: number, first: number) {
    this.#capacity = capacity;
    this.#written = first >>> 0;
    this.#read = first >>> 0;
  }

  /** @returns where in the pipe the record is, or undefined for no room. */
  reserve(bytes: number): number | undefined {
    const offset = (this.#written + this.pad) % this.#capacity;
    const pad = offset + bytes > this.#capacity ? this.#capacity - offset : 0;
    if (this.#written + this.pad + pad + bytes - this.#read > this.#capacity) return undefined;
    this.pad += pad;
    return (offset + pad) % this.#capacity;
  }

  commit(bytes: number, round: number): void {
    this.records.push({ pad: this.pad, bytes, round });
    this.#written += this.pad + bytes;
    this.pad = 0;
  }

  take(): void {
    const oldest = this.records.shift();
    if (oldest !== undefined) this.#read += oldest.pad + oldest.bytes;
  }

  get used(): number {
    return this.#written - this.#read;
  }
}

/** Bytes that are not free. */
function used({ i32 }: LaneMemory): number {
  return (Atomics.load(i32, WRITE) - Atomics.load(i32, READ)) | 0;
}

function fill(memory: LaneMemory, at: number, bytes: number, round: number): void {
  for (let index = 1; index < bytes / 4; index += 1) memory.i32[at / 4 + index] = wordOf(round, index);
}

/** Whether a record is the one that was written in that round. */
function expectRecord(memory: LaneMemory, at: number, bytes: number, round: number): void {
  const word = at / 4;
  if (memory.i32[word] !== bytes) expect.fail(`record ${round} is ${memory.i32[word]} bytes, not ${bytes}`);
  for (let index = 1; index < bytes / 4; index += 1) {
    const found = memory.i32[word + index];
    if (found !== wordOf(round, index)) expect.fail(`record ${round} has ${found} in word ${index}`);
  }
}

describe('a pipe of records', () => {
  slow('is an array of records, whatever their sizes and wherever positions wrap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(16, 32, 64, 256),
        position,
        fc.array(step, { maxLength: 200, size: 'max' }),
        (capacity, first, steps) => {
          const { memory, place } = pipe(capacity, first);
          const writer = new PipeWriter(memory, place);
          const reader = new PipeReader(memory, place);
          const model = new Model(capacity, first);
          expect(writer.largest).to.equal(capacity / 2);
          steps.forEach((one, round) => {
            if (one.kind === 'write' || one.kind === 'forgo') {
              const bytes = 8 * (1 + (one.eighths % (capacity / 16)));
              const expected = model.reserve(bytes);
              const at = writer.reserve(bytes);
              expect(at).to.equal(expected === undefined ? NO_RECORD : place.start + expected);
              if (at === NO_RECORD) expect(model.used, 'an empty pipe has room').to.be.above(0);
              else if (one.kind === 'write') {
                fill(memory, at, bytes, round);
                writer.commit();
                model.commit(bytes, round);
              }
            } else {
              const oldest = model.records[0];
              const at = reader.peek();
              if (oldest === undefined) expect(at).to.equal(NO_RECORD);
              else {
                expectRecord(memory, at, oldest.bytes, oldest.round);
                expect(reader.peek(), 'a second look').to.equal(at);
                if (one.kind === 'take') {
                  reader.take();
                  model.take();
                  expect(used(memory)).to.equal(model.used);
                }
              }
            }
            expect(reader.isEmpty).to.equal(model.records.length === 0);
          });
          const margins = [
            memory.bytes.subarray(place.start - MARGIN, place.start),
            memory.bytes.subarray(place.start + capacity, place.start + capacity + MARGIN),
          ];
          expect(margins.every((margin) => margin.every((byte) => byte === DIRT))).to.equal(true);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes a record of half its size from every place once it is empty', () => {
    for (let first = -256; first < 256; first += 8) {
      const { memory, place } = pipe(128, first);
      const writer = new PipeWriter(memory, place);
      const reader = new PipeReader(memory, place);
      for (let round = 0; round < 5; round += 1) {
        const at = writer.reserve(64);
        fill(memory, at, 64, round);
        writer.commit();
        expectRecord(memory, reader.peek(), 64, round);
        reader.take();
      }
    }
  });

  it('shows nothing of a record before it is committed', () => {
    const { memory, place } = pipe(64, -8);
    const writer = new PipeWriter(memory, place);
    const reader = new PipeReader(memory, place);
    // Leaves padding behind it, which nobody may see either.
    writer.reserve(16);
    expect([reader.isEmpty, used(memory), reader.peek()]).to.deep.equal([true, 0, NO_RECORD]);
    writer.commit();
    expect([reader.isEmpty, used(memory)]).to.deep.equal([false, 24]);
    reader.peek();
    reader.take();
    expect([reader.isEmpty, used(memory)]).to.deep.equal([true, 0]);
  });

  it('goes on where it was for a reader and a writer that come later', () => {
    const { memory, place } = pipe(64, 2 ** 31 - 8);
    const writer = new PipeWriter(memory, place);
    for (let round = 0; round < 3; round += 1) {
      fill(memory, writer.reserve(16), 16, round);
      writer.commit();
    }
    const first = new PipeReader(memory, place);
    expectRecord(memory, first.peek(), 16, 0);
    first.take();
    const later = new PipeWriter(memory, place);
    expect(later.reserve(24), 'full').to.equal(NO_RECORD);
    const reader = new PipeReader(memory, place);
    for (const round of [1, 2]) {
      expectRecord(memory, reader.peek(), 16, round);
      reader.take();
    }
    expect(reader.isEmpty).to.equal(true);
  });

  for (const [where, capacity, first, rounds] of [
    ['across 2^31', 1_024, 2 ** 31 - 800_000, 20_000],
    ['across 2^32', 1_024, -800_000, 20_000],
    ['in a pipe of two small records', 32, -8, 20_000],
  ] as const) {
    it(`a real thread writes what this one reads, ${where}`, async () => {
      const { memory, place } = pipe(capacity, first | 0);
      const task: PipeTask = { memory: memory.buffer, size: memory.size, place, rounds, seed: capacity };
      const writer = await thread<number>(new URL('./pipe-thread.js', import.meta.url), task);
      try {
        const reader = new PipeReader(memory, place);
        const next = sizes(task);
        const until = performance.now() + GUARD_MS;
        let empty = 0;
        writer.start();
        for (let round = 0; round < rounds; round += 1) {
          let at = NO_RECORD;
          for (let look = 0; ; look += 1) {
            const written = Atomics.load(memory.i32, WRITE);
            at = reader.peek();
            if (at !== NO_RECORD) break;
            if (look === 0) empty += 1;
            if (look > 500) Atomics.wait(memory.i32, WRITE, written, 1);
            if (performance.now() > until) throw new Error(`stopped at ${round} of ${rounds}`);
          }
          expectRecord(memory, at, next(), round);
          reader.take();
          Atomics.notify(memory.i32, READ);
        }
        // The race took place: each waited for the other.
        expect(await writer.result, 'times that it was full').to.be.above(0);
        expect(empty, 'times that it was empty').to.be.above(0);
        expect(reader.isEmpty).to.equal(true);
      } finally {
        await writer.end();
      }
    });
  }
});
