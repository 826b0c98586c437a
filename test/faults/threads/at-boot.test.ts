/**
 * B2: the thread of a lane ends while it starts. The pool tries
 * again, and says why when it gives up.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { FATAL } from './agent-faults.js';
import { expectVerdict, runAgent } from './agent-program.js';
import { sample, slow } from '../../helpers/fast-run.js';

const [engine = 'koffi'] = contractEngines;

describe('a lane whose thread ends while it starts', () => {
  for (const { fault, title, args, inCalls: _, exitCode: __, ...verdict } of sample(FATAL)) {
    // While a module is loaded an error is no rejection, and listeners are for what comes later.
    if (['reject', 'throw-nothing', 'overflow-in-listener', 'exit-in-listener'].includes(fault)) continue;
    slow(`${title}: is told, and another is started`, async () => {
      const end = await runAgent(
        engine,
        `
        plan('${fault}', 2);
        const pool = createPool({ lanes: 2, execArgv: AGENT });
        watch(pool);
        const lib = await pool.open(TESTLIB, fns, { engine: '${engine}' });
        for (let i = 0; i < 10; i++) keep(lib.ot_add(i, 1));
        await settled();
        await crashed(2);
        await report();
        `,
        args,
      );
      expect(end.crashes).to.have.lengthOf(2);
      const exitCode = ['exit', 'stop'].includes(fault) ? { exitCode: 7 } : {};
      const says = fault === 'exit' ? /code 7/ : verdict.says;
      for (const crash of end.crashes) expectVerdict(crash, { ...verdict, says, ...exitCode });
      expect(end.records.map(({ value }) => value)).to.deep.equal(
        Array.from({ length: 10 }, (_, i) => i + 1),
      );
    });
  }

  it('a pool whose lanes all die gives up, and its error says of what', async () => {
    const end = await runAgent(
      engine,
      `
      plan('throw', 1_000);
      const pool = createPool({ lanes: 1, execArgv: AGENT });
      watch(pool);
      await pool.open(TESTLIB, fns, { engine: '${engine}' }).catch((error) => { notes.error = describe(error); });
      await pool.close();
      await report();
      `,
    );
    const error = end.notes['error'] as (typeof end.crashes)[number];
    expect(error).to.include({ name: 'CrashLoopError', code: 'OFFTHREAD_CRASH_LOOP' });
    expect(error.message).to.include('kaboom');
    expect(error.cause?.name).to.equal('LaneCrashedError');
    expect(error.cause?.message).to.include('kaboom');
  });
});
