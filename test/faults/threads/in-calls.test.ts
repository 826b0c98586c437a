/**
 * B2, M27: JavaScript ends the thread of a lane in the midst of a
 * call. That call fails with what happened; those behind it run elsewhere.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { FATAL_IN_CALLS } from './agent-faults.js';
import { type AgentEnd, expectVerdict, runAgent } from './agent-program.js';
import { sample } from '../../helpers/fast-run.js';

/** The step by which the lane starts the call of its first row. */
const START = "{ method: 'compareExchange', index: inRow(RowWord.STATE), after: true }";
const STARTS_SECOND = "{ method: 'compareExchange', index: inRow(RowWord.STATE, 1), after: true }";

/** The first call failed of its lane's death, and the event tells the same. */
function expectFirstFailed({ records, crashes }: AgentEnd, symbol: string): void {
  const error = records[0]?.error;
  expect(error).to.include({ lane: 'offthread-1', symbol, hasCall: true });
  expect(error?.message).to.include(symbol);
  expect(crashes).to.have.lengthOf(1);
  expect(crashes[0]).to.include({ lane: 'offthread-1', hasCall: false });
}

for (const engine of contractEngines) {
  describe(`a lane whose thread ends in the midst of a call [${engine}]`, () => {
    for (const { fault, title, args, inCalls: _, ...verdict } of sample(FATAL_IN_CALLS, 3)) {
      it(`${title}: fails that call alone`, async () => {
        const end = await runAgent(
          engine,
          `
          const { lib } = await start({ timeout: 0 });
          await tell('offthread-1', '${fault}', ${START});
          for (let i = 0; i < 40; i++) keep(lib.ot_add(i, 1));
          await report();
          `,
          args,
        );
        expectFirstFailed(end, 'ot_add');
        expectVerdict(end.records[0]?.error, verdict);
        expectVerdict(end.crashes[0], verdict);
        expect(end.records.slice(1).map(({ value }) => value)).to.deep.equal(
          Array.from({ length: 39 }, (_, i) => i + 2),
        );
        expect(end.stats).to.include({ failed: 1, succeeded: 39, lanesLost: 0 });
        expect(end.events).to.deep.equal(['crashed offthread-1', 'ready offthread-2']);
      });
    }
  });
}

const [engine = 'koffi'] = contractEngines;

describe('a lane that dies in the midst of a call', () => {
  it('keeps the result of a call that had ended (M27)', async () => {
    const end = await runAgent(
      engine,
      `
      const { lib } = await start({ timeout: 0 });
      const caught = await tell('offthread-1', 'park', { method: 'store', index: Header.HEAD });
      keep(lib.ot_add(40, 2));
      keep(lib.ot_fail(3));
      await caught.met();
      caught.end();
      await report();
      `,
    );
    expect(end.records[0]).to.deep.include({ status: 'succeeded', value: 42 });
    expect(end.records[1]?.error, 'the other ran elsewhere').to.include({ name: 'NativeError' });
    expect(end.crashes).to.have.lengthOf(1);
  });

  it('leaves a call cancelled that was cancelled before, with the death as its cause', async () => {
    const end = await runAgent(
      engine,
      `
      const { lib } = await start({ timeout: 0, grace: 5_000 });
      const state = inRow(RowWord.STATE);
      const caught = await tell('offthread-1', 'park', { method: 'compareExchange', index: state, nth: 2 });
      const call = keep(lib.ot_spin_until_cancelled(8_000));
      await until(() => call.state === 'running', 'the call to run');
      call.cancel();
      await caught.met();
      caught.end();
      keep(lib.ot_add(1, 2));
      await report();
      `,
    );
    const [cancelled, other] = end.records;
    expect(cancelled?.status).to.equal('cancelled');
    expect(cancelled?.error).to.include({ name: 'CallCancelledError', symbol: 'ot_spin_until_cancelled' });
    expect(cancelled?.error?.cause?.name).to.equal('LaneCrashedError');
    expect(other?.value).to.equal(3);
  });

  it('takes no other lane along, nor their calls', async () => {
    const end = await runAgent(
      engine,
      `
      const { lib } = await start({ lanes: 3, timeout: 0 });
      const held = keep((await stick(lib.ot_enter_and_wait)).call);
      const caught = await tell('offthread-2', 'throw', ${START});
      const doomed = keep(lib.ot_sleep_ms(1));
      for (let i = 0; i < 20; i++) keep(lib.ot_add(i, 1));
      await crashed();
      await doomed.settled();
      notes.held = held.state;
      Atomics.store(release, 0, 1);
      await report();
      `,
    );
    expect(end.notes['held']).to.equal('running');
    expect(end.records.filter(({ status }) => status === 'failed')).to.have.lengthOf(1);
    expect(end.records[1]?.error).to.include({ symbol: 'ot_sleep_ms', lane: 'offthread-2' });
    expect(end.stats).to.include({ succeeded: 21, failed: 1 });
  });

  it('lets everybody go who waits for the pool: drain and close', async () => {
    const end = await runAgent(
      engine,
      `
      const { pool, lib } = await start({ timeout: 0 });
      await tell('offthread-1', 'exit', ${START});
      keep(lib.ot_add(1, 2));
      keep(lib.ot_add(3, 4));
      await pool.drain();
      notes.drained = true;
      await tell('offthread-2', 'stop', ${STARTS_SECOND});
      keep(lib.ot_add(5, 6));
      await pool.close();
      await report();
      `,
    );
    expect(end.notes['drained']).to.equal(true);
    expect(end.records.map(({ status }) => status)).to.deep.equal(['failed', 'succeeded', 'failed']);
    expect(end.crashes).to.have.lengthOf(2);
  });
});
