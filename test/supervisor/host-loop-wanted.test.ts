/** The host's loop, asleep: what did not ring, because nobody wanted it then, is noticed once somebody does. */
import { expect } from 'chai';
import { HostBell } from '../../src/shared/bell.js';
import { HostLoop } from '../../src/supervisor/host-loop.js';
import { turn } from './lab.js';

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

  awaited(): boolean {
    return true;
  }

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
