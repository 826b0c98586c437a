/** M13: the audit trail on diagnostics_channel: what happened to every call, in order, with violations marked. */
import { channel, subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  CallTimeoutError,
  type CallTrace,
  NativeError,
  QueueFullError,
} from 'offthread';
import { onEveryEngine, rejection, withPool } from '../../helpers/contract.js';
import { Gate, runningFill } from '../../helpers/gate.js';
import { testlib } from '../../helpers/testlib.js';
import { turns, until } from '../../helpers/waiting.js';

const EVENTS = ['start', 'end', 'started', 'error', 'asyncStart', 'asyncEnd'] as const;
const nameOf = (event: string): string => `tracing:offthread:call:${event}`;

interface Seen {
  readonly event: string;
  readonly trace: CallTrace;
  /** As it was when it was published. */
  readonly atThatTime: CallTrace;
}

/** Listens to everything while a test runs. */
async function listening(test: (seen: Seen[]) => Promise<void>): Promise<void> {
  const seen: Seen[] = [];
  const listeners = EVENTS.map((event) => {
    const listen = (message: unknown): void => {
      const trace = message as CallTrace;
      seen.push({ event, trace, atThatTime: { ...trace } });
    };
    subscribe(nameOf(event), listen);
    return { event, listen };
  });
  try {
    await test(seen);
  } finally {
    for (const { event, listen } of listeners) unsubscribe(nameOf(event), listen);
  }
}

const eventsOf = (seen: readonly Seen[], id: number): string[] =>
  seen.filter(({ trace }) => trace.id === id).map(({ event }) => event);
const traceOf = (seen: readonly Seen[], id: number): CallTrace => {
  const found = seen.find(({ trace }) => trace.id === id);
  if (found === undefined) throw new Error(`call ${id} left no trace`);
  return found.trace;
};
const ended = (seen: readonly Seen[], id: number): Promise<void> =>
  until(() => eventsOf(seen, id).includes('asyncEnd'), `call ${id} to be traced to its end`);

onEveryEngine('the audit trail (M13)', (engine) => {
  it('tells the whole life of a call that succeeds', async () => {
    await withPool(engine, { name: 'court' }, async (lib) => {
      await listening(async (seen) => {
        const call = lib.ot_sleep_us(200);
        expect(eventsOf(seen, call.id), 'created and accepted at once').to.deep.equal(['start', 'end']);
        await call;
        await ended(seen, call.id);
        expect(eventsOf(seen, call.id)).to.deep.equal(['start', 'end', 'started', 'asyncStart', 'asyncEnd']);
        const trace = traceOf(seen, call.id);
        expect(
          seen.every((one) => one.trace === trace),
          'one context object a call',
        ).to.equal(true);
        expect(trace).to.include({
          pool: 'court',
          library: testlib,
          symbol: 'ot_sleep_us',
          engine,
          status: 'succeeded',
          result: 200,
        });
        expect(trace.lane).to.match(/^court-\d+$/);
        expect(trace.createdAt).to.be.within(Date.now() - 10_000, Date.now() + 5);
        expect(trace.queuedMs).to.be.at.least(0);
        expect(trace.ranMs).to.be.at.least(0.19);
        expect(trace.violation ?? false).to.equal(false);
        expect(trace.error).to.equal(undefined);
        const [start] = seen;
        expect(start?.atThatTime.status, 'not known at the start').to.equal(undefined);
      });
    });
  });

  it('marks a failure as one, which is no violation', async () => {
    await withPool(engine, {}, async (lib) => {
      await listening(async (seen) => {
        const call = lib.ot_fail(3);
        const error = await rejection(call, NativeError);
        await ended(seen, call.id);
        expect(eventsOf(seen, call.id)).to.deep.equal([
          'start',
          'end',
          'started',
          'error',
          'asyncStart',
          'asyncEnd',
        ]);
        expect(traceOf(seen, call.id)).to.include({ status: 'failed', kind: 'native', error });
        expect(traceOf(seen, call.id).violation ?? false).to.equal(false);
      });
    });
  });

  it('marks a cancel: of a call that ran, and of one that never started', async () => {
    await withPool(engine, { grace: 5_000 }, async (lib) => {
      await listening(async (seen) => {
        const { call } = await runningFill(lib);
        const queued = lib.ot_add(1, 2);
        queued.cancel();
        call.cancel();
        await Promise.all([rejection(call, CallCancelledError), rejection(queued, CallCancelledError)]);
        await Promise.all([ended(seen, call.id), ended(seen, queued.id)]);
        expect(eventsOf(seen, call.id)).to.include('started');
        expect(eventsOf(seen, queued.id)).to.deep.equal(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
        for (const { id } of [call, queued]) {
          expect(traceOf(seen, id)).to.include({ status: 'cancelled', kind: 'cancelled' });
          expect(traceOf(seen, id).violation ?? false).to.equal(false);
        }
        expect(traceOf(seen, queued.id).lane).to.equal(undefined);
      });
    });
  });

  it('marks timeouts and missed deadlines as violations', async () => {
    await withPool(engine, { grace: 20 }, async (lib) => {
      await listening(async (seen) => {
        const gate = new Gate();
        const late = lib.ot_enter_and_wait.with({ timeout: 30 })(gate.entered, gate.release, 5_000);
        const behind = lib.ot_add.with({ deadline: 5 })(1, 2);
        await Promise.all([rejection(late, CallTimeoutError), rejection(behind, CallTimeoutError)]);
        await Promise.all([ended(seen, late.id), ended(seen, behind.id)]);
        for (const { id } of [late, behind]) {
          const trace = traceOf(seen, id);
          expect(trace).to.include({ status: 'timed-out', kind: 'timeout', violation: true });
        }
        expect(traceOf(seen, late.id).ranMs).to.be.at.least(29);
        gate.open();
      });
    });
  });

  it('tells of calls that were refused, too', async () => {
    await withPool(engine, { maxQueue: 0 }, async (lib) => {
      await listening(async (seen) => {
        const wrong = lib.ot_add(2 ** 31, 1);
        await rejection(wrong, ArgumentError);
        const gate = new Gate();
        const held = gate.hold(lib);
        const refused = lib.ot_add(1, 1);
        await rejection(refused, QueueFullError);
        gate.open();
        await held;
        await Promise.all([ended(seen, wrong.id), ended(seen, refused.id)]);
        expect(traceOf(seen, wrong.id)).to.include({ status: 'failed', kind: 'argument' });
        expect(traceOf(seen, refused.id)).to.include({ status: 'failed', kind: 'queue-full' });
        expect(eventsOf(seen, refused.id)).to.not.include('started');
      });
    });
  });

  it('tells of calls that were refused for their deadline as of any other', async () => {
    await withPool(engine, { refuseLate: true }, async (lib) => {
      await lib.ot_sleep_ms(300);
      await listening(async (seen) => {
        const gate = new Gate();
        const held = gate.hold(lib);
        await gate.inside();
        const before = lib.ot_sleep_ms(0);
        const refused = lib.ot_add.with({ deadline: 50 })(1, 1);
        await rejection(refused, QueueFullError);
        gate.open();
        await Promise.all([held, before]);
        await ended(seen, refused.id);
        expect(traceOf(seen, refused.id)).to.include({ status: 'failed', kind: 'queue-full' });
        expect(traceOf(seen, refused.id).violation ?? false).to.equal(false);
        expect(eventsOf(seen, refused.id)).to.deep.equal(['start', 'error', 'asyncStart', 'asyncEnd', 'end']);
      });
    });
  });

  it('tells of blocking calls', async () => {
    await withPool(engine, {}, async (lib) => {
      await listening(async (seen) => {
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
        const id = seen[0]?.trace.id ?? 0;
        await ended(seen, id);
        expect(eventsOf(seen, id)).to.deep.equal(['start', 'end', 'started', 'asyncStart', 'asyncEnd']);
        expect(traceOf(seen, id)).to.include({ status: 'succeeded', result: 3 });
      });
    });
  });

  it('keeps 300 calls apart, each with its own order', async () => {
    await withPool(engine, { lanes: 2 }, async (lib) => {
      await listening(async (seen) => {
        const calls = Array.from({ length: 300 }, (_, i) => lib.ot_add(i, 1));
        await Promise.all(calls);
        await until(() => seen.length >= 1_500, 'all events');
        for (const [i, { id }] of calls.entries()) {
          expect(eventsOf(seen, id)).to.deep.equal(['start', 'end', 'started', 'asyncStart', 'asyncEnd']);
          expect(traceOf(seen, id).result).to.equal(i + 1);
        }
      });
    });
  });

  it('publishes nothing of calls that were made while nobody listened', async () => {
    await withPool(engine, {}, async (lib) => {
      expect(EVENTS.some((event) => channel(nameOf(event)).hasSubscribers)).to.equal(false);
      const gate = new Gate();
      const unheard = gate.hold(lib);
      await gate.inside();
      await listening(async (seen) => {
        gate.open();
        await unheard;
        const heard = lib.ot_add(1, 2);
        await heard;
        await ended(seen, heard.id);
        expect(eventsOf(seen, unheard.id)).to.deep.equal([]);
      });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  it('survives a subscriber that throws', async () => {
    const uncaught: unknown[] = [];
    // diagnostics_channel itself reports what a subscriber throws as an uncaught exception.
    const kept = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error));
    const bad = (): void => {
      throw new Error('a bad subscriber');
    };
    for (const event of EVENTS) subscribe(nameOf(event), bad);
    try {
      await withPool(engine, {}, async (lib, pool) => {
        expect(await lib.ot_add(1, 2)).to.equal(3);
        await rejection(lib.ot_fail(1), NativeError);
        expect(lib.ot_add.blocking(1, 2)).to.equal(3);
        expect(pool.stats()).to.include({ submitted: 3, running: 0, queued: 0 });
      });
      await until(() => uncaught.length > 0, 'the report');
    } finally {
      for (const event of EVENTS) unsubscribe(nameOf(event), bad);
      await turns(1);
      process.removeAllListeners('uncaughtException');
      for (const listener of kept) process.on('uncaughtException', listener);
    }
  });
});
