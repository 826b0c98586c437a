/** What native code hands to a callback, there and back: read by a lane, written to a payload, read by the host. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { CallbackParamSpec } from '../../../src/declare/spec.js';
import { CallbackReader, type RawValues } from '../../../src/engines/callback-reader.js';
import type { Engine } from '../../../src/engines/engine.js';
import { loadEngine } from '../../../src/engines/load-engine.js';
import { nativeMemory } from '../../../src/engines/system/native-memory.js';
import { readBytes, readPayload } from '../../../src/lanes/channel/record-values.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { align8, type RecordViews, viewsOf } from '../../../src/shared/memory/record.js';
import { callbackArguments, Native } from './callback-values.js';
import { ENGINES } from '../../helpers/contract.js';

const DIRT = 0xa5;
const ROOM = 65_536;

for (const name of ENGINES.filter((name) => name !== 'ffi-rs')) {
  describe(`values of callbacks [${name}]`, () => {
    let engine: Engine;
    let lane: LaneMemory;

    before(() => {
      engine = loadEngine(name);
      lane = new LaneMemory({ rows: 2, arenaBytes: ROOM, chunkBytes: 0, batchBytes: 0 });
    });

    const readerOf = (params: readonly CallbackParamSpec[], only: number | null = null): CallbackReader =>
      new CallbackReader(engine, { params, returns: 'void' }, only);

    /** Writes a payload into views of a memory, and checks that nothing beside it changed. */
    function write(reader: CallbackReader, values: RawValues, views: RecordViews, at: number): void {
      const size = reader.measure(values);
      expect(size % 8).to.equal(0);
      expect(size, reader.fault).to.be.at.least(0);
      views.bytes.fill(DIRT);
      const whole = new Uint8Array(views.bytes.buffer);
      reader.write(views, nativeMemory(engine).form(engine.addressOf(whole)), at, values);
      const around = [views.bytes.subarray(0, at), views.bytes.subarray(at + size)];
      expect(around.every((side) => side.every((byte) => byte === DIRT))).to.equal(true);
    }

    it('come back as they were, of every kind, in shared memory and by port', () => {
      fc.assert(
        fc.property(callbackArguments, fc.nat(50), (args, eighths) => {
          const native = new Native(engine);
          const params = args.map(({ param }) => param);
          const values = args.map(({ raw }) => raw(native));
          const seen = args.map((arg) => arg.seen);
          const reader = readerOf(params);
          const size = reader.measure(values);
          const at = eighths * 8;
          if (at + size <= lane.buffer.byteLength) {
            write(reader, values, lane, at);
            const read = readPayload(lane, at, at + size, params, true);
            // What was read is the reader's own: the lane may write there again.
            lane.bytes.fill(DIRT);
            expect(read).to.deep.equal(seen);
          }
          const own = viewsOf(new ArrayBuffer(size + 8));
          write(reader, values, own, 0);
          expect(readPayload(own, 0, size, params, false)).to.deep.equal(seen);
        }),
        { numRuns: 300 },
      );
    });

    it('are read alone where only one is wanted', () => {
      const native = new Native(engine);
      const params = [
        { kind: 'cstring' },
        { kind: 'bytes', count: 2 },
        { kind: 'value', type: 'u32' },
      ] as const;
      const reader = readerOf(params, 1);
      const values = [native.text('not this'), native.bytes(Buffer.from('chunk')), 5];
      write(reader, values, lane, 16);
      expect(readBytes(lane, 16, ROOM, true)).to.deep.equal(Buffer.from('chunk'));
    });

    it('text that is no UTF-8 is text all the same', () => {
      const native = new Native(engine);
      const reader = readerOf([{ kind: 'cstring' }]);
      const values = [native.bytes(Buffer.from([0x61, 0xff, 0xc3, 0x62, 0]))];
      write(reader, values, lane, 0);
      expect(readPayload(lane, 0, ROOM, [{ kind: 'cstring' }], true)).to.deep.equal(['a\ufffd\ufffdb']);
    });

    it('arrays: of NULL nothing is read, whatever is said of it', () => {
      for (const kind of ['cstrings', 'pointers'] as const) {
        const params = [
          { kind, count: 1 },
          { kind: 'value', type: 'i32' },
        ] as const;
        const reader = readerOf(params);
        for (const count of [0, 5, -1]) {
          write(reader, [0n, count], lane, 0);
          expect(readPayload(lane, 0, ROOM, params, true)).to.deep.equal([[], count]);
        }
      }
    });
  });
}

describe('chunks of bytes', () => {
  const lane = new LaneMemory({ rows: 2, arenaBytes: ROOM, chunkBytes: 0, batchBytes: 0 });

  function chunk(length: number, fill: number): Buffer {
    lane.i32[0] = length;
    lane.bytes.fill(fill, 8, 8 + length);
    return readBytes(lane, 0, 8 + align8(length), true);
  }

  it('are copies of their own, each aligned, whatever comes after them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 60 }), (lengths) => {
        const chunks = lengths.map((length, index) => chunk(length, index));
        chunks.forEach((one, index) => {
          expect(one.length).to.equal(lengths[index]);
          expect(one.byteOffset % 8).to.equal(0);
          expect(one.every((byte) => byte === index)).to.equal(true);
          one.fill(0xee);
        });
        expect(chunks.every((one) => one.every((byte) => byte === 0xee))).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('transferring one takes none of the others away', () => {
    const [first, second] = [chunk(10, 1), chunk(10, 2)] as const;
    try {
      structuredClone(first.buffer, { transfer: [first.buffer as ArrayBuffer] });
    } catch {
      // Refusing is as good.
    }
    expect([...second]).to.deep.equal(Array<number>(10).fill(2));
    expect([...chunk(10, 3)]).to.deep.equal(Array<number>(10).fill(3));
  });
});
