/** The host's loop, driven by fake lanes: results are always noticed, and the event loop never starves. */
import { expect } from 'chai';
import fc from 'fast-check';
import { HostBell } from '../../../src/shared/memory/bell.js';
import { Bell } from '../../../src/shared/memory/layout.js';
import { HostLoop, type LoopWork, type WokenLane } from '../../../src/supervisor/dispatch/host-loop.js';
import { turns, until, wait } from '../../helpers/waiting.js';

/** Looks at the lanes within one turn of the event loop after which it has starved. */
const STARVED = 300_000;

/** A bell on which nobody sleeps for long. */
class FakeBell extends HostBell {
  naps = 0;
  /** What happens while the host sleeps in a tick. */
  onNap: () => void = () => {};

  override nap(): void {
    this.naps += 1;
    this.onNap();
  }
}

/** Lanes that finish what the test tells them to. */
class FakeLanes implements LoopWork {
  readonly bell: FakeBell = new FakeBell();
  readonly #words: Int32Array = new Int32Array(this.bell.buffer);
  inFlight = 0;
  finished = 0;
  harvested = 0;
  soon: number = Infinity;
  /** New work comes with every result, and is finished at once: the lanes never run dry. */
  endless = false;
  starved = false;
  looks = 0;
  publishes = 0;
  gathers = 0;

  /** These lanes as one. */
  get woken(): WokenLane {
    const occupied = (): number => this.inFlight;
    const rung = (): boolean => this.rung();
    return {
      get occupied() {
        return occupied();
      },
      get rung() {
        return rung();
      },
    };
  }

  get armed(): boolean {
    return Atomics.load(this.#words, Bell.ARMED) === 1;
  }

  start(count = 1): void {
    this.inFlight += count;
  }

  /** A lane finishes a call, and rings as lanes do. */
  finish(): void {
    this.finished += 1;
    if (Atomics.compareExchange(this.#words, Bell.ARMED, 1, 0) !== 1) return;
    Atomics.add(this.#words, Bell.COUNT, 1);
    Atomics.notify(this.#words, Bell.COUNT);
  }

  publish(): void {
    this.publishes += 1;
  }

  harvest(): number {
    this.looks += 1;
    if (this.looks > STARVED) {
      this.starved = true;
      this.endless = false;
      this.inFlight = 0;
      return 0;
    }
    if (this.endless) {
      this.harvested += 1;
      return 1;
    }
    const found = this.finished;
    this.finished = 0;
    this.harvested += found;
    this.inFlight -= found;
    return found;
  }

  busy(): boolean {
    return this.endless || this.inFlight > 0;
  }

  soonUs(): number {
    return this.soon;
  }

  gather(): void {
    this.gathers += 1;
  }

  keepAlive(): void {}

  rung(): boolean {
    return this.endless || this.finished > 0;
  }
}

function lab(spinUs = 20): { lanes: FakeLanes; loop: HostLoop } {
  const lanes = new FakeLanes();
  return { lanes, loop: new HostLoop(lanes.bell, lanes, spinUs) };
}

/** Resolves when everything started has been harvested; rejects when a result goes unnoticed. */
async function allNoticed(lanes: FakeLanes): Promise<void> {
  const until = performance.now() + 2_000;
  while (lanes.inFlight > 0) {
    if (performance.now() > until) throw new Error(`${lanes.finished} results were never noticed`);
    await turns(1);
  }
}

describe('HostLoop', () => {
  it('decides once, after everything that a tick dispatched', async () => {
    const { lanes, loop } = lab();
    lanes.start(3);
    for (let call = 0; call < 3; call += 1) loop.notice();
    expect([lanes.publishes, lanes.looks]).to.deep.equal([0, 0]);
    await Promise.resolve();
    expect(lanes.publishes).to.equal(1);
    lanes.inFlight = 0;
  });

  it('rests when nothing is in flight: not armed, nothing looked at', async () => {
    const { lanes, loop } = lab();
    loop.notice();
    await wait(5);
    expect([lanes.looks, lanes.armed]).to.deep.equal([0, false]);
  });

  it('costs nothing while it is armed, and wakes once for a flood (B5)', async () => {
    const { lanes, loop } = lab();
    lanes.start(100);
    loop.notice();
    await turns(1);
    expect(lanes.armed).to.equal(true);
    expect(lanes.gathers).to.be.above(0);
    const { looks } = lanes;
    await wait(20);
    expect(lanes.looks).to.equal(looks);
    for (let call = 0; call < 100; call += 1) lanes.finish();
    await allNoticed(lanes);
    expect(lanes.looks - looks).to.be.below(10);
    await turns(1);
    expect(lanes.armed, 'nothing is left').to.equal(false);
  });

  for (const [how, soon] of [
    ['spins succeed', 1],
    ['polls succeed', 30],
    ['the last look before sleeping succeeds', Infinity],
  ] as const) {
    it(`never starves the event loop, although ${how} for ever`, async () => {
      const { lanes, loop } = lab();
      lanes.soon = soon;
      lanes.endless = true;
      lanes.start();
      loop.notice();
      let timers = 0;
      const timer = setInterval(() => {
        timers += 1;
      }, 1);
      for (let i = 0; i < 50; i += 1) {
        lanes.looks = 0;
        await turns(1);
      }
      lanes.looks = 0;
      await wait(10);
      clearInterval(timer);
      const { starved, harvested } = lanes;
      lanes.endless = false;
      lanes.inFlight = 0;
      expect(starved).to.equal(false);
      expect(timers).to.be.above(0);
      expect(harvested).to.be.above(0);
    });
  }

  it('spins less and less often when spins find nothing, and again when they do', async () => {
    const { lanes, loop } = lab(5);
    lanes.soon = 1;
    lanes.start();
    const spins = async (notices: number): Promise<number> => {
      let spun = 0;
      for (let one = 0; one < notices; one += 1) {
        const { looks } = lanes;
        loop.notice();
        await Promise.resolve();
        if (lanes.looks - looks >= 20) spun += 1;
        await turns(1);
      }
      return spun;
    };
    const first = await spins(60);
    expect(first).to.be.within(1, 12);
    lanes.inFlight = 0;
    await turns(1);
  });

  it('goes from polling to sleep when nothing comes', async () => {
    const { lanes, loop } = lab();
    lanes.soon = 30;
    lanes.start();
    loop.notice();
    await wait(10);
    expect(lanes.armed).to.equal(true);
    lanes.finish();
    await allNoticed(lanes);
  });

  it('takes the result of a lane that had to be woken in the same tick, while the host sleeps at the latest', async () => {
    const { lanes, loop } = lab();
    lanes.soon = 1;
    for (const [call, when] of (
      ['before', 'while it sleeps', 'before', 'while it sleeps'] as const
    ).entries()) {
      lanes.bell.onNap = when === 'before' ? () => {} : () => lanes.finish();
      lanes.start();
      loop.woke(lanes.woken);
      loop.notice();
      if (when === 'before') lanes.finish();
      await Promise.resolve();
      expect([lanes.harvested, lanes.armed, lanes.gathers]).to.deep.equal([call + 1, false, 0]);
      // A turn may wait twice only.
      await turns(1);
    }
  });

  it('waits so twice in a turn of the event loop at most', async () => {
    const { lanes, loop } = lab();
    lanes.soon = Infinity;
    lanes.bell.onNap = () => lanes.finish();
    const napsOf = async (calls: number): Promise<number> => {
      const { naps } = lanes.bell;
      for (let call = 0; call < calls; call += 1) {
        lanes.start();
        loop.woke(lanes.woken);
        loop.notice();
        await Promise.resolve();
        while (lanes.inFlight > lanes.finished) lanes.finish();
        loop.look();
      }
      return lanes.bell.naps - naps;
    };
    expect(await napsOf(20)).to.equal(2);
    await turns(2);
    expect(await napsOf(20)).to.equal(2);
    await turns(2);
  });

  it('does neither for several calls of the lane, which go on meanwhile', async () => {
    const { lanes, loop } = lab();
    lanes.soon = Infinity;
    lanes.start(2);
    loop.woke(lanes.woken);
    loop.notice();
    await Promise.resolve();
    expect([lanes.bell.naps, lanes.looks, lanes.armed]).to.deep.equal([0, 0, true]);
    lanes.finish();
    lanes.finish();
    await allNoticed(lanes);
  });

  it('goes from that to sleep when nothing comes, and tries ever more rarely', async () => {
    const { lanes, loop } = lab();
    lanes.soon = 30;
    for (let call = 0; call < 60; call += 1) {
      lanes.start();
      loop.woke(lanes.woken);
      loop.notice();
      await until(() => lanes.armed, 'the loop to sleep');
      lanes.finish();
      await allNoticed(lanes);
      await until(() => !lanes.armed, 'the loop to rest');
      await turns(1);
    }
    expect(lanes.bell.naps).to.be.within(1, 12);
  });

  it('never spins with a spin of 0', async () => {
    const { lanes, loop } = lab(0);
    lanes.soon = 1;
    lanes.start();
    loop.woke(lanes.woken);
    loop.notice();
    await Promise.resolve();
    expect([lanes.looks, lanes.bell.naps]).to.deep.equal([0, 0]);
    lanes.finish();
    await allNoticed(lanes);
  });

  it('a host that blocked by itself leaves the loop armed for what is still running (M2)', async () => {
    const { lanes, loop } = lab();
    lanes.start(2);
    loop.notice();
    await turns(1);
    loop.armToBlock();
    loop.look();
    // The blocking call ends without a ring: by its deadline, or seen before the lane rang.
    lanes.inFlight -= 1;
    loop.stopBlocking();
    await turns(1);
    expect(lanes.armed).to.equal(true);
    lanes.finish();
    await allNoticed(lanes);
  });

  it('notices every result, whenever it comes and whatever the host does meanwhile', async () => {
    const moment = fc.constantFrom('now', 'microtask', 'turn', 'timer');
    const step = fc.record({
      at: moment,
      what: fc.constantFrom('dispatch', 'finish', 'finish', 'finish all', 'block', 'look', 'notice', 'woke'),
      soon: fc.constantFrom(1, 30, Infinity),
    });
    const moments: Record<string, () => Promise<void> | undefined> = {
      now: () => undefined,
      microtask: () => Promise.resolve(),
      turn: () => turns(1),
      timer: () => wait(1),
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.constantFrom(0, 20),
        async (steps, spinUs) => {
          const { lanes, loop } = lab(spinUs);
          const running = (): number => lanes.inFlight - lanes.finished;
          for (const { at, what, soon } of steps) {
            const moment = moments[at]?.();
            if (moment !== undefined) await moment;
            lanes.soon = soon;
            lanes.looks = 0;
            if (what === 'dispatch') {
              lanes.start();
              loop.notice();
            } else if (what === 'finish' && running() > 0) lanes.finish();
            else if (what === 'finish all') while (running() > 0) lanes.finish();
            else if (what === 'look') loop.look();
            else if (what === 'notice') loop.notice();
            else if (what === 'woke') loop.woke(lanes.woken);
            else if (what === 'block') {
              loop.spinToBlock();
              loop.armToBlock();
              loop.look();
              if (running() > 0) lanes.finish();
              loop.look();
              loop.stopBlocking();
            }
          }
          // What is running now ends without anybody telling the loop.
          await turns(1);
          while (running() > 0) lanes.finish();
          await allNoticed(lanes);
        },
      ),
      { numRuns: 100 },
    );
  });
});
