/** M10: which lane gets a call: the warmest idle one, and never behind one that may block. */
import { expect } from 'chai';
import fc from 'fast-check';
import { chooseLane } from '../../../src/supervisor/dispatch/choose-lane.js';
import type { DeclaredFunction } from '../../../src/lanes/rows/declared-function.js';
import type { JobLane } from '../../../src/supervisor/job.js';

const ROWS = 4;

interface FakeLane {
  readonly status: JobLane['status'];
  readonly occupied: number;
  readonly lastUsed: number;
  readonly exclusive: boolean;
  readonly asleep: boolean;
}

function choose(
  lanes: readonly FakeLane[],
  short: boolean,
  averageUs: number,
  callUs = 0.4,
): FakeLane | null {
  const fakes = lanes.map((lane) => ({
    ...lane,
    opening: null,
    ring: { occupied: lane.occupied, memory: { mask: ROWS - 1 } },
  }));
  const job = { fn: { short, averageUs } as DeclaredFunction, items: null };
  const chosen: unknown = chooseLane(fakes as unknown as readonly JobLane[], job, callUs);
  return chosen === null ? null : (lanes[fakes.indexOf(chosen as (typeof fakes)[number])] ?? null);
}

const lane: fc.Arbitrary<FakeLane> = fc.record({
  status: fc.constantFrom('starting', 'ready', 'ready', 'ready', 'lost', 'ended'),
  occupied: fc.integer({ min: 0, max: ROWS }),
  lastUsed: fc.integer({ min: 0, max: 100 }),
  exclusive: fc.boolean(),
  asleep: fc.boolean(),
});

describe('choosing a lane', () => {
  it('keeps its rules for any lanes and any function', () => {
    fc.assert(
      fc.property(
        fc.array(lane, { maxLength: 6 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 30 }),
        (lanes, short, averageUs) => {
          const chosen = choose(lanes, short, averageUs);
          const idle = lanes.filter(({ status, occupied }) => status === 'ready' && occupied === 0);
          const open = lanes.filter(
            ({ status, occupied, exclusive }) =>
              short && status === 'ready' && occupied > 0 && occupied < ROWS && !exclusive,
          );
          if (chosen === null) {
            expect(idle.length + open.length, 'a lane was free').to.equal(0);
            return;
          }
          expect(chosen.status).to.equal('ready');
          if (chosen.occupied === 0) {
            expect(chosen.lastUsed).to.equal(Math.max(...idle.map(({ lastUsed }) => lastUsed)));
          } else {
            expect(open).to.include(chosen);
            expect(chosen.occupied).to.equal(Math.min(...open.map(({ occupied }) => occupied)));
            // Rather than an idle lane only where waking that would take longer.
            for (const { asleep } of idle.filter(({ lastUsed }) => lastUsed === 100)) {
              expect(asleep).to.equal(true);
            }
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('stays with the awake lane for what that runs faster than the host can hand it out', () => {
    const awake: FakeLane = { status: 'ready', occupied: 3, lastUsed: 9, exclusive: false, asleep: false };
    const idle: FakeLane = { ...awake, occupied: 0 };
    expect(choose([awake, idle], true, 1.5, 2)).to.equal(awake);
    expect(choose([awake, idle], true, 2.5, 2)).to.equal(idle);
    expect(choose([{ ...awake, occupied: ROWS }, idle], true, 1.5, 2), 'it is full').to.equal(idle);
  });

  it('gives a lane no more than 30 ms of short calls, since calls of higher priority wait for them', () => {
    const busy: FakeLane = { status: 'ready', occupied: 2, lastUsed: 9, exclusive: false, asleep: false };
    expect(choose([busy], true, 14_000)).to.equal(busy);
    expect(choose([busy], true, 15_000)).to.equal(null);
    expect(choose([busy], true, 15_000, Infinity), 'also where one lane is enough').to.equal(null);
  });

  it('wakes a sleeping lane when the awake one has enough to do', () => {
    const awake: FakeLane = { status: 'ready', occupied: 2, lastUsed: 9, exclusive: false, asleep: false };
    const asleep: FakeLane = { status: 'ready', occupied: 0, lastUsed: 1, exclusive: false, asleep: true };
    expect(choose([awake, asleep], true, 2)).to.equal(awake);
    expect(choose([awake, asleep], true, 29)).to.equal(asleep);
    expect(choose([awake, { ...asleep, asleep: false }], true, 2)?.occupied).to.equal(0);
    expect(choose([awake, asleep], false, 2)).to.equal(asleep);
    expect(choose([awake], false, Infinity)).to.equal(null);
  });
});
