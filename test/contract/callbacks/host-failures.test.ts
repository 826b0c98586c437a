/** M14, M23: what a host function does wrong is a typed failure of its call, and a defined value for native code. */
import { expect } from 'chai';
import { callback, HostFunctionError } from 'offthread';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { Gate, shared } from '../../helpers/gate.js';
import { OFFTEST } from '../../helpers/offtest.js';
import { CHUNK, expectClean, NUMBER, onCallbackEngines, unhandled, words } from '../../helpers/talk.js';
import { turns } from '../../helpers/waiting.js';

const withTalk = withLibrary({
  ...OFFTEST,
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  strict: {
    symbol: 'ot_call_callback',
    arguments: [callback(NUMBER, { sync: true }), 'i32'],
    return: 'i32',
  },
  ot_ask: { arguments: [callback(NUMBER), 'i32', 'buffer'], return: 'i32' },
  ask_else: {
    symbol: 'ot_ask',
    arguments: [callback(NUMBER, { fallback: -7 }), 'i32', 'buffer'],
    return: 'i32',
  },
  ot_interleave: { arguments: [callback(NUMBER), callback(NUMBER), 'i32'], return: 'i32' },
  ot_call_i64: {
    arguments: [callback({ arguments: ['i64'], return: 'i64' }), 'i64', 'buffer'],
    return: 'i64',
  },
  ot_call_u64: {
    arguments: [
      callback({ arguments: ['u64'], return: 'u64' }, { fallback: 2n ** 64n - 1n }),
      'u64',
      'buffer',
    ],
    return: 'u64',
  },
  ot_call_f64: {
    arguments: [callback({ arguments: ['f64'], return: 'f64' }, { fallback: 2.5 }), 'f64', 'buffer'],
    return: 'f64',
  },
  ot_call_bool: {
    arguments: [callback({ arguments: ['bool'], return: 'bool' }, { fallback: true }), 'bool', 'buffer'],
    return: 'bool',
  },
  ot_call_then_wait: { arguments: [callback(NUMBER), 'buffer', 'buffer', 'i32'], return: 'i32' },
  ot_call_until_probe: { arguments: [callback(NUMBER), 'cancelProbe', 'i32'], return: 'i32' },
  ot_stream_until_cancelled: {
    arguments: [callback(CHUNK), 'i32', 'i32', 'i32', 'cancelFlag'],
    return: 'i32',
  },
});

const cause = new TypeError('the cause of it');
const THROWN: Readonly<Record<string, unknown>> = {
  'an Error': new RangeError('out of the window'),
  'an error with a cause': new Error('because', { cause }),
  'an error with properties': Object.assign(new Error('EACH'), { code: 'EACH', path: '/x' }),
  'a string': 'just words',
  'a number': 5,
  'an object': { reason: 'none' },
  null: null,
  undefined,
};
/** Whatever it is, on purpose. */
const fail = (what: unknown): never => {
  throw what as Error;
};

onCallbackEngines('what a host function throws (M23)', (engine) => {
  for (const [what, value] of Object.entries(THROWN)) {
    it(`arrives as the very value: ${what}`, async () => {
      await withTalk(engine, {}, async (lib, pool) => {
        const ways = [() => fail(value), async () => fail(value), () => turns(2).then(() => fail(value))];
        for (const way of ways) {
          const call = lib.ot_call_callback(way, 3);
          const error = await rejection(call, HostFunctionError);
          expect(error).to.include({
            code: 'OFFTHREAD_HOST_FUNCTION',
            kind: 'host-function',
            symbol: 'ot_call_callback',
            call: call.id,
          });
          expect(error.cause === value, 'the same value').to.equal(true);
          if (value instanceof Error) expect(error.message).to.include(value.message);
          if (typeof value === 'string') expect(error.message).to.include(value);
          expect(call.state).to.equal('failed');
        }
        expect(await lib.ot_call_callback((n) => n, 3), 'the lane goes on').to.equal(3);
        await expectClean(pool);
      });
    });
  }

  it('has the stack of the place that threw it', async () => {
    await withTalk(engine, {}, async (lib) => {
      const whereItHappened = (): number => fail(new Error('here'));
      const error = await rejection(lib.ot_call_callback(whereItHappened, 1), HostFunctionError);
      expect((error.cause as Error).stack).to.include('whereItHappened');
    });
  });

  it('is thrown by a blocking call', async () => {
    await withTalk(engine, {}, async (lib) => {
      const blow = (): number => fail('a fuse');
      const error = thrown(() => lib.ot_call_callback.blocking(blow, 1), HostFunctionError);
      expect(error.cause).to.equal('a fuse');
      expect(lib.ot_call_callback.blocking((n) => n, 3)).to.equal(3);
    });
  });

  it('fails the call once native code has returned, not before', async () => {
    await withTalk(engine, { grace: 10_000 }, async (lib, pool) => {
      const gate = new Gate();
      const call = lib.ot_call_then_wait(() => fail('early'), gate.entered, gate.release, 8_000);
      const end = rejection(call, HostFunctionError);
      await gate.inside();
      await turns(50);
      expect(call.state).to.equal('running');
      gate.open();
      expect((await end).cause).to.equal('early');
      await expectClean(pool);
    });
  });
});

onCallbackEngines('wrong answers of host functions', (engine) => {
  it('are refused by type, given at once or later', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      for (const wrong of ['5', 1.5, 2 ** 31, -(2 ** 31) - 1, NaN, 1n, true, null, undefined, {}]) {
        for (const answer of [() => wrong, async () => wrong]) {
          const call = lib.ot_call_callback(answer as () => number, 2);
          const error = await rejection(call, HostFunctionError);
          expect(error).to.include({ code: 'OFFTHREAD_HOST_FUNCTION_RESULT', kind: 'host-function' });
          expect(error.message).to.match(/i32/);
        }
      }
      for (const wrong of [1.5, '1', 2n ** 63n, undefined]) {
        const call = lib.ot_call_i64(() => wrong as bigint, 1n, shared(8));
        expect((await rejection(call, HostFunctionError)).code).to.equal('OFFTHREAD_HOST_FUNCTION_RESULT');
      }
      expect(await lib.ot_call_i64(() => -7, 1n, shared(8))).to.equal(-7n);
      const number = lib.ot_call_bool(() => 1 as unknown as boolean, true, shared(8));
      expect((await rejection(number, HostFunctionError)).code).to.equal('OFFTHREAD_HOST_FUNCTION_RESULT');
      await expectClean(pool);
    });
  });

  it('are promises where `sync: true` was declared, and their own rejection is handled', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const reasons = await unhandled(async () => {
        for (const answer of [
          () => Promise.resolve(1),
          () => Promise.reject(new Error('too')),
          () => new Promise<number>(() => {}),
        ]) {
          const error = await rejection(lib.strict(answer as () => never, 2), HostFunctionError);
          expect(error.code).to.equal('OFFTHREAD_HOST_FUNCTION_ASYNC');
        }
      });
      expect(reasons).to.deep.equal([]);
      // What is certain to answer with a promise may be refused before anything is called.
      const { status, kind } = await lib.strict((async () => 1) as () => never, 2).settled();
      expect(status).to.equal('failed');
      expect(kind).to.be.oneOf(['argument', 'host-function']);
      expect(await lib.strict((n) => n, 3)).to.equal(3);
      await expectClean(pool);
    });
  });
});

onCallbackEngines('native code after a failure (M14)', (engine) => {
  it('gets the fallback from then on, and no function is called any more', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const [ask, fallback] of [
        [lib.ot_ask, 0],
        [lib.ask_else, -7],
      ] as const) {
        const answers = words(5);
        let calls = 0;
        const second = (n: number): number => (calls++ === 1 ? fail('second') : n + 10);
        expect((await rejection(ask(second, 5, answers), HostFunctionError)).cause).to.equal('second');
        expect([...answers]).to.deep.equal([10, fallback, fallback, fallback, fallback]);
        expect(calls).to.equal(2);
      }
    });
  });

  it('gets it from every callback of the call', async () => {
    await withTalk(engine, {}, async (lib) => {
      let others = 0;
      const other = (): number => (others += 1);
      await rejection(
        lib.ot_interleave(() => fail('first'), other, 4),
        HostFunctionError,
      );
      expect(others).to.equal(0);
    });
  });

  it('gets a fallback of each kind', async () => {
    await withTalk(engine, {}, async (lib) => {
      const kept = new DataView(new SharedArrayBuffer(8));
      kept.setBigUint64(0, 0x5555_5555_5555_5555n);
      await rejection(lib.ot_call_i64(fail, 9n, kept), HostFunctionError);
      expect(kept.getBigInt64(0, true), 'the default').to.equal(0n);
      await rejection(lib.ot_call_u64(fail, 9n, kept), HostFunctionError);
      expect(kept.getBigUint64(0, true)).to.equal(2n ** 64n - 1n);
      await rejection(lib.ot_call_f64(fail, 9, kept), HostFunctionError);
      expect(kept.getFloat64(0, true)).to.equal(2.5);
      kept.setUint8(0, 0x55);
      await rejection(lib.ot_call_bool(fail, false, kept), HostFunctionError);
      expect(kept.getUint8(0)).to.equal(1);
    });
  });

  it('sees its flag and its probe go up', async () => {
    await withTalk(engine, { timeout: 8_000 }, async (lib, pool) => {
      // Each would go on for a quarter of an hour.
      const flagged = lib.ot_stream_until_cancelled(() => fail('flag'), 1_000_000, 1, 1_000);
      expect((await rejection(flagged, HostFunctionError)).cause).to.equal('flag');
      let calls = 0;
      const probed = lib.ot_call_until_probe(() => (calls++ === 2 ? fail('probe') : 0), 2 ** 31 - 1);
      expect((await rejection(probed, HostFunctionError)).cause).to.equal('probe');
      expect(calls).to.equal(3);
      await expectClean(pool);
    });
  });
});
