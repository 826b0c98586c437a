/** B11: types of callbacks and chunks follow the declaration. Compiling this file is most of the test. */
import { expectTypeOf } from 'expect-type';
import type { AnyDeclarations, Checked } from '../../src/declare/language/checked.js';
import type {
  ArgumentsOf,
  ArgumentValue,
  CallbackFunction,
  ChunkOf,
  IsStreaming,
} from '../../src/declare/language/infer.js';
import { type PersistentCallback, persistent } from '../../src/declare/language/persistent.js';
import type { Declaration, Declarations } from '../../src/declare/language/types.js';
import { callback, chunks, out } from '../../src/declare/language/wrappers.js';

/** Stands for every function that takes declarations. */
function declare<const D extends AnyDeclarations & Checked<D>>(declarations: D): D {
  return declarations;
}

/** Stands for the function that a declaration makes. */
function call<D extends Declaration>(_declaration: D, ..._args: ArgumentsOf<D>): void {}

const written = { arguments: ['pointer', 'u64', 'u64', 'pointer'], return: 'u64' } as const;

describe('types of callbacks', () => {
  it('infers what the function gets and answers', () => {
    const compare = callback({ arguments: ['pointer', 'i32', 'bool', 'cstring'], return: 'i32' });
    expectTypeOf<CallbackFunction<typeof compare>>().toEqualTypeOf<
      (...args: [bigint, number, boolean, string | null]) => number | PromiseLike<number>
    >();
    const row = callback({
      arguments: ['i32', { cstrings: 0 }, { pointers: 0 }, { bytes: 0 }],
      return: 'void',
    });
    expectTypeOf<CallbackFunction<typeof row>>().toEqualTypeOf<
      (...args: [number, (string | null)[], bigint[], Buffer]) => unknown
    >();
    const data = callback(written, { bytes: [0, 2], timeout: 5, fallback: 1n });
    expectTypeOf<CallbackFunction<typeof data>>().toEqualTypeOf<
      (...args: [Buffer, bigint, bigint, bigint]) => number | bigint | PromiseLike<number | bigint>
    >();
    const now = callback({ arguments: [], return: 'bool' }, { sync: true });
    expectTypeOf<CallbackFunction<typeof now>>().toEqualTypeOf<() => boolean>();
  });

  it('infers what is given: a function, a persistent one, or null', () => {
    const { f } = declare({
      f: {
        arguments: [
          'cancelProbe',
          callback({ arguments: ['i32'], return: 'i32' }, { sync: true }),
          out('i32'),
          callback({ arguments: ['u64'], return: 'void' }),
          'i32',
        ],
        return: 'i32',
      },
    });
    type First = (...args: [number]) => number;
    type Second = (...args: [bigint]) => unknown;
    expectTypeOf<ArgumentsOf<typeof f>>().toEqualTypeOf<
      [First | PersistentCallback<First> | null, Second | PersistentCallback<Second> | null, number]
    >();
    call(f, (value) => (expectTypeOf(value).toEqualTypeOf<number>(), value), null, 1);
    call(
      f,
      () => 1,
      async (value) => void expectTypeOf(value).toEqualTypeOf<bigint>(),
      1,
    );
    call(
      f,
      persistent((value: number) => value),
      persistent((value) => void expectTypeOf(value).toEqualTypeOf<bigint>()),
      1,
    );
    const text = persistent(() => 'x');
    // @ts-expect-error a promise, where sync: true is declared
    call(f, async () => 1, null, 1);
    // @ts-expect-error more arguments than native code gives
    call(f, (a: number, b: number) => a + b, null, 1);
    // @ts-expect-error the wrong answer
    call(f, () => 'x', null, 1);
    // @ts-expect-error the wrong answer of a persistent function
    call(f, text, null, 1);
    // @ts-expect-error the wrong kind of argument
    call(f, (value: string) => value.length, null, 1);
    // @ts-expect-error undefined is not NULL
    call(f, undefined, null, 1);
  });

  it('refuses what can never be right', () => {
    // @ts-expect-error no such type
    callback({ arguments: ['i23'], return: 'i32' });
    // @ts-expect-error bytes have a length
    callback({ arguments: ['buffer'], return: 'i32' });
    // @ts-expect-error nobody could free it
    callback({ arguments: [], return: 'cstring' });
    // @ts-expect-error return is missing
    callback({ arguments: [] });
    // @ts-expect-error unknown key
    callback({ arguments: [], return: 'i32', symbol: 'f' });
    // @ts-expect-error unknown option
    callback({ arguments: [], return: 'i32' }, { timeout: 1, timout: 5 });
    callback({ arguments: [], return: 'u64' }, { fallback: 1 });
    // @ts-expect-error the fallback is a bigint
    callback({ arguments: [], return: 'pointer' }, { fallback: 1 });
    // @ts-expect-error native code waits for a value
    callback({ arguments: [], return: 'i32' }, { fireAndForget: true });
    // @ts-expect-error there is no value
    callback({ arguments: [], return: 'void' }, { fallback: 0 });
    // @ts-expect-error an option of chunks()
    callback({ arguments: [], return: 'i32' }, { stop: 1 });
    // @ts-expect-error nothing to make it stop with
    chunks({ arguments: [], return: 'void' }, { stop: 0 });
    // @ts-expect-error a length is an integer
    chunks({ arguments: ['pointer', 'i32'], return: 'f64' }, { bytes: [0, 1], proceed: 'length' });
    // @ts-expect-error a pair
    chunks({ arguments: ['pointer', 'i32'], return: 'i32' }, { bytes: [0] });
    // @ts-expect-error an option of callback()
    chunks({ arguments: [], return: 'i32' }, { sync: true });
    // @ts-expect-error a stream is made of chunks
    declare({ f: { arguments: [], return: 'i32', stream: callback({ arguments: [], return: 'i32' }) } });
    // @ts-expect-error unknown key
    declare({ f: { arguments: [], return: 'i32', steam: chunks({ arguments: [], return: 'i32' }) } });
    // @ts-expect-error no function
    void (() => persistent(5));
  });
});

describe('types of streams', () => {
  it('infers chunks: bytes, or the tuple of all arguments', () => {
    const body = chunks(written, { bytes: [0, 2], stop: 0n, proceed: 'length', persistent: true });
    const lib = declare({
      rows: {
        arguments: [
          'pointer',
          chunks({ arguments: ['i32', { cstrings: 0 }], return: 'i32' }, { stop: 1 }),
          'i32',
        ],
        return: 'i32',
      },
      read: { arguments: [chunks(written, { bytes: [0, 2] })], return: 'void' },
      install: { arguments: ['pointer', 'i32', body], return: 'i32' },
      perform: { arguments: ['pointer'], return: 'i32', stream: body },
      mixed: { arguments: [chunks({ arguments: [{ bytes: 1 }, 'i32'], return: 'void' })], return: 'void' },
      plain: { arguments: ['i32'], return: 'i32' },
    });
    expectTypeOf<ChunkOf<typeof lib.rows>>().toEqualTypeOf<[number, (string | null)[]]>();
    expectTypeOf<ArgumentsOf<typeof lib.rows>>().toEqualTypeOf<[bigint, number]>();
    expectTypeOf<ChunkOf<typeof lib.read>>().toEqualTypeOf<Buffer>();
    expectTypeOf<ArgumentsOf<typeof lib.read>>().toEqualTypeOf<[]>();
    expectTypeOf<ChunkOf<typeof lib.install>>().toEqualTypeOf<never>();
    expectTypeOf<ChunkOf<typeof lib.perform>>().toEqualTypeOf<Buffer>();
    expectTypeOf<ChunkOf<typeof lib.mixed>>().toEqualTypeOf<[Buffer, number]>();
    expectTypeOf<ChunkOf<typeof lib.plain>>().toEqualTypeOf<never>();
    expectTypeOf<IsStreaming<typeof lib.rows>>().toEqualTypeOf<true>();
    expectTypeOf<IsStreaming<typeof lib.read>>().toEqualTypeOf<true>();
    expectTypeOf<IsStreaming<typeof lib.install>>().toEqualTypeOf<false>();
    expectTypeOf<IsStreaming<typeof lib.perform>>().toEqualTypeOf<true>();
    expectTypeOf<IsStreaming<typeof lib.plain>>().toEqualTypeOf<false>();
  });

  it('stays usable for declarations whose literals were widened', () => {
    const widened = {
      each: { arguments: ['i32', callback({ arguments: ['i32'], return: 'void' })], return: 'i32' },
      rows: { arguments: [], return: 'i32', stream: chunks({ arguments: ['i32'], return: 'void' }) },
    };
    const lib = declare(widened);
    expectTypeOf<ArgumentsOf<typeof lib.each>>().toEqualTypeOf<ArgumentValue[]>();
    expectTypeOf<IsStreaming<typeof lib.each>>().toEqualTypeOf<false>();
    expectTypeOf<ChunkOf<typeof lib.rows>>().toEqualTypeOf<[number]>();
    expectTypeOf<IsStreaming<Declaration>>().toEqualTypeOf<false>();
    const values: ArgumentValue[] = [() => 1, (a: number) => a, persistent((a: bigint) => a)];
    void values;
  });

  it('keeps literals of declarations that are checked apart', () => {
    const declared = {
      read: { arguments: [chunks(written, { bytes: [0, 2] })], return: 'i32' },
    } as const satisfies Declarations;
    expectTypeOf<ChunkOf<(typeof declared)['read']>>().toEqualTypeOf<Buffer>();
  });
});
