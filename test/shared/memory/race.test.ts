/** M1, M2: real threads race on the rows of a ring; every call has exactly one ending. */
import { MessageChannel } from 'node:worker_threads';
import { expect } from 'chai';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { LaneRing } from '../../../src/lanes/rows/lane-ring.js';
import type { Ticket } from '../../../src/lanes/rows/ticket.js';
import { Header } from '../../../src/shared/memory/layout.js';
import { State } from '../../../src/shared/memory/states.js';
import { declare, threadBytes } from '../../lanes/fixture.js';
import type { RaceTable, RaceTask } from './race-thread.js';
import { race } from '../threads.js';
import { slow } from '../../helpers/fast-run.js';

const ROUNDS = 100_000;
const fn = declare({ arguments: [], return: 'void' });

const meddlers: Readonly<Record<string, readonly (readonly [State, State])[]>> = {
  cancels: [
    [State.queued, State.cancelled],
    [State.running, State.cancelling],
  ],
  'times out': [
    [State.queued, State.timedOut],
    [State.running, State.timingOut],
  ],
  'gives up and withdraws': [
    [State.queued, State.withdrawn],
    [State.running, State.lost],
    [State.cancelling, State.lost],
    [State.timingOut, State.lost],
  ],
};

const endings: readonly State[] = [
  State.succeeded,
  State.failed,
  State.cancelled,
  State.timedOut,
  State.lost,
  State.withdrawn,
];

/** Plays the host on this thread: writes every call, takes every row back. @returns rows by their last state. */
function host(ring: LaneRing<Ticket>, table: RaceTable): Map<State, number> {
  const seen = new Map<State, number>();
  let written = 0;
  let freed = 0;
  const deadlock = performance.now() + 14_000;
  let idle = 0;
  while (freed < ROUNDS) {
    while (written < ROUNDS && written - freed < 40) {
      const sequence = ring.write(
        { id: table.firstId + written, fn, args: [], highWaterMark: 0, items: null },
        false,
      );
      if (sequence === undefined) break;
      written += 1;
    }
    ring.publish();
    const { done } = ring;
    idle = done === ring.head ? idle + 1 : 0;
    if (idle > 200) Atomics.wait(ring.memory.i32, Header.HEAD, done, 1);
    for (; ring.head !== done; freed += 1) {
      const id = table.firstId + freed;
      expect(ring.ticket(ring.head).id).to.equal(id);
      const state = ring.state(ring.head);
      seen.set(state, (seen.get(state) ?? 0) + 1);
      ring.free();
    }
    if (performance.now() > deadlock) throw new Error(`stopped at ${freed} of ${ROUNDS}`);
  }
  return seen;
}

describe('races on the call table (M1, M2)', () => {
  for (const [where, first, firstId] of [
    ['across 2^31 - 1 of the sequence and 2^28 of the generation', 2 ** 31 - 1 - 50_000, 2 ** 28 - 60_000],
    ['across -1 of the sequence and 2^32 of the id', -80_000, 2 ** 32 - 75_000],
  ] as const) {
    slow(`each call is ended exactly once, ${where}`, async () => {
      const { port1, port2 } = new MessageChannel();
      const size = { rows: 64, arenaBytes: 4_096, chunkBytes: 0, batchBytes: 0 };
      const ring = new LaneRing<Ticket>(new LaneMemory(size), threadBytes(port1), first | 0);
      const table: RaceTable = {
        memory: ring.memory.buffer,
        size,
        first: first | 0,
        firstId,
        rounds: ROUNDS,
        endings: new Int32Array(new SharedArrayBuffer(ROUNDS * 4)),
      };
      const tasks: RaceTask[] = [
        { kind: 'lane', table },
        ...Object.values(meddlers).map((moves) => ({ kind: 'meddler', table, moves }) as const),
      ];
      const { start, results } = await race(tasks);
      start();
      const seen = host(ring, table);
      const won = await results;
      port1.close();
      port2.close();
      const wrong = table.endings.findIndex((count) => count !== 1);
      expect(wrong, `round ${wrong} was ended ${table.endings[wrong] ?? 1} times`).to.equal(-1);
      expect(won.reduce((sum, count) => sum + count, 0)).to.equal(ROUNDS);
      expect([...seen.keys()].filter((state) => !endings.includes(state))).to.deep.equal([]);
      // The race took place: the lane and at least one of the others won some.
      expect(won[0], 'won by the lane').to.be.above(0);
      expect(ROUNDS - (won[0] as number), 'won by the others').to.be.above(0);
    });
  }
});
