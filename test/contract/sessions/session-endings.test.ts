/** B7: the ways in which a session ends: closed, aborted, with its lane, with its pool, forgotten. */
import { expect } from 'chai';
import {
  CallCancelledError,
  CallTimeoutError,
  LaneCrashedError,
  LaneLostError,
  type OffthreadError,
  PoolClosedError,
  SessionError,
} from 'offthread';
import {
  describeOn,
  contractEngines,
  onEveryEngine,
  rejection,
  thrown,
  withLibrary,
} from '../../helpers/contract.js';
import { Gate } from '../../helpers/gate.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { turns, until } from '../../helpers/waiting.js';

const withState = withLibrary({
  ...OFFTEST,
  ot_add_in_thread: { arguments: ['i32'], return: 'i32' },
  ot_crash_segv_if: { arguments: ['i32', 'i32'], return: 'i32' },
  ot_id_pointer: { arguments: ['pointer'], return: 'pointer' },
});

onEveryEngine('the end of a session (B7)', (engine) => {
  it('comes with its lane, when a call does not stop', async () => {
    await withState(engine, { lanes: 2, grace: 10 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      await own.ot_add_in_thread(5);
      const gate = new Gate();
      const stuck = own.ot_enter_and_wait.with({ timeout: 50 })(gate.entered, gate.release, 8_000);
      await gate.inside();
      const behind = own.ot_add_in_thread(1);
      const blocked = own.ot_add_in_thread.with({ priority: 5 })(1);
      const lost = await rejection(stuck, CallTimeoutError);
      for (const { error, kind } of await Promise.all([behind.settled(), blocked.settled()])) {
        expect(kind).to.equal('session');
        expect(error).to.include({
          code: 'OFFTHREAD_SESSION_ENDED',
          symbol: 'ot_add_in_thread',
          lane: session.lane,
        });
        expect(error).to.be.instanceOf(SessionError);
        expect(error?.cause).to.equal(lost);
        expect(lost.cause).to.be.instanceOf(LaneLostError);
      }
      expect(session.closed).to.equal(true);
      await rejection(own.ot_add_in_thread(1), SessionError);
      thrown(() => own.ot_add_in_thread.blocking(1), SessionError);
      expect(pool.stats().sessions).to.deep.equal({ leased: 0, waiting: 0 });
      await session.close();
      gate.open();
      expect(await lib.ot_add(1, 2)).to.equal(3);
      const next = await pool.session();
      expect(await next.use(lib).ot_add(1, 2)).to.equal(3);
      await next.close();
    });
  });

  it('does not come with a call that returns as soon as it was given up', async () => {
    await withState(engine, { lanes: 1, maxLostLanes: 50 }, async (lib, pool) => {
      let survived = 0;
      // The lane has 5 ms to return, which a busy machine may not give it.
      for (let round = 0; survived === 0 && round < 40; round += 1) {
        const session = await pool.session();
        const own = session.use(lib);
        const before = await own.ot_add_in_thread(1);
        const gate = new Gate();
        const call = gate.hold(own);
        await gate.inside();
        call.cancel();
        gate.open();
        await rejection(call, CallCancelledError);
        const record = await own.ot_add_in_thread(1).settled();
        if (record.status === 'succeeded') {
          survived += 1;
          expect(record.value, 'the same lane').to.equal(before + 1);
        } else expect(record.kind).to.equal('session');
        await session.close();
      }
      expect(survived).to.equal(1);
    });
  });

  it('waits for its calls, and is refused to further ones', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const gate = new Gate();
      const held = gate.hold(own);
      const behind = own.ot_add_in_thread(1);
      await gate.inside();
      let closed = false;
      const closing = session.close().then(() => {
        closed = true;
      });
      const error = await rejection(own.ot_add_in_thread(1), SessionError);
      expect(error.code).to.equal('OFFTHREAD_SESSION_CLOSED');
      await turns(3);
      expect(closed).to.equal(false);
      expect(pool.stats().sessions.leased).to.equal(1);
      gate.open();
      await Promise.all([held, closing]);
      expect(await behind).to.be.a('number');
      expect(pool.stats().sessions.leased).to.equal(0);
      await session.close();
    });
  });

  it('cancels calls for which its close does not wait', async () => {
    await withState(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const running = own.ot_spin_until_cancelled(8_000);
      await until(() => running.state === 'running', 'the call to run');
      const queued = own.ot_add_in_thread(1);
      const ends = Promise.all([running.settled(), queued.settled()]);
      await session.close({ timeout: 0 });
      for (const { status, error } of await ends) {
        expect(status).to.equal('cancelled');
        expect(error).to.be.instanceOf(SessionError);
        expect(error).to.include({ code: 'OFFTHREAD_SESSION_CLOSED' });
      }
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(pool.stats().sessions.leased).to.equal(0);
    });
  });

  it('comes with its signal', async () => {
    await withState(engine, { lanes: 2, grace: 8_000 }, async (lib, pool) => {
      const leave = new AbortController();
      const session = await pool.session({ signal: leave.signal });
      const own = session.use(lib);
      const running = own.ot_spin_until_cancelled(8_000);
      await until(() => running.state === 'running', 'the call to run');
      const queued = own.ot_add_in_thread(1);
      const ends = Promise.all([running.settled(), queued.settled()]);
      leave.abort(new Error('gone'));
      for (const { error, kind } of await ends) {
        expect(kind).to.equal('cancelled');
        expect(error?.cause).to.equal(leave.signal.reason);
      }
      const error = await rejection(own.ot_add(1, 2), SessionError);
      expect(error.cause).to.equal(leave.signal.reason);
      await session.close();
      expect(pool.stats().sessions.leased).to.equal(0);
    });
  });

  it('is awaited by the close of its pool, until when it makes calls', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const waits = pool.session();
      let closed = false;
      const closing = pool.close().then(() => {
        closed = true;
      });
      await rejection(waits, PoolClosedError);
      await rejection(pool.session(), PoolClosedError);
      await rejection(lib.ot_add(1, 2), PoolClosedError);
      expect(await own.ot_add(1, 2)).to.equal(3);
      expect(closed).to.equal(false);
      await session.close();
      await closing;
    });
  });

  it('comes with the end of its pool', async () => {
    for (const end of ['close', 'destroy'] as const) {
      await withState(engine, { lanes: 2, grace: 50 }, async (lib, pool) => {
        const session = await pool.session();
        const own = session.use(lib);
        const running = own.ot_spin_until_cancelled(8_000);
        await until(() => running.state === 'running', 'the call to run');
        const queued = own.ot_add_in_thread(1);
        const ends = Promise.all([running.settled(), queued.settled()]);
        const ended = end === 'close' ? pool.close({ timeout: 10 }) : pool.destroy();
        for (const { kind } of await ends) expect(kind).to.equal('closed');
        await rejection(own.ot_add(1, 2), PoolClosedError);
        await ended;
        await session.close();
        expect(pool.stats().sessions.leased).to.equal(0);
      });
    }
  });

  it('lets its lane be recycled only then', async () => {
    await withState(engine, { lanes: 1, recycleAfter: 3 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      for (let n = 1; n < 10; n += 1) expect(await own.ot_add_in_thread(1)).to.equal(n);
      expect(pool.stats().lanesRecycled).to.equal(0);
      await session.close();
      await until(() => pool.stats().lanesRecycled === 1, 'the lane to be recycled');
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });
});

describeOn(contractEngines, ['process'], 'a session in a process (B7)', (engine) => {
  it('ends with its process', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      const crash = own.ot_crash_segv_if.with({ attempts: 3 })(1, 1);
      const behind = rejection(own.ot_add_in_thread(1), SessionError);
      const death = await rejection(crash, LaneCrashedError);
      expect(death.attempts, 'it cannot run again elsewhere').to.equal(1);
      const error = await behind;
      expect((error.cause as OffthreadError).kind).to.equal('crash');
      expect(error.message).to.match(/lane offthread-\d+ died/);
      await rejection(own.ot_add(1, 2), SessionError);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      await session.close();
    });
  });

  it('ends when its idle process is killed', async () => {
    await withState(engine, { lanes: 2 }, async (lib, pool) => {
      const session = await pool.session();
      const own = session.use(lib);
      process.kill(await own.ot_process_id(), 'SIGKILL');
      await until(() => session.closed, 'the session to end');
      const error = await rejection(own.ot_add(1, 2), SessionError);
      expect(error.cause).to.be.instanceOf(LaneCrashedError);
      const next = await pool.session();
      expect(await next.use(lib).ot_add(1, 2)).to.equal(3);
      await next.close();
    });
  });

  it('keeps its pointers to itself while it is open', async () => {
    await withState(engine, { lanes: 3, maxSessions: 2 }, async (lib, pool) => {
      const [one, two] = [await pool.session(), await pool.session()];
      const [mine, others] = [one.use(lib), two.use(lib)];
      const address = 0x7f00_1234_5678n;
      expect(await mine.ot_id_pointer(address)).to.equal(address);
      expect(await mine.ot_id_pointer(address)).to.equal(address);
      for (const fn of [others.ot_id_pointer, lib.ot_id_pointer]) {
        const error = await rejection(fn(address), Error as never);
        expect(error).to.include({ kind: 'argument', symbol: 'ot_id_pointer' });
        expect((error as Error).message)
          .to.contain(one.lane)
          .and.to.contain('0x7f0012345678');
      }
      // Numbers that stand for addresses belong to none.
      await mine.ot_id_pointer(2n ** 64n - 1n);
      expect(await others.ot_id_pointer(2n ** 64n - 1n)).to.equal(2n ** 64n - 1n);
      await mine.ot_id_pointer(0n);
      expect(await others.ot_id_pointer(0n)).to.equal(0n);
      await one.close();
      expect(await others.ot_id_pointer(address), 'after its end').to.equal(address);
      await two.close();
    });
  });
});

describe('a session that is never closed (B7)', () => {
  it('gives its lane back when it is collected, and says so', async () => {
    const { runInNewContext } = await import('node:vm');
    const { setFlagsFromString } = await import('node:v8');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const engine = contractEngines[0] ?? 'koffi';
    await withState(engine, { lanes: 1 }, async (lib, pool) => {
      const errors: OffthreadError[] = [];
      pool.on('error', (error) => errors.push(error));
      let own = (await (async () => (await pool.session()).use(lib))()) as unknown as {
        ot_add: typeof lib.ot_add;
      } | null;
      for (let round = 0; round < 5; round += 1) {
        collect();
        await turns(2);
        expect(await own?.ot_add(1, 2), 'its functions hold it').to.equal(3);
      }
      own = null;
      await until(() => {
        collect();
        return pool.stats().sessions.leased === 0;
      }, 'the session to be collected');
      expect(errors.map(({ code }) => code)).to.deep.equal(['OFFTHREAD_SESSION_LEAKED']);
      expect(await lib.ot_add(1, 2)).to.equal(3);
      expect(laneKind()).to.equal('thread');
    });
  });
});
