/**
 * B2, M27: JavaScript ends the thread of a lane between calls. No
 * call fails of it, the pool has a new lane, and what happened is told once.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { FATAL } from './agent-faults.js';
import { expectVerdict, runAgent } from './agent-program.js';
import { sample, slow } from '../../helpers/fast-run.js';

for (const engine of contractEngines) {
  describe(`a lane whose thread ends between calls [${engine}]`, () => {
    for (const { fault, title, args, inCalls: _, ...verdict } of sample(FATAL, 3)) {
      it(`${title}: is told, and replaced`, async () => {
        const end = await runAgent(
          engine,
          `
          const { lib } = await start();
          keep(lib.ot_add(1, 2));
          await settled();
          await tell('offthread-1', '${fault}');
          await crashed();
          keep(lib.ot_add(3, 4));
          await report();
          `,
          args,
        );
        expect(end.records.map(({ value }) => value)).to.deep.equal([3, 7]);
        expect(end.events).to.deep.equal(['crashed offthread-1', 'ready offthread-2']);
        const [crash] = end.crashes;
        expectVerdict(crash, verdict);
        expect(crash).to.include({ hasCall: false, lane: 'offthread-1' });
        expect(crash).to.not.have.property('symbol');
      });
    }
  });
}

const [engine = 'koffi'] = contractEngines;

describe('a lane that dies between calls', () => {
  for (const fault of ['exit', 'stop', 'throw'] as const) {
    slow(`is noticed although nothing is under way and the lane sleeps: ${fault}`, async () => {
      const end = await runAgent(
        engine,
        `
        const { pool, lib } = await start();
        keep(lib.ot_add(1, 2));
        await settled();
        // Long enough that the lane sleeps.
        await sleep(300);
        await tell('offthread-1', '${fault}');
        await crashed();
        await until(() => pool.stats().lanes.idle === 1, 'the new lane, which nobody has asked for');
        await sleep(300);
        keep(lib.ot_add(3, 4));
        await report();
        `,
      );
      expect(end.records.map(({ value }) => value)).to.deep.equal([3, 7]);
      expect(end.events).to.deep.equal(['crashed offthread-1', 'ready offthread-2']);
    });
  }

  slow('has no other thread started in its place but the new lane (M27)', async () => {
    const end = await runAgent(
      engine,
      `
      const { pool, lib } = await start();
      for (const [index, fault] of ['throw', 'exit', 'stop'].entries()) {
        await tell('offthread-' + (1 + index), fault);
        await crashed(1 + index);
        keep(lib.ot_add(index, 0));
        await settled();
        await sleep(50);
      }
      notes.threads = workers.length;
      await report();
      `,
    );
    expect(end.notes['threads']).to.equal(4);
    expect(end.crashes).to.have.lengthOf(3);
  });

  slow(
    'is not ended by an error that a listener deals with; and such an error is not taken for a later end',
    async () => {
      const end = await runAgent(
        engine,
        `
      const { pool, lib } = await start();
      await tell('offthread-1', 'handled');
      keep(lib.ot_add(1, 2));
      await settled();
      await sleep(50);
      notes.crashes = crashes.length;
      await tell('offthread-1', 'exit');
      await crashed();
      keep(lib.ot_add(3, 4));
      await report();
      `,
      );
      expect(end.notes['crashes']).to.equal(0);
      expect(end.records.map(({ value }) => value)).to.deep.equal([3, 7]);
      expectVerdict(end.crashes[0], { exitCode: 7, says: /exited with code 7/, cause: null });
    },
  );

  it('is told where what it threw cannot be read', async () => {
    const end = await runAgent(
      engine,
      `
      const { lib } = await start();
      await tell('offthread-1', 'throw-unreadable');
      await crashed();
      keep(lib.ot_add(3, 4));
      await report();
      `,
    );
    expect(end.crashes[0]?.message).to.match(/uncaught error/);
    expect(end.records[0]?.value).to.equal(7);
  });

  slow('gives back the calls that it had been given, and not started (M27)', async () => {
    const end = await runAgent(
      engine,
      `
      const { lib } = await start({ lanes: 2 });
      const [one, two] = [await tell('offthread-1', 'park'), await tell('offthread-2', 'park')];
      await one.met();
      await two.met();
      // Nobody answers: both lanes have calls by now.
      for (let i = 0; i < 60; i++) keep(lib.ot_add(i, 1));
      await sleep(20);
      one.end();
      two.end();
      await report();
      `,
    );
    expect(end.records.map(({ value }) => value)).to.deep.equal(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(end.crashes).to.have.lengthOf(2);
    expect(end.stats).to.include({ failed: 0, succeeded: 60 });
  });
});
