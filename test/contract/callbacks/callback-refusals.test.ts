/** M4: functions, values and declarations of callbacks that are wrong are refused before anything is called. */
import { expect } from 'chai';
import { ArgumentError, callback, chunks, DeclarationError, persistent, type Pool } from 'offthread';
import { createPool, laneKind } from '../../helpers/lane-kind.js';
import { rejection, thrown, withLibrary } from '../../helpers/contract.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { BYTES, CHUNK, expectClean, NUMBER, onCallbackEngines } from '../../helpers/talk.js';
import { testlib } from '../../helpers/testlib.js';

const withTalk = withLibrary({
  ot_call_callback: { arguments: [callback(NUMBER), 'i32'], return: 'i32' },
  ot_stream_chunks: { arguments: [chunks(CHUNK, BYTES), 'i32', 'i32'], return: 'i32' },
  /** Whatever it is declared as, it counts that it was entered, and calls nothing. */
  counting: { symbol: 'ot_concurrent_enter_exit', arguments: ['i32', callback(NUMBER)], return: 'i32' },
});

type Loose = {
  (...args: unknown[]): Promise<unknown>;
  blocking(...args: unknown[]): unknown;
  with(options: object): Loose;
  stream(...args: unknown[]): { readonly result: Promise<unknown> };
};
/** For arguments that TypeScript would refuse. */
const loose = (fn: unknown): Loose => fn as Loose;

onCallbackEngines('refused functions (M4)', (engine) => {
  it('refuses what is no function, and takes null', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      resetThreadsInside();
      for (const wrong of [undefined, 5, 0n, 'f', {}, [], true, Symbol('f')]) {
        const error = await rejection(loose(lib.counting)(0, wrong), ArgumentError);
        expect(error).to.include({ code: 'OFFTHREAD_ARGUMENT', symbol: 'counting' });
        thrown(() => loose(lib.counting).blocking(0, wrong), ArgumentError);
      }
      expect(mostThreadsInside(), 'calls that reached native code').to.equal(0);
      await lib.counting(0, null);
      if (laneKind() === 'thread') expect(mostThreadsInside(), 'the counter counts').to.equal(1);
      expect(pool.stats()).to.include({ submitted: 1, succeeded: 1 });
    });
  });

  it('refuses a function that wants more arguments than there are', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      const greedy = (a: number, b: number): number => a + b;
      resetThreadsInside();
      const error = await rejection(loose(lib.counting)(0, greedy), ArgumentError);
      expect(error.message)
        .to.match(/counting/)
        .and.to.match(/2/)
        .and.to.match(/1/);
      await rejection(loose(lib.counting)(0, persistent(greedy)), ArgumentError);
      expect(mostThreadsInside()).to.equal(0);
      expect(pool.stats()).to.include({ submitted: 0, refused: 2 });
    });
  });

  it('takes a function that wants fewer, or any number', async () => {
    await withTalk(engine, {}, async (lib) => {
      expect(await lib.ot_call_callback(() => 7, 3)).to.equal(21);
      expect(await lib.ot_call_callback((...all: number[]) => all.length, 3)).to.equal(3);
      const spare = (n: number, more = 10): number => n + more;
      expect(await lib.ot_call_callback(spare, 3), 'a default is no demand').to.equal(33);
    });
  });

  it('refuses a wrong number of arguments: chunks are not given', async () => {
    await withTalk(engine, {}, async (lib, pool) => {
      await rejection(
        loose(lib.ot_call_callback)(() => 1),
        ArgumentError,
      );
      await rejection(loose(lib.ot_stream_chunks).stream(() => 0, 3, 4).result, ArgumentError);
      await rejection(loose(lib.ot_stream_chunks).stream(3).result, ArgumentError);
      await expectClean(pool);
    });
  });

  it('refuses to call a streaming function plainly without onChunk, and says what to do', async () => {
    await withTalk(engine, {}, async (lib) => {
      const error = await rejection(lib.ot_stream_chunks(3, 4), ArgumentError);
      expect(error.message).to.match(/stream\(/);
    });
  });

  it('refuses wrong options', async () => {
    await withTalk(engine, {}, async (lib) => {
      for (const options of [
        { hostTimeout: -1 },
        { hostTimeout: '5' },
        { highWaterMark: 0 },
        { highWaterMark: 65_537 },
        { highWaterMark: 1.5 },
        { onChunk: 5 },
        { onChunkError: 'ignore' },
      ]) {
        thrown(() => loose(lib.ot_stream_chunks).with(options), ArgumentError);
      }
    });
  });

  it('has a stream only where the declaration has chunks', async () => {
    await withTalk(engine, {}, async (lib) => {
      expect(loose(lib.ot_call_callback).stream).to.equal(undefined);
      expect(loose(lib.ot_stream_chunks).stream).to.be.a('function');
    });
  });
});

onCallbackEngines('refused declarations of callbacks', (engine) => {
  let pool: Pool;
  before(() => (pool = createPool({ lanes: 1 })));
  after(() => pool.close());
  /** `callback` may throw itself, or leave it to `open`: both are the rejection here. */
  const open = async (declare: () => object): Promise<unknown> =>
    pool.open(testlib, { f: { symbol: 'ot_nothing', return: 'i32', ...declare() } } as never, { engine });
  const signature = (list: unknown, result: unknown = 'i32'): never =>
    ({ arguments: list, return: result }) as never;
  const sink = (options: object): unknown => chunks(CHUNK, options as never);
  const host = (options: object, result: unknown = 'i32'): unknown =>
    callback(signature(['i32', 'pointer'], result), options as never);

  const wrong: Readonly<Record<string, () => unknown[]>> = {
    'a string as the result': () => [callback(signature([], 'cstring'))],
    'a type that is none': () => [callback(signature(['int']))],
    'a buffer as an argument': () => [callback(signature(['buffer']))],
    'a callback in a callback': () => [callback(signature([callback(NUMBER)]))],
    'a length that is no argument': () => [callback(signature([{ bytes: 1 }]))],
    'a length that is a float': () => [callback(signature([{ bytes: 1 }, 'f64']))],
    'a length that is itself': () => [callback(signature([{ cstrings: 0 }]))],
    'a fallback that is no i32': () => [host({ fallback: 2 ** 31 })],
    'a fallback of the wrong kind': () => [host({ fallback: 1.5 }, 'i64')],
    'a negative timeout': () => [host({ timeout: -1 })],
    'fire and forget with a result': () => [host({ fireAndForget: true })],
    'an option that nobody knows': () => [host({ fallbak: 1 })],
    'bytes of what is no pointer': () => [host({ bytes: [0, 1] })],
    'a stop that is no i32': () => [sink({ stop: 2 ** 31 })],
    'a proceed that is no i32': () => [sink({ proceed: 'x' })],
    'a length to proceed with, without bytes': () => [sink({ stop: 0, proceed: 'length' })],
    'room for no chunk': () => [sink({ highWaterMark: 0 })],
    'room for too many chunks': () => [sink({ highWaterMark: 65_537 })],
    'two chunks': () => [sink(BYTES), sink(BYTES)],
    'two probes': () => ['cancelProbe', 'cancelProbe'],
  };
  for (const [what, list] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      const opening = open(() => ({ arguments: list() }));
      expect(await rejection(opening, DeclarationError)).to.include({ code: 'OFFTHREAD_DECLARATION' });
    });
  }

  it('says why a callback returns no string', async () => {
    const declare = (): object => ({ arguments: [callback(signature([], 'cstring'))] });
    expect((await rejection(open(declare), DeclarationError)).message).to.match(/free|release/);
  });

  it('refuses a `stream` that is none, or beside chunks of its own', async () => {
    for (const declare of [
      () => ({ arguments: [], stream: callback(NUMBER) }),
      () => ({ arguments: [], stream: true }),
      () => ({ arguments: [sink(BYTES)], stream: sink({ ...BYTES, persistent: true }) }),
    ]) {
      await rejection(open(declare), DeclarationError);
    }
  });

  it('takes what is right, with every option', async () => {
    await open(() => ({
      arguments: [
        host({ timeout: 0, fallback: -(2 ** 31) }),
        host({ timeout: 5, sync: true, fallback: 2n ** 63n - 1n }, 'i64'),
        host({ fireAndForget: true }, 'void'),
        host({ fallback: true }, 'bool'),
        chunks(signature(['pointer', 'u32'], 'u32'), {
          bytes: [0, 1],
          stop: 0 as never,
          proceed: 'length',
          highWaterMark: 65_536,
        }),
        'cancelProbe',
      ],
    }));
  });
});
