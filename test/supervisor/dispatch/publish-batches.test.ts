/** B5: what a lane sees of the calls of a tick, and how long it is told to stay awake. */
import { expect } from 'chai';
import { LaneRing } from '../../../src/lanes/rows/lane-ring.js';
import { Header } from '../../../src/shared/memory/layout.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { Assignment } from '../../../src/supervisor/dispatch/assignment.js';
import type { Job, JobLane } from '../../../src/supervisor/job.js';
import { declare, threadBytes, withPorts } from '../../lanes/fixture.js';

const SIZE = { rows: 256, arenaBytes: 4_096, chunkBytes: 0, batchBytes: 0 };

describe('publish batches', () => {
  it('the first call goes out at once, others in batches; after many, the lane expects more until the tick ends', () => {
    withPorts((host) => {
      const ring = new LaneRing<Job>(new LaneMemory(SIZE), threadBytes(host));
      const { i32 } = ring.memory;
      const seen = (): readonly number[] => [
        Atomics.load(i32, Header.TAIL),
        Atomics.load(i32, Header.MORE_TO_COME),
      ];
      const lane = { status: 'ready', opening: null, exclusive: false, ring, wake: () => ring.publish() };
      const nothing = (): void => {};
      const assignment = new Assignment({
        lanes: { active: [lane as unknown as JobLane] },
        loop: { notice: nothing },
        watch: { by: nothing },
        clock: { callUs: 1 },
        recycler: { recycle: nothing },
        processes: false,
      } as unknown as ConstructorParameters<typeof Assignment>[0]);
      const fn = declare({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' });
      fn.measure(0.2, 0);
      let id = 0;
      const assign = (): boolean => {
        id += 1;
        return assignment.assign({ id, fn, args: [1, 2], items: null, trace: null } as unknown as Job, true);
      };
      expect(assign()).to.equal(true);
      expect(seen(), 'the first').to.deep.equal([1, 0]);
      for (let calls = 0; calls < 31; calls += 1) assign();
      expect(seen(), 'a batch that is not full').to.deep.equal([1, 0]);
      assign();
      expect(seen(), 'a full batch').to.deep.equal([33, 0]);
      for (let calls = 33; calls < 129; calls += 1) assign();
      expect(seen(), 'many calls').to.deep.equal([129, 1]);
      assign();
      expect(seen()).to.deep.equal([129, 1]);
      assignment.publish();
      expect(seen(), 'the end of the tick').to.deep.equal([130, 0]);
    });
  });
});
