/**
 * M8: the thread of a lane ends while the host's thread blocks on a
 * call, and hears of no event. It learns of it from shared memory, and where
 * the lane could say nothing, from the system.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { FATAL_IN_CALLS } from './agent-faults.js';
import { expectVerdict, runAgent } from './agent-program.js';
import { sample } from '../../helpers/fast-run.js';

const START = "{ method: 'compareExchange', index: inRow(RowWord.STATE), after: true }";
/** A blocked host cannot be told more than that. */
const SILENT = { says: /ended without reporting an error.*JavaScript memory/, cause: null };
const silent: readonly string[] = ['stop', 'fill-heap'];
const [engine = 'koffi'] = contractEngines;

describe('a lane whose thread ends while the host blocks', () => {
  for (const { fault, title, args, inCalls: _, ...verdict } of sample(FATAL_IN_CALLS, 3)) {
    const test = silent.includes(fault) && process.platform !== 'linux' ? it.skip : it;
    test(`${title}: fails the call, and the next is answered`, async () => {
      const end = await runAgent(
        engine,
        `
        const { lib } = await start({ timeout: 0 });
        await tell('offthread-1', '${fault}', ${START});
        const from = performance.now();
        try {
          lib.ot_add.blocking(1, 2);
        } catch (error) {
          notes.error = describe(error);
        }
        notes.ms = performance.now() - from;
        notes.sum = lib.ot_add.blocking(3, 4);
        await report();
        `,
        args,
      );
      const error = end.notes['error'] as (typeof end.crashes)[number];
      const expected = silent.includes(fault) ? SILENT : verdict;
      expectVerdict(error, expected);
      expect(error).to.include({ symbol: 'ot_add', lane: 'offthread-1' });
      expect(end.notes['sum']).to.equal(7);
      expect(end.notes['ms']).to.be.below(6_000);
      expect(end.crashes).to.have.lengthOf(1);
      expect(end.stats).to.include({ failed: 1, succeeded: 1 });
    });
  }
});
