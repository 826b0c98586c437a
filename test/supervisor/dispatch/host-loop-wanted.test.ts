/** The host's loop, asleep: what did not ring, because nobody wanted it then, is noticed once somebody does. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HostBell } from '../../../src/shared/memory/bell.js';
import { HostLoop, type LoopWork } from '../../../src/supervisor/dispatch/host-loop.js';
import { turn } from '../lab.js';

/** A lane with a chunk that rings only while it is wanted. */
class FakeLane {
  wanted = false;
  chunks = 0;
  taken = 0;
  looks = 0;

  publish(): void {}
  gather(): void {}

  busy(): boolean {
    return true;
  }

  soonUs(): number {
    return Infinity;
  }

  keepAlive(): void {}

  rung(): boolean {
    return this.wanted && this.chunks > 0;
  }

  harvest(): number {
    this.looks += 1;
    if (!this.wanted || this.chunks === 0) return 0;
    this.chunks -= 1;
    this.taken += 1;
    this.wanted = false;
    return 1;
  }
}

describe('HostLoop and chunks', () => {
  it('looks when it is told of something, although it is asleep already', async () => {
    const bell = new HostBell();
    const lane = new FakeLane();
    const loop = new HostLoop(bell, lane, 0);
    loop.notice();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    // Comes while nobody wants it: the lane does not ring.
    lane.chunks = 1;
    loop.notice();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(lane.taken).to.equal(0);
    lane.wanted = true;
    loop.notice();
    for (let turns = 0; turns < 5; turns += 1) await turn();
    expect(lane.taken).to.equal(1);
    bell.ring();
  });

  it('sleeps again after that, and is still woken by a ring', async () => {
    const bell = new HostBell();
    const lane = new FakeLane();
    const loop = new HostLoop(bell, lane, 0);
    for (let round = 1; round <= 50; round += 1) {
      lane.chunks = 1;
      lane.wanted = true;
      loop.notice();
      const until = performance.now() + 2_000;
      while (lane.taken < 2 * round - 1) {
        expect(performance.now()).to.be.below(until);
        await turn();
      }
      // Until it is asleep: then it looks no more.
      for (let looks = -1; looks !== lane.looks; ) {
        looks = lane.looks;
        for (let turns = 0; turns < 3; turns += 1) await turn();
      }
      lane.chunks = 1;
      lane.wanted = true;
      bell.ring();
      while (lane.taken < 2 * round) {
        expect(performance.now(), 'a ring that was not heard').to.be.below(until);
        await turn();
      }
    }
  });
});

/** Calls that somebody waits for, and for which the process is kept alive. */
class Awaited extends HostBell {
  held = false;
  readonly work: LoopWork & { flying: number; finished: number; soon: number } = {
    flying: 0,
    finished: 0,
    soon: Infinity,
    publish: () => {},
    gather: () => {},
    busy: () => this.work.flying > 0,
    keepAlive: () => {
      this.held = this.work.flying > 0;
    },
    soonUs: () => this.work.soon,
    rung: () => this.work.finished > 0,
    harvest: () => {
      const found = this.work.finished;
      this.work.finished = 0;
      this.work.flying -= found;
      return found;
    },
  };
}

describe('HostLoop and the life of the process (B3)', () => {
  it('lets the process go when nobody waits any more, whoever took the last result', async () => {
    const call = fc.record({
      soon: fc.constantFrom(1, 30, Infinity),
      before: fc.nat(3),
      between: fc.nat(2),
      taker: fc.constantFrom('the loop', 'a look at what is due'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 5 }), async (calls) => {
        const bell = new Awaited();
        const { work } = bell;
        const loop = new HostLoop(bell, work, 20);
        for (const { soon, before, between, taker } of calls) {
          work.soon = soon;
          work.flying += 1;
          loop.notice();
          for (let turns = 0; turns < before; turns += 1) await turn();
          work.finished += 1;
          for (let turns = 0; turns < between; turns += 1) await turn();
          if (taker === 'the loop') bell.ring();
          else if (work.harvest() > 0) loop.notice();
        }
        bell.ring();
        for (let turns = 0; turns < 5; turns += 1) await turn();
        expect(work.flying).to.equal(0);
        expect(bell.held).to.equal(false);
      }),
      { numRuns: 300 },
    );
  });

  it('also when it polls, and another has taken what it polls for', async () => {
    const bell = new Awaited();
    const { work } = bell;
    const loop = new HostLoop(bell, work, 0);
    work.soon = 30;
    work.flying = 1;
    loop.notice();
    await Promise.resolve();
    expect(bell.held).to.equal(true);
    work.finished = 1;
    work.harvest();
    for (let turns = 0; turns < 3; turns += 1) await turn();
    expect(bell.held).to.equal(false);
  });
});
