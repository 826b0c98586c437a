/**
 * B1, M27: the handshake by which interrupt functions are kept from
 * calls that have returned, when either side of it dies or hangs.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { runAgent } from './agent-program.js';
import { slow } from '../../helpers/fast-run.js';

const [engine = 'koffi'] = contractEngines;

/** Jobs that can be interrupted. */
const JOBS = `
  ot_job_new: { arguments: [out('pointer')], return: 'i32' },
  ot_job_run: { arguments: ['pointer', 'i32'], return: 'i32', onCancel: { symbol: 'ot_job_interrupt', arguments: [0] } },
`;
/** Starts a call, and cancels it when it runs. */
const INTERRUPTED = `
  const interrupted = async (call) => {
    await until(() => call.state === 'running', 'the call to run');
    call.cancel();
  };
  const newJob = async (lib) => Object.values(await lib.ot_job_new())[1];
`;
/** The step by which an interrupt function begins; only the thread that calls them takes it. */
const begins = (row: number): string =>
  `method: 'compareExchange', index: inRow(RowWord.INTERRUPT, ${row}), value: Interrupt.RUNNING`;

describe('the thread that calls interrupt functions', () => {
  for (const fault of ['stop', 'exit'] as const) {
    slow(
      `dies with the handshake of a call in hand (${fault}): the call is interrupted all the same`,
      async () => {
        const end = await runAgent(
          engine,
          `
        ${INTERRUPTED}
        plan('${fault}', 1, { ${begins(1)}, after: true });
        const { lib } = await start({ timeout: 0, grace: 6_000 }, { ${JOBS} });
        await interrupted(keep(lib.ot_job_run(await newJob(lib), 20_000)));
        await planned();
        await settled();
        keep(lib.ot_add(1, 2));
        await report();
        `,
        );
        expect(end.records.map(({ status }) => status)).to.deep.equal(['cancelled', 'succeeded']);
        expect(end.records[0]?.error?.cause, 'not given up').to.equal(null);
        expect(end.stats).to.include({ lanesLost: 0, lanesCrashed: 0 });
      },
    );
  }

  slow('dies between orders: another one takes over, and nothing is left behind in the end', async () => {
    const end = await runAgent(
      engine,
      `
      ${INTERRUPTED}
      const before = process.listenerCount('exit');
      const { pool, lib } = await start({ timeout: 0, grace: 6_000 }, { ${JOBS} });
      for (let round = 0; round < 3; round++) {
        await interrupted(keep(lib.ot_job_run(await newJob(lib), 20_000)));
        await settled();
        void workers.at(-1).terminate();
        await interrupted(keep(lib.ot_job_run(await newJob(lib), 20_000)));
        await settled();
      }
      await pool.close();
      notes.threads = workers.length;
      notes.listeners = process.listenerCount('exit') - before;
      await report();
      `,
    );
    expect(end.records.map(({ status }) => status)).to.deep.equal(Array(6).fill('cancelled'));
    expect(end.stats).to.include({ lanesLost: 0, lanesCrashed: 0 });
    expect(end.notes, 'one for each that died').to.include({ threads: 5 });
    expect(end.notes, 'none is thought to be in native code still').to.include({ listeners: 0 });
  });

  it('dies when it has carried out an order, and could not say so: it is not thought to be busy for ever', async () => {
    const end = await runAgent(
      engine,
      `
      ${INTERRUPTED}
      const before = process.listenerCount('exit');
      // The count of orders is the only memory of this size.
      plan('stop', 1, { method: 'store', index: 0, bytes: 4, after: true });
      const { pool, lib } = await start({ timeout: 0, grace: 6_000 }, { ${JOBS} });
      await planned();
      await interrupted(keep(lib.ot_job_run(await newJob(lib), 20_000)));
      await settled();
      await pool.close();
      notes.listeners = process.listenerCount('exit') - before;
      await report();
      `,
    );
    expect(end.records.map(({ status }) => status)).to.deep.equal(['cancelled']);
    expect(end.notes).to.deep.equal({ listeners: 0 });
  });

  for (const ending of ['', 'await pool.close({ timeout: 0 });']) {
    slow(
      `hangs in an interrupt function: the call is given up, its lane comes back, the process ends at once. ${ending}`,
      async () => {
        const end = await runAgent(
          engine,
          `
        ${INTERRUPTED}
        plan('none', 1, { ${begins(0)}, after: true });
        const { pool, lib } = await start({ timeout: 0, grace: 2_000 }, {
          ot_hang_until: { arguments: ['buffer', 'i32'], return: 'i32', onCancel: { symbol: 'ot_hang' } },
        });
        const gate = word();
        await interrupted(keep(lib.ot_hang_until(gate, 0)));
        await planned();
        // Its native code returns, and has to wait for the interrupt function.
        Atomics.store(gate, 0, 1);
        await settled();
        keep(lib.ot_add(1, 2));
        await settled();
        await until(() => pool.stats().lanes.lost === 0, 'the lane to come back');
        ${ending}
        await report();
        `,
        );
        expect(end.records[0]).to.deep.include({ status: 'cancelled' });
        expect(end.records[0]?.error?.cause?.name).to.equal('LaneLostError');
        expect(end.records[1]?.value).to.equal(3);
        expect(end.stats).to.include({ lanesLost: 1, lanesCrashed: 0 });
      },
    );
  }
});

describe('a lane that dies while its call is being interrupted', () => {
  it('no interrupt function begins once the call has ended: its handle may be freed', async () => {
    const end = await runAgent(
      engine,
      `
      ${INTERRUPTED}
      const row = 2;
      plan('pause', 1, { ${begins(2)} });
      const { pool, lib } = await start({ lanes: 2, timeout: 0, grace: 6_000 }, {
        ${JOBS}
        ot_alloc: { arguments: ['u32'], return: 'pointer' },
        ot_increment: { arguments: ['pointer'], return: 'void' },
        ot_sum_bytes: { arguments: ['pointer', 'u64'], return: 'u64' },
        // A gate in native memory: each interrupt counts as one more that has entered.
        ot_enter_and_wait: {
          arguments: ['pointer', 'pointer', 'i32'], return: 'i32', onCancel: { symbol: 'ot_increment', arguments: [0] },
        },
      });
      const inside = await lib.ot_alloc(4);
      const gate = await lib.ot_alloc(4);
      const count = () => lib.ot_sum_bytes(inside, 4n);
      const caught = await tell('offthread-1', 'stop', {
        method: 'compareExchange', index: inRow(RowWord.INTERRUPT, row), value: Interrupt.CLOSED,
      });
      const call = keep(lib.ot_enter_and_wait(inside, gate, 0));
      while ((await count()) !== 1n) await sleep(1);
      await interrupted(call);
      await planned();
      // Native code returns, and its lane dies before it has closed the handshake.
      await lib.ot_increment(gate);
      await caught.met();
      await crashed();
      await settled();
      // The interrupt thread, which has been held up, goes on.
      goOn();
      // Orders are carried out one after another: when this one is over, so are those before.
      await interrupted(keep(lib.ot_job_run(await newJob(lib), 20_000)));
      await settled();
      notes.inside = String(await count());
      await report();
      `,
    );
    expect(end.records.map(({ status }) => status)).to.deep.equal(['cancelled', 'cancelled']);
    expect(end.records[0]?.error?.cause?.name).to.equal('LaneCrashedError');
    expect(end.notes['inside'], 'the call itself, and no interrupt').to.equal('1');
    expect(end.stats).to.include({ lanesLost: 0, lanesCrashed: 1 });
  });
});
