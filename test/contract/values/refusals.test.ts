/** M4: a wrong value, count or declaration is refused with a typed error, and nothing reaches native code. */
import { expect } from 'chai';
import {
  ArgumentError,
  DeclarationError,
  EngineError,
  LibraryNotFoundError,
  SymbolNotFoundError,
  inout,
} from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown, withPool } from '../../helpers/contract.js';
import { shared } from '../../helpers/gate.js';
import { mostThreadsInside, resetThreadsInside } from '../../helpers/oracle.js';
import { packageRoot, testlib } from '../../helpers/testlib.js';
import { laneKind } from '../../helpers/lane-kind.js';

type Loose = {
  (...args: unknown[]): PromiseLike<unknown>;
  readonly blocking: (...args: unknown[]) => unknown;
};
/** For arguments that TypeScript would refuse. */
const loose = (fn: unknown): Loose => fn as Loose;

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  i8: [128, -129, 1.5, NaN, Infinity, '1', 1n, true, null, undefined, {}],
  u8: [256, -1, 0.1],
  i16: [32_768, -32_769],
  u16: [65_536, -1],
  i32: [2 ** 31, -(2 ** 31) - 1, 2 ** 40 + 5, 1.7, NaN, '5', [5]],
  u32: [2 ** 32, -1],
  i64: [2n ** 63n, -(2n ** 63n) - 1n, 1.5, 2 ** 53, '1', null],
  u64: [2n ** 64n, -1n, -1, 2 ** 53],
  f32: ['1', 1n, null],
  f64: ['1', 1n, undefined],
  bool: [1, 0, 'true', null],
  pointer: [1, -1n, 2n ** 64n, null, Buffer.alloc(1)],
  cstring: [5, Buffer.from('x'), undefined, Symbol('x'), 'a\0b'],
  buffer: ['text', 5, -1n, 2n ** 52n, undefined, [1, 2], {}],
};

onEveryEngine('refused arguments (M4)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('refuses wrong values of every type before they reach native code', async () => {
    resetThreadsInside();
    for (const [type, values] of Object.entries(WRONG)) {
      // Whatever its parameter is declared as, this function counts that it was entered.
      const declarations = {
        fn: { symbol: 'ot_concurrent_enter_exit', arguments: [type], return: 'i32' },
      };
      const { fn } = (await lab.pool.open(testlib, declarations as never, { engine })) as unknown as {
        fn: Loose;
      };
      for (const value of values) {
        const error = await rejection(fn(value), ArgumentError);
        expect(error, type).to.include({ code: 'OFFTHREAD_ARGUMENT', kind: 'argument', symbol: 'fn' });
        expect(error.call, 'the id of the call').to.be.a('number');
        thrown(() => fn.blocking(value), ArgumentError);
      }
    }
    expect(mostThreadsInside(), 'calls that reached native code').to.equal(0);
    await lab.lib.ot_concurrent_enter_exit(0);
    if (laneKind() === 'thread') expect(mostThreadsInside(), 'the counter counts').to.equal(1);
  });

  it('refuses a wrong number of arguments', async () => {
    const add = loose(lab.lib.ot_add);
    for (const args of [[], [1], [1, 2, 3]]) {
      const error = await rejection(add(...args), ArgumentError);
      expect(error.message)
        .to.match(/ot_add/)
        .and.to.match(/2/);
      thrown(() => add.blocking(...args), ArgumentError);
    }
  });

  it('says which argument it was, and what it has to be', async () => {
    const { message } = await rejection(loose(lab.lib.ot_add)(1, 2 ** 31), ArgumentError);
    expect(message).to.match(/ot_add/);
    expect(message).to.match(/2147483648|2_147_483_648/);
    expect(message).to.match(/i32/);
  });

  it('refuses values in inout cells', async () => {
    const lib = await lab.pool.open(
      testlib,
      { ot_inout_u8: { arguments: [inout('u8'), 'u8'], return: 'void' } },
      { engine },
    );
    await rejection(lib.ot_inout_u8(256, 0), ArgumentError);
    expect(await lib.ot_inout_u8(255, 0)).to.deep.equal([undefined, 255]);
  });

  it('refuses a detached buffer', async () => {
    const memory = new ArrayBuffer(16);
    const view = new Uint8Array(memory);
    structuredClone(memory, { transfer: [memory] });
    const lib = await lab.pool.open(
      testlib,
      { ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' } },
      { engine },
    );
    await rejection(lib.ot_checksum(view, 16), ArgumentError);
  });

  it('counts refused calls apart, and goes on', async () => {
    await withPool(engine, {}, async (lib, pool) => {
      await rejection(loose(lib.ot_add)('x', 1), ArgumentError);
      const { submitted, refused, failed } = pool.stats();
      expect({ submitted, refused, failed }).to.deep.equal({ submitted: 0, refused: 1, failed: 0 });
      const record = await lib.ot_add(2 ** 40, 1).settled();
      expect(record).to.include({ status: 'failed', kind: 'argument', ranMs: 0 });
      expect(await lib.ot_add(1, 2)).to.equal(3);
    });
  });

  it('leaves the shared memory of a refused call alone', async () => {
    const bytes = shared(8);
    await rejection(loose(lab.lib.ot_fill_slowly)(bytes, 8, 256, 0), ArgumentError);
    expect([...bytes]).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
  });
});

onEveryEngine('refused libraries (M4)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  const open = (path: unknown, declarations: unknown, options: unknown = { engine }): Promise<unknown> =>
    lab.pool.open(path as string, declarations as never, options as never);

  it('refuses a library that is not there, and a function that it has not', async () => {
    const nothing = { f: { arguments: [], return: 'void' } };
    const missing = await rejection(open('/nowhere/libnothing.so', nothing), LibraryNotFoundError);
    expect(missing.message).to.include('/nowhere/libnothing.so');
    await rejection(open('libnothing-of-that-name.so.9', nothing), LibraryNotFoundError);
    const symbol = await rejection(open(testlib, { ot_adn: nothing.f }), SymbolNotFoundError);
    expect(symbol).to.include({ symbol: 'ot_adn', code: 'OFFTHREAD_SYMBOL_NOT_FOUND' });
  });

  it('refuses a file that is no library', async () => {
    await rejection(
      open(`${packageRoot()}/package.json`, { f: { arguments: [], return: 'void' } }),
      EngineError,
    );
  });

  it('refuses helpers that the library has not', async () => {
    const lastError = { arguments: ['i32'], return: 'i32', fails: 'nonzero', lastError: 'ot_lost_error' };
    await rejection(open(testlib, { ot_fail: lastError }), SymbolNotFoundError);
    const owned = { arguments: [], return: { cstring: { free: 'ot_fre' } } };
    await rejection(open(testlib, { ot_owned_text: owned }), SymbolNotFoundError);
    const onCancel = { arguments: ['pointer', 'i32'], return: 'i32', onCancel: { symbol: 'ot_job_stop' } };
    await rejection(open(testlib, { ot_job_run: onCancel }), SymbolNotFoundError);
  });

  it('refuses declarations that make no sense', async () => {
    const wrong = [
      { arguments: ['int'], return: 'i32' },
      { arguments: ['i32'], return: 'i33' },
      { arguments: ['void'], return: 'i32' },
      { arguments: 'i32', return: 'i32' },
      { arguments: [], return: 'buffer' },
      { arguments: [{ out: 'buffer' }], return: 'i32' },
      { arguments: [{ inout: 'cstring' }], return: 'i32' },
      { arguments: [], return: 'i32', fails: 'null' },
      { arguments: [], return: 'i32', errno: true },
      { arguments: [], return: 'i32', retrun: 'i32' },
      { arguments: [], return: 'i32', onCancel: { symbol: 'ot_nothing', arguments: [3] } },
      { arguments: Array(33).fill('i32'), return: 'i32' },
      null,
      'i32',
    ];
    for (const declaration of wrong) {
      await rejection(open(testlib, { ot_add: declaration }), DeclarationError);
    }
  });

  it('refuses names that a library object has of its own', async () => {
    const declaration = { symbol: 'ot_nothing', arguments: [], return: 'void' };
    for (const name of ['close', 'engine', 'then']) {
      await rejection(open(testlib, { [name]: declaration }), DeclarationError);
    }
  });

  it('refuses wrong options and paths', async () => {
    const fine = { ot_nothing: { arguments: [], return: 'void' } };
    await rejection(open(testlib, fine, { engine: 'libffi' }), ArgumentError);
    await rejection(open(testlib, fine, { engin: engine }), ArgumentError);
    await rejection(open('', fine), ArgumentError);
    await rejection(open(5, fine), ArgumentError);
    await rejection(open(new URL('https://example.org/lib.so'), fine), ArgumentError);
  });

  it('knows no function that was not declared', () => {
    expect((lab.lib as unknown as Record<string, unknown>)['ot_divmod']).to.equal(undefined);
    expect(Object.keys(lab.lib)).to.include('ot_add');
    expect(lab.lib.engine).to.equal(engine);
    expect(lab.lib.path).to.equal(testlib);
  });
});
