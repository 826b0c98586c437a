/** M26: what the door lets in works: every option and every declaration at the ends of its range, on every engine. */
import { expect } from 'chai';
import type { CallOptions, EngineName, PoolOptions } from 'offthread';
import { LONGEST_MS } from '../../../src/options/checks.js';
import { contractEngines, describeOn, onEveryEngine, sharedLab, withPool } from '../../helpers/contract.js';
import { laneKind } from '../../helpers/lane-kind.js';

const MOST = 2 ** 31;

/** The ends of a pool's options, and combinations of them that have an end of their own. The largest numbers of lanes would be a test of the machine. */
const POOLS: readonly PoolOptions[] = [
  { spares: 0, lanes: 1 },
  { sizing: 'blocking', spares: 2 },
  { recycleAfter: 1 },
  { recycleAfter: MOST },
  { maxDeaths: 1, deathWindow: 1 },
  { maxDeaths: MOST, deathWindow: LONGEST_MS },
  { maxDeaths: Infinity },
  { maxQueue: 0 },
  { maxQueue: 0, whenFull: 'wait', maxWaiting: 0 },
  { maxQueue: MOST, whenFull: 'wait', maxWaiting: MOST },
  { maxQueue: Infinity, whenFull: 'wait' },
  { timeout: 0, grace: 0, hostTimeout: 0, maxLostLanes: 0 },
  { timeout: LONGEST_MS, grace: LONGEST_MS, hostTimeout: LONGEST_MS, maxLostLanes: 1_024 },
  { timeout: Infinity, grace: Infinity, hostTimeout: Infinity },
  { name: 'n' },
  { name: '\u{1F600}'.repeat(32) },
  { preset: 'low-latency' },
  { preset: 'high-throughput' },
  { preset: 'low-memory' },
];
/** The same, of what only process lanes have. */
const PROCESSES: readonly PoolOptions[] = [
  { env: {} },
  { recycleAboveMb: Number.MIN_VALUE },
  { recycleAboveMb: Number.MAX_VALUE },
  { recycleAboveMb: Infinity },
];
/** The ends of a call's options; a deadline of 0 has passed, and a timeout of next to nothing ends what it is for. */
const CALLS: readonly CallOptions[] = [
  { timeout: 0, hostTimeout: 0, attempts: 1, priority: -128 },
  { timeout: LONGEST_MS, hostTimeout: LONGEST_MS, attempts: 1_000_000, priority: 127 },
  { timeout: Infinity, hostTimeout: Infinity, deadline: Infinity, attempts: Infinity },
  { deadline: LONGEST_MS },
  { deadline: new Date(8.64e15) },
];

/** KB of native stack that a lane has at least for each value of `stackSizeMb`, as the documentation says. */
const STACKS = [
  [1, 512],
  [16, 15_000],
  [17, 15_000],
  [64, 15_000],
] as const;

const show = (options: object): string =>
  Object.entries(options)
    .map(([name, value]) => `${name} ${value instanceof Date ? value.toISOString() : JSON.stringify(value)}`)
    .join(', ')
    .replaceAll('null', 'Infinity');

function servesWith(engine: EngineName, table: readonly PoolOptions[]): void {
  for (const options of table) {
    it(`createPool({ ${show(options)} })`, async () => {
      await withPool(engine, options, async (lib) => {
        for (let turn = 0; turn < 3; turn += 1) expect(await lib.ot_add(1, turn)).to.equal(1 + turn);
        expect(lib.ot_add.blocking(2, 3)).to.equal(5);
        expect(await lib.ot_sleep_us(50)).to.equal(50);
      });
    });
  }
}

describeOn(contractEngines, ['process'], 'the ends of the options of process lanes (M26)', (engine) => {
  servesWith(engine, PROCESSES);
});

onEveryEngine('the ends of every range (M26)', (engine) => {
  servesWith(engine, POOLS);

  for (const [stackSizeMb, kb] of STACKS) {
    it(`createPool({ stackSizeMb: ${stackSizeMb} }), and native code uses it`, async () => {
      await withPool(engine, { stackSizeMb }, async (lib) => {
        // With ffi-rs and node:ffi native code of a process runs on its main thread, whose stack the system has made.
        const limited = laneKind() === 'process' && engine !== 'koffi';
        expect(await lib.ot_use_stack(limited ? 512 : kb)).to.be.a('number');
      });
    });
  }

  describe('of a call', () => {
    const shared = sharedLab(engine);

    for (const options of CALLS) {
      it(`with({ ${show(options)} })`, async () => {
        const { ot_add: add, ot_sleep_us: sleep } = shared.lib;
        for (let turn = 0; turn < 3; turn += 1) expect(await add.with(options)(1, turn)).to.equal(1 + turn);
        expect(add.with(options).blocking(2, 3)).to.equal(5);
        expect(await sleep.with(options)(50)).to.equal(50);
      });
    }

    for (const concurrency of [1, MOST, Infinity]) {
      it(`map with concurrency ${concurrency}`, async () => {
        const items = Array.from({ length: 50 }, (_, index) => [index, 1] as const);
        const options = { concurrency, attempts: 1_000, maxFailures: 0 };
        const results = await shared.pool.map(shared.lib.ot_add, items, options).toArray();
        expect(results).to.deep.equal(items.map(([index]) => index + 1));
      });
    }
  });
});
