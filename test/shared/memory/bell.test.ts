/** The host's doorbell: no wake-up is lost between the last look and the sleep. */
import { expect } from 'chai';
import { HostBell } from '../../../src/shared/memory/bell.js';
import { Bell } from '../../../src/shared/memory/layout.js';
import { Ring } from './race-thread.js';
import { race } from '../threads.js';

const ROUNDS = 10_000;
const GUARD_MS = 3_000;

/** Both sides of a meeting: the bell, and what was published and seen. */
function meeting(): { bell: HostBell; words: Int32Array; seen(round: number): void; published(): number } {
  const bell = new HostBell();
  const words = new Int32Array(new SharedArrayBuffer(128));
  return {
    bell,
    words,
    seen(round) {
      Atomics.store(words, Ring.SEEN, round);
      Atomics.notify(words, Ring.SEEN);
    },
    published: () => Atomics.load(words, Ring.PUBLISHED),
  };
}

/** Resolves when the bell has rung since `count`; rejects when that takes so long that the wake-up is lost. */
function rung(bell: HostBell, count: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const guard = setTimeout(() => reject(new Error('the wake-up was lost')), GUARD_MS);
    bell.whenRung(count, () => {
      clearTimeout(guard);
      resolve();
    });
  });
}

describe('HostBell', () => {
  it('loses no wake-up of a real thread while the host sleeps in its event loop', async () => {
    const { bell, words, seen, published } = meeting();
    const { start, results } = await race([{ kind: 'ringer', bell: bell.buffer, words, rounds: ROUNDS }]);
    start();
    let slept = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      // More than once where the ring of the last round comes late.
      for (let count = bell.arm(); published() < round; count = bell.arm()) {
        slept += 1;
        await rung(bell, count);
      }
      bell.disarm();
      seen(round);
    }
    await results;
    expect(slept, 'the host slept at least sometimes').to.be.above(0);
  });

  it('loses no wake-up of a real thread while the host blocks', async () => {
    const { bell, words, seen, published } = meeting();
    const { start, results } = await race([{ kind: 'ringer', bell: bell.buffer, words, rounds: ROUNDS }]);
    start();
    let slept = 0;
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (let count = bell.arm(); published() < round; count = bell.arm()) {
        slept += 1;
        const before = performance.now();
        bell.sleep(count, GUARD_MS);
        expect(performance.now() - before, 'the wake-up was lost').to.be.below(GUARD_MS);
      }
      bell.disarm();
      seen(round);
    }
    await results;
    expect(slept, 'the host slept at least sometimes').to.be.above(0);
  });

  it('wakes at once when it has rung since the count was taken', async () => {
    const { bell } = meeting();
    const count = bell.arm();
    bell.ring();
    await rung(bell, count);
    const before = performance.now();
    bell.sleep(count, GUARD_MS);
    expect(performance.now() - before).to.be.below(GUARD_MS / 2);
  });

  it('a nap ends by itself, and at once when it has rung since the count was taken', () => {
    const { bell } = meeting();
    const count = bell.arm();
    const before = performance.now();
    bell.nap(count, 2);
    const napped = performance.now() - before;
    expect(napped).to.be.within(1, GUARD_MS / 2);
    bell.ring();
    bell.nap(count, GUARD_MS);
    expect(performance.now() - before - napped).to.be.below(GUARD_MS / 2);
  });

  it('rings once for a flood: who disarms it rings, the others do not', () => {
    const { bell } = meeting();
    const words = new Int32Array(bell.buffer);
    bell.arm();
    expect(Atomics.load(words, Bell.ARMED)).to.equal(1);
    bell.disarm();
    expect(Atomics.load(words, Bell.ARMED)).to.equal(0);
    const count = bell.arm();
    bell.ring();
    expect(Atomics.load(words, Bell.ARMED)).to.equal(0);
    expect(Atomics.load(words, Bell.COUNT)).to.equal(count + 1);
  });
});
