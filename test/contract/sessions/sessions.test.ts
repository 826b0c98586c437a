/** B7: a session has a lane of its own: order, state of the thread, waiting for a lane, limits. */
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  type Pool,
  QueueFullError,
  SessionError,
} from 'offthread';
import { createPool, laneKind } from '../../helpers/lane-kind.js';
import { onEveryEngine, rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { testlib } from '../../helpers/testlib.js';
import { turns, until } from '../../helpers/waiting.js';

const STATE = {
  ...OFFTEST,
  ot_add_in_thread: { arguments: ['i32'], return: 'i32' },
  ot_id_pointer: { arguments: ['pointer'], return: 'pointer' },
  ot_add_i32: { arguments: ['i32', 'i32'], return: 'i32' },
} as const;
const withState = withLibrary(STATE);

/** All lanes have started. */
const allReady = (pool: Pool): Promise<void> =>
  until(() => pool.stats().lanes.starting === 0, 'all lanes to start');

onEveryEngine('a session (B7)', (engine) => {
  it('keeps the state of its lane over calls, while other calls run elsewhere', async () => {
    await withState(engine, { lanes: 3 }, async (lib, pool) => {
      await allReady(pool);
      const session = await pool.session();
      const own = session.use(lib);
      const home = laneKind() === 'thread' ? own.ot_thread_id : own.ot_process_id;
      const first = BigInt(await home());
      expect(await own.ot_add_in_thread(1)).to.equal(1);
      for (let round = 2; round < 30; round += 1) {
        const [mine, , other] = await Promise.all([
          own.ot_add_in_thread(1),
          lib.ot_add(1, 2),
          laneKind() === 'thread' ? lib.ot_thread_id() : lib.ot_process_id(),
        ]);
        expect(mine).to.equal(round);
        expect(BigInt(other), 'a plain call').not.to.equal(first);
        expect(BigInt(await home())).to.equal(first);
      }
      expect(session.closed).to.equal(false);
      expect(session.lane).to.match(/^offthread-\d+$/);
      expect(pool.stats().sessions).to.deep.equal({ leased: 1, waiting: 0 });
      await session.close();
      expect(session.closed).to.equal(true);
      expect(pool.stats().sessions).to.deep.equal({ leased: 0, waiting: 0 });
      expect(pool.stats().lanes.idle).to.equal(3);
    });
  });

  it('runs calls in the order in which they were made, whatever their priority', async () => {
    await withState(engine, { lanes: 2, maxQueue: 5_000 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const seen: number[] = [];
      const gate = new Gate();
      const held = gate.hold(own);
      const calls = Array.from({ length: 2_000 }, async (_, i) => {
        const call = own.ot_add_in_thread.with({ priority: i % 7 })(i === 0 ? 0 : 1);
        seen.push(await call);
      });
      await gate.inside();
      expect(await lib.ot_add(2, 2), 'a plain call goes its way').to.equal(4);
      gate.open();
      await Promise.all([held, ...calls]);
      expect(seen).to.deep.equal(seen.map((_, i) => i));
      await session.close();
    });
  });

  it('has calls like all others: options, ids, records, blocking', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const home = own.ot_thread_id.blocking();
      expect(await own.ot_thread_id.with({ timeout: 5_000 }).with({ deadline: 5_000 })()).to.equal(home);
      expect(own.ot_thread_id.with({ timeout: 5_000 }).blocking()).to.equal(home);
      const record = await own.ot_add(1, 2).settled();
      expect(record).to.include({ status: 'succeeded', value: 3 });
      const [first, second] = [own.ot_add(1, 2), own.ot_add(1, 2)];
      expect(second.id).to.be.greaterThan(first.id);
      await Promise.all([first, second]);
      await rejection(own.ot_add(1, 2.5), ArgumentError);
      expect(own.engine).to.equal(lib.engine);
      expect(own).not.to.have.property('close');
      const single = session.use(lib.ot_thread_id.with({ timeout: 4_000 }));
      expect(await single()).to.equal(home);
      await session.close();
    });
  });

  it('cancels, times out and refuses calls that wait for its lane', async () => {
    await withState(engine, { lanes: 2, maxQueue: 2, grace: 20 }, async (lib, pool) => {
      await allReady(pool);
      const session = await pool.session();
      const own = session.use(lib);
      const gate = new Gate();
      const held = gate.hold(own);
      await gate.inside();
      const late = own.ot_add_in_thread.with({ deadline: 20 })(100).settled();
      const stopped = own.ot_add_in_thread(100);
      expect(stopped.state).to.equal('queued');
      const full = await rejection(own.ot_add_in_thread(100), QueueFullError);
      expect(full.symbol).to.equal('ot_add_in_thread');
      expect(await lib.ot_add(1, 1), 'other lanes are free').to.equal(2);
      const { error } = await late;
      expect(error).to.be.instanceOf(CallTimeoutError);
      expect(error?.message).to.contain('waiting for the lane of its session');
      expect(stopped.cancel('enough')).to.equal(true);
      await rejection(stopped, CallCancelledError);
      gate.open();
      await held;
      expect(await own.ot_add_in_thread(1), 'none of them has run').to.equal(1);
      await session.close();
    });
  });

  it('lets calls wait for room in their order', async () => {
    await withState(engine, { lanes: 2, maxQueue: 1, whenFull: 'wait' }, async (lib, pool) => {
      await allReady(pool);
      const session = await pool.session();
      const own = session.use(lib);
      const gate = new Gate();
      const held = gate.hold(own);
      await gate.inside();
      const calls = Array.from({ length: 20 }, () => own.ot_add_in_thread(1));
      expect(calls.map(({ state }) => state)).to.deep.equal([
        'queued',
        ...Array.from({ length: 19 }, () => 'waiting'),
      ]);
      expect(pool.stats()).to.include({ queued: 1, waiting: 19, running: 1 });
      gate.open();
      await held;
      expect(await Promise.all(calls)).to.deep.equal(calls.map((_, i) => i + 1));
      expect(pool.stats()).to.include({ queued: 0, waiting: 0, running: 0 });
      await session.close();
    });
  });

  it('stops a running call by its flag, and goes on', async () => {
    await withState(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      await own.ot_add_in_thread(7);
      await rejection(own.ot_spin_until_cancelled.with({ timeout: 20 })(8_000), CallTimeoutError);
      expect(await own.ot_add_in_thread(1)).to.equal(8);
      expect(session.closed).to.equal(false);
      await session.close();
    });
  });

  it('maps items in its lane', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const items = Array.from({ length: 500 }, () => 1);
      const results = await pool.map(own.ot_add_in_thread, items).toArray();
      expect(results).to.deep.equal(items.map((_, i) => i + 1));
      const one = await pool.map(own.ot_add_in_thread.with({ deadline: 9_000 }), [1, 1]).toArray();
      expect(one).to.deep.equal([501, 502]);
      const sums = new Int32Array(100);
      await pool.mapColumns(own.ot_add_i32, [new Int32Array(100).fill(2), new Int32Array(100).fill(3)], sums);
      expect([...sums]).to.deep.equal(Array.from({ length: 100 }, () => 5));
      await session.close();
      await rejection(pool.map(own.ot_add_in_thread, items).toArray(), SessionError);
    });
  });

  it('waits for a lane in the order of priority, and before calls of lower priority', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      await allReady(pool);
      const [gate, other] = [new Gate(), new Gate()];
      const held = [gate.hold(lib), other.hold(lib)];
      await Promise.all([gate.inside(), other.inside()]);
      const order: string[] = [];
      const call = lib.ot_sleep_ms(1).then(() => order.push('call'));
      const note = async (name: string, priority: number): Promise<void> => {
        const session = await pool.session({ priority });
        order.push(name);
        await session.close();
      };
      const sessions = [note('second', 0), note('first', 5), note('last', -1)];
      const later = lib.ot_sleep_ms
        .with({ priority: -1 })(1)
        .then(() => order.push('later'));
      await turns(2);
      expect(pool.stats().sessions).to.deep.equal({ leased: 0, waiting: 3 });
      // One lane takes them all.
      gate.open();
      await Promise.all([held[0], call, later, ...sessions]);
      expect(order).to.deep.equal(['first', 'call', 'second', 'last', 'later']);
      other.open();
      await held[1];
    });
  });

  it('gets a lane from a stream of short calls', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const stop = new AbortController();
      const busy = Array.from({ length: 200 }, async () => {
        while (!stop.signal.aborted) await lib.ot_add(1, 2);
      });
      const session = await pool.session({ timeout: 10_000 });
      expect(await session.use(lib).ot_add_in_thread(1)).to.be.a('number');
      await session.close();
      stop.abort();
      await Promise.all(busy);
    });
  });

  it('leaves a lane to other calls, and says why it waits', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      await allReady(pool);
      const first = await pool.session();
      const error = await rejection(pool.session({ timeout: 20 }), SessionError);
      expect(error).to.include({ code: 'OFFTHREAD_SESSION_TIMEOUT', kind: 'session' });
      expect(error.message).to.match(/1 of 2 lanes are leased.*no more than 1/s);
      const waits = pool.session({ timeout: 0 });
      expect(await lib.ot_add(1, 2), 'does not wait behind the session').to.equal(3);
      await first.close();
      await (await waits).close();
    });
  });

  it('may have every lane, where the pool says so', async () => {
    await withState(engine, { lanes: 2, maxSessions: 2 }, async (lib, pool) => {
      await allReady(pool);
      const sessions = await Promise.all([pool.session(), pool.session()]);
      expect(pool.stats().lanes).to.include({ idle: 0, busy: 0 });
      const waits = lib.ot_add(1, 2);
      const error = await rejection(lib.ot_add.with({ deadline: 20 })(1, 2), CallTimeoutError);
      expect(error.message).to.contain('Sessions have 2 of the 2 lanes');
      expect(waits.state).to.equal('queued');
      await sessions[0]?.close();
      expect(await waits).to.equal(3);
      await sessions[1]?.close();
    });
  });

  it('may have the only lane: libraries can be opened meanwhile, and calls wait', async () => {
    const pool = createPool({ lanes: 1 });
    try {
      const session = await pool.session();
      const lib = await pool.open(testlib, STATE, { engine });
      const own = session.use(lib);
      expect(await own.ot_add_in_thread(3)).to.equal(3);
      const waits = lib.ot_add_in_thread(1);
      const error = await rejection(lib.ot_add.with({ deadline: 20 })(1, 2), CallTimeoutError);
      expect(error.message).to.contain('The only lane is leased to a session');
      expect(await own.ot_add_in_thread(1)).to.equal(4);
      await session.close();
      expect(await waits).to.equal(5);
    } finally {
      await pool.close();
    }
  });

  it('stops waiting for a lane when its signal aborts', async () => {
    await withState(engine, { lanes: 1 }, async (_lib, pool) => {
      const first = await pool.session();
      const leave = new AbortController();
      const waits = pool.session({ signal: leave.signal });
      await turns(2);
      leave.abort(new Error('enough'));
      const error = await rejection(waits, CallCancelledError);
      expect(error.message).to.contain('enough');
      await rejection(pool.session({ signal: AbortSignal.abort() }), CallCancelledError);
      expect(pool.stats().sessions).to.deep.equal({ leased: 1, waiting: 0 });
      await first.close();
    });
  });

  it('refuses wrong use', async () => {
    await withState(engine, { lanes: 2, maxQueue: 1 }, async (lib, pool) => {
      await allReady(pool);
      await rejection(pool.session({ timeout: -1 }), ArgumentError);
      await rejection(pool.session({ priority: 1_000 }), ArgumentError);
      await rejection(pool.session({ lanes: 1 } as object), ArgumentError);
      thrown(() => createPool({ lanes: 2, maxSessions: 3 }), ArgumentError);
      const session = await pool.session();
      for (const wrong of [{}, null, 1, 'x', () => 1, { f: () => 1 }]) {
        thrown(() => session.use(wrong as object), ArgumentError);
      }
      const other = createPool({ lanes: 1 });
      const foreign = await other.open(testlib, STATE, { engine });
      thrown(() => session.use(foreign), ArgumentError);
      await other.close();
      const waits = pool.session();
      await rejection(pool.session(), QueueFullError);
      await session.close();
      await (await waits).close();
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});
