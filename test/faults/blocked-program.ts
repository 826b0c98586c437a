/** Programs whose thread blocks: a fault in what it waits for is a thread that never goes on, so each has a process of its own. */
import { expect } from 'chai';
import { type ProgramOptions, runFamily } from '../helpers/fault-program.js';
import type { Ground } from '../helpers/faults.js';

/** What such a program may use. A blocking call is told as its value or its code, and how long it took where that was long. */
const PRELUDE = `
  const ends = (run) => {
    try {
      return String(run());
    } catch (error) {
      return error.code ?? String(error);
    }
  };
  const quick = (run) => {
    const from = performance.now();
    const end = ends(run);
    const ms = performance.now() - from;
    return ms < 5_000 ? end : end + ' after ' + Math.round(ms) + ' ms';
  };
  /** Passes time without the event loop. */
  const pause = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  const turns = async (count) => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
  };
`;

/** Runs a program, which has to say these lines, and to leave nothing behind. */
export async function expectSaid(
  ground: Ground,
  code: string,
  lines: readonly string[],
  options?: ProgramOptions,
): Promise<void> {
  const end = await runFamily(ground, PRELUDE + code, options);
  expect(end.stderr).to.equal('');
  expect(end.stdout.split('\n').slice(0, -1)).to.deep.equal(lines);
  expect(end).to.include({ code: 0, signal: null });
  expect(end.orphans).to.deep.equal([]);
}
