/**
 * M27: threads end again and again while calls flow. Those that end
 * between calls cost no call; those that are terminated at any moment cost at
 * most the one call that they were in. Every call ends once, with its own answer.
 */
import { expect } from 'chai';
import { contractEngines } from '../../helpers/contract.js';
import { runAgent } from './agent-program.js';
import { slow } from '../../helpers/fast-run.js';

const DEATHS = 5;
const [engine = 'koffi'] = contractEngines;

/** Calls flow until `stop()`, so many at a time, with a pause of up to so many ms after each. */
const flow = (lanes: number, streams: number, pauseMs: number): string => `
  const { pool, lib } = await start({ lanes: ${lanes}, timeout: 0, maxQueue: 1_000 }, {
    ot_sleep_us: { arguments: ['i32'], return: 'i32' },
  });
  let flowing = true, made = 0;
  const answers = { right: 0, wrong: 0, crashed: 0, other: [] };
  const one = async () => {
    const [a, b] = [made++, made % 7];
    const slow = a % 5 === 0;
    const { status, value, error } = await (slow ? lib.ot_sleep_us(b * 100) : lib.ot_add(a, b)).settled();
    if (status === 'succeeded') answers[value === (slow ? b * 100 : a + b) ? 'right' : 'wrong'] += 1;
    else if (error.name === 'LaneCrashedError') answers.crashed += 1;
    else answers.other.push(error.message);
  };
  const streams = Promise.all(Array.from({ length: ${streams} }, async () => {
    while (flowing) {
      await one();
      if (${pauseMs} > 0) await sleep(Math.random() * ${pauseMs});
    }
  }));
  const all = () => until(() => {
    const { idle, busy, total } = pool.stats().lanes;
    return idle + busy === total;
  }, 'all lanes');
  const stop = async () => { flowing = false; await streams; notes.answers = answers; };
`;

interface Answers {
  readonly right: number;
  readonly wrong: number;
  readonly crashed: number;
  readonly other: readonly string[];
}

describe('a storm of threads that end', () => {
  for (const lanes of [1, 2, 3]) {
    for (const fault of ['throw', 'exit'] as const) {
      slow(`between calls (${fault}), ${lanes} lanes: no call fails`, async () => {
        const end = await runAgent(
          engine,
          `
          ${flow(lanes, 4, 4)}
          for (let death = 1; death <= ${DEATHS}; death++) {
            await all();
            // At once, or when it is heard: a lane looks at its event loop when it rests.
            await tell('offthread-' + death, '${fault}');
            await crashed(death);
          }
          await stop();
          await report();
          `,
        );
        expect(end.crashes).to.have.lengthOf(DEATHS);
        const { right, ...rest } = end.notes['answers'] as Answers;
        expect(rest).to.deep.equal({ wrong: 0, crashed: 0, other: [] });
        expect(end.stats).to.include({ succeeded: right, failed: 0 });
      });
    }

    slow(`terminated at any moment, ${lanes} lanes: at most one call fails for each`, async () => {
      const end = await runAgent(
        engine,
        `
        ${flow(lanes, 50, 0)}
        for (let death = 1; death <= ${DEATHS}; death++) {
          await all();
          await sleep(Math.random() * 20);
          void workers[death - 1].terminate();
          await crashed(death);
        }
        await stop();
        await report();
        `,
      );
      expect(end.crashes).to.have.lengthOf(DEATHS);
      const { right, crashed, ...rest } = end.notes['answers'] as Answers;
      expect(rest).to.deep.equal({ wrong: 0, other: [] });
      expect(crashed).to.be.at.most(DEATHS);
      expect(end.stats).to.include({ succeeded: right, failed: crashed });
    });
  }
});
