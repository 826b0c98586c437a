/** M27: a call that its lane gives back while it is being dispatched is in the queue once. */
import { expect } from 'chai';
import { Admission } from '../../../src/calls/admission/admission.js';
import type { Counters } from '../../../src/observe/counters.js';
import { Events } from '../../../src/observe/events.js';
import { poolSettings } from '../../../src/options/pool-options.js';
import type { Job } from '../../../src/supervisor/job.js';
import type { Supervisor } from '../../../src/supervisor/supervisor.js';

/** A call, as far as queues know it. */
const call = (): Job =>
  ({
    fn: { name: 'f', plan: { hasData: false, hasCallbacks: false } },
    priority: 0,
    queue: null,
    before: null,
    after: null,
    lane: null,
    items: null,
    limits: { session: null },
    deadline: null,
    isSettled: false,
  }) as unknown as Job;

describe('a call that comes back while it is dispatched', () => {
  it('is dispatched once more, and is then in no queue (M27)', () => {
    const admission = new Admission(poolSettings({}), {} as Counters, new Events());
    const sent: Job[] = [];
    admission.connect({
      lanes: { active: [], busy: 0, hasIdle: true },
      supply: { unavailable: () => null },
      batch: { write: () => {} },
      takeBackAhead: () => false,
      quieted: () => false,
      dispatch: (job: Job): boolean => {
        sent.push(job);
        expect(sent.length, 'times that something was dispatched').to.be.at.most(3);
        // The lane is found dead on the way, and gives back what it had not started.
        if (sent.length === 1) admission.returned([job]);
        return true;
      },
    } as unknown as Supervisor);
    const [first, second] = [call(), call()];
    admission.returned([first, second]);
    admission.pump();
    expect(sent).to.deep.equal([first, first, second]);
    expect(admission.pending()).to.deep.equal([]);
  });
});
