/** B3: a parent that is SIGKILLed leaves no child behind, whatever its children were doing. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { orphansOf, type ProgramOptions, startProgram } from '../../helpers/fault-program.js';
import { type Ground, onProcessLanes } from '../../helpers/faults.js';
import { killAll } from '../../helpers/processes.js';
import { randomFrom } from '../../helpers/talk.js';
import { slow } from '../../helpers/fast-run.js';
import { wait } from '../../helpers/waiting.js';

/** Runs a program until it says that it is there, kills it, and tells which of its lanes live on. */
async function afterKill(
  ground: Ground,
  code: string,
  least: number,
  options?: ProgramOptions,
): Promise<number[]> {
  const program = startProgram(ground, code, options);
  await program.said('there');
  const lanes = program.lanes();
  expect(lanes.length, 'lanes that run').to.be.at.least(least);
  program.kill('SIGKILL');
  const orphans = await orphansOf(lanes);
  const { signal } = await program.ended;
  expect(signal).to.equal('SIGKILL');
  return orphans;
}

onProcessLanes('a parent that is SIGKILLed (B3)', (ground) => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-orphans-'))));
  after(() => rmSync(folder, { recursive: true }));

  slow('while its lanes and spares are idle', async () => {
    const code = `
      const { pool, lib } = await open({ lanes: 3, spares: 2 });
      await lib.ot_add(1, 2);
      await idle(pool);
      while (pool.stats().lanes.spare < 2) await turn();
      say('there');
      rest();`;
    expect(await afterKill(ground, code, 5)).to.deep.equal([]);
  });

  slow('while they run calls that look at their flag', async () => {
    const code = `
      const { pool, lib } = await open({ lanes: 2, timeout: 0 });
      const calls = [lib.ot_spin_until_cancelled(600_000), lib.ot_spin_until_cancelled(600_000)];
      while (pool.stats().running < 2) await turn();
      say('there');
      rest();`;
    expect(await afterKill(ground, code, 2)).to.deep.equal([]);
  });

  slow('while they are blocked in native code for ever, and deaf to SIGTERM', async () => {
    const code = `
      const { lib } = await open({ lanes: 2, timeout: 0 });
      await stick(lib);
      await stick(lib);
      say('there');
      rest();`;
    expect(await afterKill(ground, code, 2)).to.deep.equal([]);
  });

  it('while native code waits for a function of the host, and for a reader', async () => {
    const code = `
      const { pool } = await open({ lanes: 2, timeout: 0, hostTimeout: 0 });
      const lib = await talk(pool);
      let asked = false;
      lib.ot_call_callback(() => ((asked = true), new Promise(() => {})), 1);
      const stream = lib.ot_stream_chunks.stream(1_000_000, 1_000);
      await stream[Symbol.asyncIterator]().next();
      while (!asked) await turn();
      say('there');
      rest();`;
    expect(await afterKill(ground, code, 2)).to.deep.equal([]);
  });

  slow('while a lane loads a library that hangs', async () => {
    const mark = join(folder, 'loads');
    const code = `
      const pool = createPool({ isolation, lanes: 1 });
      pool.open(FAULTLIB, faultFns, { engine }).catch(() => {});
      while (!existsSync(${JSON.stringify(mark)})) await turn();
      say('there');
      rest();`;
    const env = { OFF_FAULT: 'hang', OFF_FAULT_MARK: mark };
    expect(await afterKill(ground, code, 1, { env })).to.deep.equal([]);
    expect(existsSync(mark)).to.equal(true);
  });

  slow('while its event loop is blocked, and calls are on their way', async () => {
    const code = `
      const { lib } = await open({ lanes: 2, timeout: 0 });
      for (let i = 0; i < 100; i++) lib.ot_sleep_ms(20).catch(() => {});
      await stick(lib);
      say('there');
      for (;;);`;
    expect(await afterKill(ground, code, 2)).to.deep.equal([]);
  });

  slow('at any moment while its lanes boot', async () => {
    const random = randomFrom(17);
    for (let round = 0; round < 8; round++) {
      const program = startProgram(
        ground,
        `const opening = open({ lanes: 2 });
         opening.catch(() => {});
         say('there');
         rest();`,
      );
      await program.said('there');
      await wait(random() * 250);
      const lanes = program.lanes();
      program.kill('SIGKILL');
      // Those that were forked in the last moment are seen by what they would hold open: the program's output.
      expect(await orphansOf(lanes)).to.deep.equal([]);
      const start = performance.now();
      await program.ended;
      expect(performance.now() - start, 'nobody holds its output').to.be.below(8_000);
    }
  });

  slow('while another process keeps the descriptors of a lane: those that are ours end', async () => {
    const code = `
      const { pool, lib } = await open({ lanes: 1, timeout: 0 });
      say('grandchild ' + (await lib.ot_fork_holding(9_000)));
      await stick(lib);
      say('there');
      rest();`;
    const program = startProgram(ground, code);
    await program.said('there');
    const grandchild = Number(/grandchild (\d+)/.exec(program.stdout)?.[1]);
    const lanes = program.lanes().filter((pid) => pid !== grandchild);
    program.kill('SIGKILL');
    expect(await orphansOf(lanes)).to.deep.equal([]);
    // It is the library's, not ours: it would end by itself.
    killAll([grandchild]);
    await program.ended;
  });
});
