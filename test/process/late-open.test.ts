/** B6, M8: libraries opened while native code runs on a lane: the event loop stays free, and the program goes on. */
import { expect } from 'chai';
import { contractEngines } from '../helpers/contract.js';
import { runProgram } from '../helpers/program.js';

describe('opening with the default engine, or ffi-rs, while a lane is in native code', function () {
  this.timeout(15_000);

  const orders = contractEngines.flatMap((engine) => [
    { engine, late: '{}' },
    // A late open waits for the calls of ffi-rs that are in flight, or is refused: never by blocking this thread.
    { engine, late: "{ engine: 'ffi-rs' }" },
  ]);
  for (const { engine, late } of orders) {
    it(`keeps the event loop free [${engine}, open with ${late}]`, async () => {
      const end = await runProgram(
        engine,
        `
        const { pool, lib } = await open({ timeout: 0 });
        const held = lib.ot_enter_and_wait(entered, release, 4_000);
        while (Atomics.load(entered, 0) === 0) await new Promise((resolve) => setImmediate(resolve));
        let ticks = 0;
        const timer = setInterval(() => {
          ticks += 1;
          if (ticks === 20) Atomics.store(release, 0, 1);
        }, 5);
        const late = await pool.open('libm.so.6', { floor: { arguments: ['f64'], return: 'f64' } }, ${late});
        say(await late.floor(3.5));
        while (ticks < 20) await new Promise((resolve) => setImmediate(resolve));
        clearInterval(timer);
        say(await held >= 0 ? 'let go by a timer' : 'the event loop stood still');
      `,
      );
      expect(end.stderr).to.equal('');
      expect(end).to.include({ code: 0, signal: null, stdout: '3\nlet go by a timer\n' });
    });
  }
});
