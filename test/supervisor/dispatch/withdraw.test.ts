/** Calls stacked behind one that suddenly blocks run elsewhere: in order, exactly once, soon. */
import { expect } from 'chai';
import { detach } from '../../lanes/fixture.js';
import type { NativeCall, Pool } from 'offthread';
import { type Native, SharedWord, expectSettled, inTime, turn, withLanes } from '../lab.js';
import { wait } from '../../helpers/waiting.js';

const GUARD_MS = 5_000;
const STACKED = 8;
const WARM_UP = 300;

interface Stack {
  readonly blocker: NativeCall<number>;
  readonly release: SharedWord;
  /** Each adds 1 to its own word. */
  readonly entered: SharedWord[];
  readonly calls: NativeCall<number>[];
  /** Calls that it took, with those that make the function known. */
  readonly made: number;
  /** Indices of the calls, as they settled. */
  readonly order: number[];
}

/**
 * Makes the function known as short, then has one call block with others behind
 * it in the same lane. On a machine that others use its runs may be measured as
 * long for a while: then they are let go, and it is made known once more.
 */
async function stack(lib: Native, pool: Pool, attempts = 50, before = 0): Promise<Stack> {
  const made = before + WARM_UP + 1 + STACKED;
  const open = new SharedWord(1);
  const scratch = new SharedWord();
  for (let call = 0; call < WARM_UP; call += 1) await lib.enter(scratch.address, open.address, GUARD_MS);
  const release = new SharedWord();
  const inside = new SharedWord();
  const order: number[] = [];
  const entered = Array.from({ length: STACKED }, () => new SharedWord());
  const blocker = lib.enter(inside.address, release.address, GUARD_MS);
  const calls = entered.map((word) => lib.enter(word.address, open.address, GUARD_MS));
  if (pool.stats().lanes.busy !== 1 && attempts > 0) {
    release.value = 1;
    await Promise.all([blocker, ...calls]);
    return stack(lib, pool, attempts - 1, made);
  }
  // The premise: all of them are in the blocker's lane.
  expect(pool.stats().lanes.busy, 'lanes that have calls').to.equal(1);
  expect(blocker.state).to.not.equal('succeeded');
  calls.forEach((call, index) => void call.settled().then(() => order.push(index)));
  // Without leaving this tick: nothing may be taken back before the blocker is inside.
  await Promise.resolve();
  const guard = performance.now() + GUARD_MS;
  while (inside.value === 0) {
    if (performance.now() > guard) throw new Error('the blocker never started');
  }
  return { blocker, release, entered, calls, made, order };
}

function expectOnceInOrder({ entered, order }: Stack): void {
  expect(entered.map((word) => word.value)).to.deep.equal(entered.map(() => 1));
  expect(order).to.deep.equal(order.toSorted((one, other) => one - other));
  expect(order).to.have.length(STACKED);
}

describe('calls behind one that blocks (M2, M27)', () => {
  for (let round = 0; round < 3; round += 1) {
    it(`run on another lane while it blocks, round ${round + 1}`, async () => {
      await withLanes({ lanes: 2 }, async (lib, pool) => {
        const stacked = await stack(lib, pool);
        await inTime(Promise.all(stacked.calls), 'the calls behind', 1_000);
        await turn();
        expect(stacked.blocker.state).to.equal('running');
        expectOnceInOrder(stacked);
        stacked.release.value = 1;
        await inTime(stacked.blocker, 'the blocker');
        expectSettled(pool, stacked.made);
        expect(pool.stats().lanesLost).to.equal(0);
      });
    });
  }

  for (const maxLostLanes of [0, 4]) {
    it(`run on another lane when it is cancelled and its lane lost, maxLostLanes ${maxLostLanes}`, async () => {
      await withLanes({ lanes: 2, maxLostLanes }, async (lib, pool) => {
        const stacked = await stack(lib, pool);
        const cancelled = stacked.blocker.settled();
        expect(stacked.blocker.cancel()).to.equal(true);
        await inTime(Promise.all(stacked.calls), 'the calls behind', 1_000);
        await turn();
        expect((await cancelled).status).to.equal('cancelled');
        expectOnceInOrder(stacked);
        stacked.release.value = 1;
        expectSettled(pool, stacked.made);
      });
    });
  }

  it('run after it on the only lane', async () => {
    await withLanes({ lanes: 1 }, async (lib, pool) => {
      const stacked = await stack(lib, pool);
      stacked.blocker.catch(() => {});
      stacked.release.value = 1;
      await inTime(Promise.all(stacked.calls), 'the calls behind');
      await turn();
      expectOnceInOrder(stacked);
      expectSettled(pool, stacked.made);
    });
  });

  it('can be cancelled while they are stacked, and after they were taken back', async () => {
    await withLanes({ lanes: 1, timeout: 0 }, async (lib, pool) => {
      const stacked = await stack(lib, pool);
      const records = Promise.all(stacked.calls.map((call) => call.settled()));
      expect(stacked.calls[0]?.cancel()).to.equal(true);
      // Longer than calls stay behind one that blocks: now they are back in the queue.
      await wait(30);
      expect(stacked.calls[1]?.state).to.equal('queued');
      expect(stacked.calls[1]?.cancel()).to.equal(true);
      stacked.release.value = 1;
      const statuses = (await inTime(records, 'the calls behind')).map(({ status }) => status);
      await inTime(stacked.blocker, 'the blocker');
      expect(statuses).to.deep.equal([
        'cancelled',
        'cancelled',
        ...Array.from({ length: STACKED - 2 }, () => 'succeeded'),
      ]);
      expect(stacked.entered.map((word) => word.value)).to.deep.equal([0, 0, 1, 1, 1, 1, 1, 1]);
      expectSettled(pool, stacked.made);
    });
  });

  for (const bytes of [64, 20_000]) {
    it(`have the bytes that they were called with, although their buffers have changed since (${bytes} bytes)`, async () => {
      await withLanes({ lanes: 1 }, async (lib, pool) => {
        const open = new SharedWord(1);
        const scratch = new SharedWord();
        const length = BigInt(bytes);
        for (let call = 0; call < WARM_UP; call += 1) {
          await lib.enter(scratch.address, open.address, GUARD_MS);
          await lib.sum(new Uint8Array(64), 64n);
        }
        const release = new SharedWord();
        const blocker = lib.enter(scratch.address, release.address, GUARD_MS);
        const buffers = [1, 2, 3].map((fill) => new Uint8Array(bytes).fill(fill));
        const sums = buffers.map((buffer) => lib.sum(buffer, length));
        buffers[0]?.fill(9);
        detach((buffers[1] as Uint8Array<ArrayBuffer>).buffer);
        // Longer than calls stay behind one that blocks: by now they were taken back.
        await wait(30);
        expect(blocker.state).to.equal('running');
        release.value = 1;
        const settled = await inTime(Promise.all(sums.map((call) => call.settled())), 'the sums');
        expect(settled.map(({ status, value }) => [status, value])).to.deep.equal(
          [length, length * 2n, length * 3n].map((sum) => ['succeeded', sum]),
        );
        await inTime(blocker, 'the blocker');
        expectSettled(pool, WARM_UP * 2 + 1 + 3);
      });
    });
  }
});
