/** B2: JavaScript that goes wrong in a lane, between calls: named, survived by threads and processes, and no call fails for it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type FamilyEnd, runFamily } from '../../helpers/fault-program.js';
import { type Ground, onBothLanes } from '../../helpers/faults.js';
import { packageRoot } from '../../helpers/testlib.js';
import { sample } from '../../helpers/fast-run.js';

const preload = `--require=${join(packageRoot(), 'test/fixtures/lane-fault.cjs')}`;

/** What the program tells of a fault. */
interface Outcome {
  readonly kind: string;
  readonly code: string;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly phase?: string;
  readonly text: string;
  readonly wrong: number;
  readonly failed: number;
  readonly answered: number;
  readonly next: number;
  readonly full: boolean;
}

const program = (way: string, file: string, options: object): string => `
  import { renameSync, writeFileSync } from 'node:fs';
  const { pool, lib } = await open(${JSON.stringify({ lanes: 2, ...options })});
  // The fault is to meet a lane that is ready.
  const ready = () => pool.stats().lanes.starting === 0 && pool.stats().lanes.spare === (pool.stats().isolation === 'process' ? 1 : 0);
  while (!ready()) await turn();
  let [answered, failed, wrong, going] = [0, 0, 0, true];
  const caller = async () => {
    for (let i = 0; going; i++) {
      const { status, value } = await lib.ot_add(i, 1).settled();
      if (status !== 'succeeded') failed += 1;
      else if (value === i + 1) answered += 1;
      else wrong += 1;
    }
  };
  const callers = Promise.all([caller(), caller(), caller()]);
  const crashed = new Promise((resolve) => pool.once('lane-crashed', ({ error }) => resolve(error)));
  // Whole at once: a lane looks at any moment.
  writeFileSync(${JSON.stringify(`${file}.new`)}, '${way}');
  renameSync(${JSON.stringify(`${file}.new`)}, ${JSON.stringify(file)});
  const error = await crashed;
  const before = performance.now();
  await lib.ot_add(1, 2);
  const next = performance.now() - before;
  const since = answered;
  while (answered < since + 100) await turn();
  going = false;
  await callers;
  await idle(pool);
  const { kind, code, exitCode, signal, phase } = error;
  const text = [error.message, error.cause?.message, error.cause?.code, ...(error.stderr ?? [])].join(' ');
  const full = pool.stats().lanes.idle === 2;
  say(JSON.stringify({ kind, code, exitCode, signal, phase, text, wrong, failed, answered, next, full }));
  mark();
  process.exit(0);
`;

const WAYS = [
  { way: 'exit', title: 'process.exit', names: /\b5\b/, exitCode: 5 },
  { way: 'throw', title: 'an uncaught error', names: /trouble after the call/, exitCode: 1 },
  { way: 'reject', title: 'a rejection that nobody handles', names: /trouble after the call/, exitCode: 1 },
  { way: 'overflow', title: 'a stack overflow', names: /call stack/i, exitCode: 1 },
  { way: 'heap', title: 'a heap that is exhausted', names: /memory|SIGABRT/i, exitCode: undefined },
] as const;

onBothLanes('JavaScript that goes wrong in a lane (B2)', (ground: Ground) => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-javascript-'))));
  after(() => rmSync(folder, { recursive: true }));

  function run(way: string): Promise<FamilyEnd> {
    const file = join(folder, `${way}-${ground.isolation}`);
    const small = way === 'heap' ? ['--max-old-space-size=48'] : [];
    // The heap of threads is limited by their program's flags.
    const threads = ground.isolation === 'thread';
    const execArgv = threads ? [preload] : [preload, ...small];
    const env = { ...process.env, LANE_FAULT_FILE: file };
    const options = threads ? { env, execArgv } : { env, execArgv, stderr: 'capture' };
    return runFamily(ground, program(way, file, options), { args: threads ? small : [] });
  }

  for (const { way, title, names, exitCode } of sample(WAYS)) {
    it(`${title}: named, no call fails, and the lane is replaced`, async () => {
      const end = await run(way);
      expect(end.stderr).to.equal('');
      expect(end).to.include({ code: 0, signal: null });
      const outcome = JSON.parse(end.stdout) as Outcome;
      expect(outcome).to.include({
        kind: 'crash',
        code: 'OFFTHREAD_LANE_CRASHED',
        wrong: 0,
        failed: 0,
        full: true,
      });
      expect(outcome.text).to.match(names);
      // A thread that dies of an error has no code to speak of; a heap that is full aborts the process.
      if (way === 'exit' || ground.isolation === 'process') expect(outcome.exitCode).to.equal(exitCode);
      if (way === 'heap' && ground.isolation === 'process') expect(outcome.signal).to.equal('SIGABRT');
      expect(outcome.phase).to.equal('idle');
      expect(outcome.next, 'the next answer').to.be.below(5_000);
      expect(end.sinceMark).to.be.below(2_500);
      expect([...end.orphans]).to.deep.equal([]);
    });
  }
});
