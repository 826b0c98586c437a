/** M4, M10, M29, M30: events of a pool, its options, its figures, and the pool that everybody shares. */
import { expect } from 'chai';
import {
  ArgumentError,
  configureDefaultPool,
  defaultPool,
  type LaneReport,
  ListenerError,
  type PoolOptions,
} from 'offthread';
import { createPool, laneKind } from '../../helpers/lane-kind.js';
import { onEveryEngine, rejection, thrown, withPool } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

onEveryEngine('events of a pool', (engine) => {
  it('tells of lanes that are ready, with their names (M30)', async () => {
    const pool = createPool({ lanes: 2, name: 'kiln' });
    const lanes: string[] = [];
    pool.on('lane-ready', ({ lane }) => lanes.push(lane));
    await pool.open(testlib, OFFTEST, { engine });
    await until(() => lanes.length === 2, 'two lanes');
    expect(lanes.every((name) => name.startsWith('kiln-'))).to.equal(true);
    expect(new Set(lanes).size).to.equal(2);
    expect(pool.stats().name).to.equal('kiln');
    await pool.close();
  });

  it('tells when nothing is pending any more', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      let drained = 0;
      const count = (): number => (drained += 1);
      pool.on('drained', count);
      await Promise.all([lib.ot_add(1, 1), lib.ot_add(2, 2)]);
      await until(() => drained >= 1, 'the event');
      pool.off('drained', count);
      const before = drained;
      await lib.ot_add(1, 1);
      expect(drained).to.equal(before);
    });
  });

  it('survives listeners that throw: others are told, and the error listeners know', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      const errors: unknown[] = [];
      let told = 0;
      pool.on('drained', () => {
        throw new Error('a bad listener');
      });
      // A promise where nothing was expected: what an `async` listener gives.
      pool.on('drained', () => Promise.reject(new Error('a bad async listener')) as unknown as undefined);
      pool.on('drained', () => (told += 1));
      pool.on('error', (error) => errors.push(error));
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await until(() => errors.length >= 2, 'both errors');
      expect(told).to.be.at.least(1);
      expect(pool.stats().listenerErrors).to.equal(errors.length);
      expect(errors[0]).to.be.instanceOf(ListenerError);
      expect(errors.map((error) => ((error as Error).cause as Error).message)).to.include.members([
        'a bad listener',
        'a bad async listener',
      ]);
      expect(await lib.ot_add(2, 2)).to.equal(4);
    });
  });

  it('survives listeners that throw when nobody listens for errors, and error listeners that throw', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      pool.on('drained', () => {
        throw new Error('nobody hears this');
      });
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await until(() => pool.stats().listenerErrors === 1, 'the count');
      pool.on('error', () => {
        throw new Error('nor this');
      });
      expect(await lib.ot_add(2, 2)).to.equal(4);
      await until(() => pool.stats().listenerErrors >= 3, 'the count');
      expect(await lib.ot_add(3, 3)).to.equal(6);
    });
  });

  it('lets a listener call, cancel and close', async () => {
    await withPool(engine, { maxQueue: 1 }, async (lib, pool) => {
      const gate = new Gate();
      const held = gate.hold(lib);
      await gate.inside();
      pool.once('full', () => pool.cancelAll('full'));
      const queued = lib.ot_add(1, 1);
      const records = await Promise.all([held.settled(), queued.settled()]);
      expect(records.map(({ status }) => status)).to.deep.equal(['cancelled', 'cancelled']);
      pool.once('drained', () => void pool.close());
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await until(() => pool.closed, 'the pool to close');
    });
  });
});

onEveryEngine('figures of a pool (M10)', (engine) => {
  it('reports lanes that are between calls', async () => {
    await withPool(engine, { lanes: 2 }, async (lib, pool) => {
      await until(() => pool.stats().lanes.idle === 2, 'both lanes');
      for (let i = 0; i < 10; i++) await lib.ot_nothing();
      const reports = await pool.laneReports();
      expect(reports).to.have.lengthOf(2);
      expect(reports.reduce((sum, { calls }) => sum + calls, 0)).to.equal(10);
      const place = ({ pid, threadId }: LaneReport): string => `${pid} ${threadId}`;
      expect(new Set(reports.map(place)).size).to.equal(2);
      const lane = reports.map((report) => report.lane);
      expect(lane).to.deep.equal(['offthread-1', 'offthread-2']);
      const own = laneKind() === 'thread';
      expect(reports.every(({ pid }) => (pid === process.pid) === own)).to.equal(true);
      expect(reports.every(({ residentBytes }) => (residentBytes === 0) === own)).to.equal(true);
      expect(reports.some(({ engines }) => engines.includes(engine))).to.equal(true);
    });
  });

  it('has the distribution of waits and runs', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      await Promise.all([lib.ot_sleep_ms(20), lib.ot_sleep_ms(20), lib.ot_sleep_ms(20)]);
      const { runMs, waitMs } = pool.stats();
      expect(runMs.count).to.equal(3);
      expect(runMs.p50).to.be.within(19, 2_000);
      expect(waitMs.max).to.be.at.least(38);
    });
  });
});

onEveryEngine('presets (M30)', (engine) => {
  for (const preset of ['low-latency', 'high-throughput', 'low-memory'] as const) {
    it(`${preset} answers 3,000 calls at once and blocking ones`, async () => {
      await withPool(engine, { preset, lanes: 2, maxQueue: 5_000 }, async (lib) => {
        const calls = Array.from({ length: 3_000 }, (_, i) => lib.ot_add(i, 1));
        expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
      });
    });
  }
});

describe('options of a pool (M30)', () => {
  const wrong: readonly unknown[] = [
    { lanes: 0 },
    { lanes: -1 },
    { lanes: 1.5 },
    { lanes: '2' },
    { lanes: NaN },
    { timeout: NaN },
    { timeout: -1 },
    { timeout: '5' },
    { grace: -1 },
    { maxQueue: -1 },
    { maxQueue: 0.5 },
    { whenFull: 'block' },
    { sizing: 'gpu' },
    { isolation: 'fiber' },
    { maxLostLanes: -1 },
    { stackSizeMb: 0 },
    { stackSizeMb: 1_000 },
    { name: '' },
    { name: 5 },
    { preset: 'fast' },
    { lane: 2 },
    null,
    5,
  ];
  for (const options of wrong) {
    const shown = JSON.stringify(options, (_, value: unknown) => (Number.isNaN(value) ? 'NaN' : value));
    it(`refuses ${shown}`, () => {
      const error = thrown(() => createPool(options as PoolOptions), ArgumentError);
      const name = Object.keys(options ?? {})[0];
      if (name !== undefined) expect(error.message).to.include(name);
    });
  }

  it('sizes by the machine unless told', () => {
    const cpu = createPool().stats().lanes.total;
    expect(cpu).to.be.at.least(1);
    expect(createPool({ sizing: 'blocking' }).stats().lanes.total).to.be.within(Math.max(4, cpu), 64);
    expect(createPool({ sizing: 'blocking', lanes: 3 }).stats().lanes.total).to.equal(3);
  });

  it('starts nothing before it is needed', () => {
    const { lanes } = createPool({ lanes: 8 }).stats();
    expect(lanes).to.include({ idle: 0, busy: 0, starting: 0 });
  });
});

onEveryEngine('the default pool (M29)', (engine) => {
  it('is one, configured before its use, made anew after its end', async () => {
    configureDefaultPool({ lanes: 1, name: 'shared' });
    const pool = defaultPool();
    try {
      expect(defaultPool()).to.equal(pool);
      expect(pool.stats()).to.deep.include({ name: 'shared' });
      expect(pool.stats().lanes.total).to.equal(1);
      const lib = await pool.open(testlib, OFFTEST, { engine });
      expect(await lib.ot_add(1, 2)).to.equal(3);
      thrown(() => configureDefaultPool({ lanes: 2 }), ArgumentError);
    } finally {
      await pool.close();
    }
    thrown(() => configureDefaultPool({ lanes: 0 }), ArgumentError);
    const next = defaultPool();
    expect(next).to.not.equal(pool);
    expect(next.name, 'with the options of before').to.equal('shared');
    const lib = await next.open(testlib, OFFTEST, { engine });
    expect(await lib.ot_add(2, 2)).to.equal(4);
    await next.close();
    await rejection(lib.ot_add(2, 2), Error as never);
  });
});
