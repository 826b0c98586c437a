/** M35: batches in the memory of a lane: two blocks, given out and taken back in the order of the rows. */
import { expect } from 'chai';
import { LaneRing } from '../../../src/lanes/rows/lane-ring.js';
import type { Ticket } from '../../../src/lanes/rows/ticket.js';
import {
  type BatchPlan,
  type BatchViews,
  batchCapacity,
  batchViews,
} from '../../../src/shared/memory/batch-layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { Header, Request, RowDouble, type LaneSize } from '../../../src/shared/memory/layout.js';
import { declare, threadBytes } from '../fixture.js';

const add = declare({ arguments: ['i32', 'i32'], return: 'i32' });
const plan: BatchPlan = { params: ['i32', 'i32'], returns: 'i32', outcomes: false };
const SHARED: LaneSize = { rows: 8, arenaBytes: 1_024, chunkBytes: 0, batchBytes: 4_096 };

/** Items that write their first value. */
function ticket(id: number, count: number, first: number): Ticket {
  const write = ({ columns }: BatchViews): void => void columns[0]?.fill(first as never);
  return { id, fn: add, args: [], highWaterMark: 0, items: { plan, count, lent: [], write } };
}

function firstOf(ring: LaneRing<Ticket>, sequence: number): unknown {
  const payload = ring.payload(sequence) / 8;
  const { f64, buffer } = ring.memory;
  const { columns } = batchViews(plan, buffer, f64[payload + 1] as number, f64[payload] as number);
  return columns[0]?.[0];
}

describe('batches in a ring (M35)', () => {
  it('there are two at a time, and they do not touch each other', () => {
    const ring = new LaneRing<Ticket>(new LaneMemory(SHARED), threadBytes());
    const count = batchCapacity(plan, SHARED.batchBytes);
    let written = 0;
    for (let round = 0; round < 20; round++) {
      const first = ring.write(ticket((written += 1), count, written), false) as number;
      const second = ring.write(ticket((written += 1), count, written), false) as number;
      expect(ring.write(ticket(99, 1, 0), false), 'a third').to.equal(undefined);
      expect(ring.outcome(first)).to.equal(Request.BATCH);
      expect(ring.memory.f64[ring.memory.rowDouble(first) + RowDouble.DONE]).to.equal(0);
      ring.memory.f64[ring.memory.rowDouble(first) + RowDouble.DONE] = 7;
      expect([firstOf(ring, first), firstOf(ring, second)]).to.deep.equal([written - 1, written]);
      ring.publish();
      Atomics.store(ring.memory.i32, Header.HEAD, ring.tail);
      ring.free();
      if (round % 2 === 0) {
        const third = ring.write(ticket((written += 1), count, written), false) as number;
        expect([firstOf(ring, second), firstOf(ring, third)]).to.deep.equal([written - 1, written]);
        Atomics.store(ring.memory.i32, Header.HEAD, ring.tail);
        ring.free();
      }
      ring.free();
      expect(ring.occupied).to.equal(0);
    }
  });
});
