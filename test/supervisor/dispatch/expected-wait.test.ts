/** M10, M26: when a call would start: what an exact simulation of the lanes says, as far as averages can. */
import { expect } from 'chai';
import fc from 'fast-check';
import { State } from '../../../src/shared/memory/states.js';
import { expectedWaitMs } from '../../../src/supervisor/dispatch/expected-wait.js';
import type { JobLane } from '../../../src/supervisor/job.js';

const NOW = 10_000;

interface Busy {
  /** ms that its call is expected to take; 0: not known. */
  readonly ms: number;
  /** ms since its start; undefined: it has not started. */
  readonly ran?: number;
  readonly timeout?: number;
  readonly giveUpIn?: number;
  /** Calls behind it. */
  readonly behind?: number;
  readonly count?: number;
  readonly status?: JobLane['status'];
}

/** A lane with a call; null for one that has nothing to do. */
function fake(busy: Busy | null): JobLane {
  const { ms = 0, ran, timeout = Infinity, behind = 0, count, giveUpIn, status = 'ready' } = busy ?? {};
  const job = {
    fn: { expectedMs: () => ms },
    items: count === undefined ? null : { count },
    timeout,
    stopping: giveUpIn === undefined ? null : { giveUpAt: NOW + giveUpIn },
  };
  const tail = busy === null ? 7 : 8 + behind;
  return {
    status,
    opening: null,
    ring: {
      done: 7,
      tail,
      holds: (sequence: number) => sequence >= 7 && sequence < tail,
      ticket: () => job,
      state: () => (ran === undefined ? State.queued : State.running),
      startedAt: () => NOW - (ran ?? 0),
    },
  } as unknown as JobLane;
}

const wait = (lanes: readonly (Busy | null)[], calls = 0, ms = 0): number =>
  expectedWaitMs(lanes.map(fake), { calls, ms }, NOW);

/** When a call starts that comes behind so many of `ms` each: each goes to the lane that is free first. */
function simulate(rests: readonly number[], calls: number, ms: number): number {
  const free = rests.toSorted((one, other) => one - other);
  for (let call = 0; call < calls; call += 1) {
    free.push((free.shift() as number) + ms);
    free.sort((one, other) => one - other);
  }
  return free[0] as number;
}

describe('the time until a call would start', () => {
  it('is none where a lane is free and nothing waits, where nothing is known, and where there is no lane', () => {
    expect(wait([{ ms: 500, ran: 0 }, null])).to.equal(0);
    expect(wait([{ ms: 0, ran: 400 }, { ms: 0 }], 30, 0)).to.equal(0);
    expect(wait([], 5, 500)).to.equal(0);
    expect(wait([{ ms: 50, ran: 0, status: 'retiring' }], 5, 500)).to.equal(0);
  });

  it('is what the lane that is free first has to do, where nothing waits', () => {
    expect(wait([{ ms: 100, ran: 30 }, { ms: 200, ran: 160 }, { ms: 90 }])).to.equal(40);
    expect(wait([{ ms: 10, ran: 4, behind: 3 }]), 'with what is behind it').to.equal(36);
    expect(wait([{ ms: 10, ran: 100, count: 30 }]), 'a batch, by its items').to.equal(200);
  });

  it('of a call that takes longer than expected is as much again, until its timeout or its grace ends', () => {
    expect(wait([{ ms: 100, ran: 100 }])).to.equal(0);
    expect(wait([{ ms: 100, ran: 150 }])).to.equal(50);
    expect(wait([{ ms: 100, ran: 1_100, timeout: 1_120 }])).to.equal(20);
    expect(wait([{ ms: 100, ran: 1_100, giveUpIn: 7 }])).to.equal(7);
    expect(wait([{ ms: 100, ran: 20, timeout: 30 }])).to.equal(10);
  });

  it('is no later than the last lane is free, with fewer calls in front than lanes', () => {
    const busy = [5, 6, 7, 8].map((rest) => ({ ms: 10, ran: 10 - rest }));
    expect(wait(busy, 1, 1_000)).to.be.at.most(8);
  });

  it('is what a simulation says, within a call, for calls that take the same', () => {
    const d = fc.integer({ min: 1, max: 1_000 });
    const ran = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(d, fc.array(ran, { minLength: 1, maxLength: 16 }), fc.nat(300), (ms, shares, calls) => {
        const lanes = shares.map((share) => ({ ms, ran: ms * share }));
        const rests = lanes.map((lane) => ms - lane.ran);
        expect(wait(lanes, calls, calls * ms)).to.be.closeTo(simulate(rests, calls, ms), ms + 1e-6);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is right on average: as often too long as too short', () => {
    let error = 0;
    let seed = 1;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    for (let round = 0; round < 4_000; round += 1) {
      const lanes = Array.from({ length: 1 + (round % 8) }, () => ({ ms: 100, ran: 100 * random() }));
      const calls = round % 50;
      error +=
        wait(lanes, calls, calls * 100) -
        simulate(
          lanes.map((lane) => 100 - lane.ran),
          calls,
          100,
        );
    }
    expect(Math.abs(error / 4_000), 'in % of a call').to.be.below(10);
  });

  it('grows with what waits, and is a time, whatever lanes say', () => {
    const lane = fc.option(
      fc.record({ ms: fc.nat(1_000), ran: fc.option(fc.nat(5_000), { nil: 0 }), behind: fc.nat(3) }),
      { nil: null },
    );
    fc.assert(
      fc.property(
        fc.array(lane, { maxLength: 8 }),
        fc.nat(40),
        fc.nat(9_000),
        fc.nat(9_000),
        (lanes, calls, ms, more) => {
          const before = wait(lanes, calls + lanes.length, ms);
          expect(before).to.be.within(0, 1e9);
          expect(wait(lanes, calls + lanes.length, ms + more * (calls + lanes.length))).to.be.at.least(
            before - 1e-6,
          );
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
