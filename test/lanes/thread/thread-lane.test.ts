/** M2: a real thread lane: nothing is lost or late around the moment at which it falls asleep. */
import { expect } from 'chai';
import type { DeclaredFunction } from '../../../src/lanes/rows/declared-function.js';
import { Slabs } from '../../../src/lanes/memory/slabs.js';
import { ThreadLane } from '../../../src/lanes/thread/thread-lane.js';
import { startLaneThread } from '../../../src/lanes/thread/thread-start.js';
import type { Ticket } from '../../../src/lanes/rows/ticket.js';
import { HostBell } from '../../../src/shared/memory/bell.js';
import { Header } from '../../../src/shared/memory/layout.js';
import { State } from '../../../src/shared/memory/states.js';
import { readReturned } from '../../../src/lanes/rows/unpack.js';
import { testlib } from '../../helpers/testlib.js';
import { declare } from '../fixture.js';
import { slow } from '../../helpers/fast-run.js';
import { until } from '../../helpers/waiting.js';

/** ms in which a call or a message that was not lost has long been answered. */
const GUARD_MS = 2_000;

interface Lab {
  readonly lane: ThreadLane<Ticket>;
  readonly add: DeclaredFunction;
  readonly crashes: unknown[];
}

/** A lane that sleeps as soon as it has no call. */
function lab(): Lab {
  const crashes: unknown[] = [];
  const lane = new ThreadLane<Ticket>(
    {
      name: 'lab',
      size: { rows: 16, arenaBytes: 4_096, chunkBytes: 65_536, batchBytes: 0 },
      slabs: new Slabs(),
      bell: new HostBell().buffer,
      spinUs: 0,
      stackSizeMb: 4,
      thread: startLaneThread({ execPath: process.execPath, execArgv: [], env: {}, laneFile: null }, 4),
    },
    { crashed: (_, cause) => crashes.push(cause), endedAsAsked: () => {} },
  );
  const add = declare({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' }, testlib);
  announce(lane, add);
  return { lane, add, crashes };
}

function announce(lane: ThreadLane<Ticket>, fn: DeclaredFunction): void {
  lane.announce({
    kind: 'library',
    terms: null,
    path: testlib,
    engine: 'koffi',
    functions: [{ number: fn.number, spec: fn.compiled.spec }],
  });
}

/** Waits in this thread, without the event loop, for a moment that shared memory shows. */
function spinUntil(holds: () => boolean, what: string, ms = GUARD_MS): void {
  const until = performance.now() + ms;
  while (!holds()) if (performance.now() > until) throw new Error(`waited in vain for ${what}`);
}

describe('ThreadLane', () => {
  slow(
    'calls issued around the moment at which it falls asleep are neither lost nor run twice, and the lane goes on',
    async () => {
      const { lane, add, crashes } = lab();
      try {
        const { ring } = lane;
        const { i32 } = ring.memory;
        await until(() => lane.announcedReady, 'the lane to start', GUARD_MS);
        let asleep = 0;
        for (let round = 0; round < 400; round += 1) {
          // From well before it sleeps to well after that, also in its event loop, in steps of 15 µs.
          const at = performance.now() + ((round % 200) * 15) / 1_000;
          while (performance.now() < at);
          if (round % 50 === 49) {
            await until(() => Atomics.load(i32, Header.SLEEPING) === 1, 'the lane to sleep', GUARD_MS);
          }
          if (lane.asleep) asleep += 1;
          const sequence = ring.write(
            { id: round + 1, fn: add, args: [round, 1], highWaterMark: 0, items: null },
            false,
          ) as number;
          lane.wake();
          // Half of the time this thread blocks, as `blocking` calls do.
          if (round % 2 === 0) spinUntil(() => ring.done === ring.tail, `call ${round}, blocking`);
          else await until(() => ring.done === ring.tail, `call ${round}`, GUARD_MS);
          expect(ring.state(sequence)).to.equal(State.succeeded);
          expect(readReturned(ring.memory, sequence, ring.payload(sequence), add, null)).to.equal(round + 1);
          ring.free();
        }
        expect(asleep, 'rounds that met a lane that sleeps').to.be.above(0);
        expect((await lane.report()).calls).to.equal(400);
        expect(crashes).to.deep.equal([]);
      } finally {
        await lane.end();
      }
    },
  );

  it('a library announced around the moment at which it falls asleep is bound without waiting for a call', async () => {
    const { lane, crashes } = lab();
    try {
      await until(() => lane.bound, 'the lane to start', GUARD_MS);
      for (let round = 0; round < 300; round += 1) {
        const at = performance.now() + 0.6 + (round % 100) / 125;
        while (performance.now() < at);
        announce(lane, declare({ symbol: 'ot_nothing', arguments: [], return: 'void' }, testlib));
        await until(() => lane.bound, `announcement ${round}`, GUARD_MS);
      }
      expect(crashes).to.deep.equal([]);
    } finally {
      await lane.end();
    }
  });

  it('answers questions, and drains what was written before', async () => {
    const { lane, add } = lab();
    try {
      const report = await lane.setUp();
      expect(report.calls).to.equal(0);
      expect(report.engines).to.deep.equal(['koffi']);
      const { ring } = lane;
      for (let id = 1; id <= 10; id += 1)
        ring.write({ id, fn: add, args: [id, id], highWaterMark: 0, items: null }, false);
      await lane.drain();
      expect(ring.remaining).to.equal(0);
      expect((await lane.report()).calls).to.equal(10);
    } finally {
      await lane.end();
    }
  });

  it('questions to a lane that ends are answered with a rejection, not with silence', async () => {
    const { lane } = lab();
    await lane.setUp();
    const answer = (question: Promise<unknown>): Promise<unknown> =>
      question.then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      );
    const asked = answer(lane.report());
    await lane.end();
    expect(['answered', 'OFFTHREAD_LANE_CRASHED']).to.include(await asked);
    expect(lane.status).to.equal('ended');
    const ask = (): Promise<unknown> => lane.report();
    expect(ask, 'a promise, whatever happens').to.not.throw();
    expect(await answer(ask())).to.equal('OFFTHREAD_LANE_CRASHED');
  });
});
