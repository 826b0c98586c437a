/** B11, M35: the types of runs over many items follow the declaration. Compiling this file is most of the test. */
import { expectTypeOf } from 'expect-type';
import type { ColumnCall, Library, MapResults, Pool } from 'offthread';

const FUNCTIONS = {
  add: { arguments: ['i32', 'i32'], return: 'i32' },
  root: { arguments: ['f64'], return: 'f64' },
  crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' },
  big: { arguments: ['i64', 'bool'], return: 'i64' },
  pause: { arguments: ['i32'], return: 'void' },
} as const;

/** Put together at run time: how many there are is not known before. */
// oxlint-disable-next-line typescript/consistent-type-definitions -- an interface has no index signature
type Wide = { readonly any: { readonly arguments: readonly 'i64'[]; readonly return: 'i64' } };

/** Never called: what matters is whether it compiles. */
function uses(pool: Pool, lib: Library<typeof FUNCTIONS>, wide: Library<Wide>): void {
  expectTypeOf(pool.map(lib.add, [[1, 2]])).toEqualTypeOf<MapResults<number>>();
  expectTypeOf(pool.map(lib.root, [1, 2])).toEqualTypeOf<MapResults<number>>();
  expectTypeOf(pool.map(lib.root, [[1], [2]])).toEqualTypeOf<MapResults<number>>();
  expectTypeOf(pool.map(lib.crc32, [[0n, new Uint8Array(1), 1]])).toEqualTypeOf<MapResults<bigint>>();
  expectTypeOf(pool.map((text: string) => lib.root(text.length), ['a'])).toEqualTypeOf<MapResults<number>>();
  expectTypeOf(pool.map(async (n: number, index: number) => `${n} ${index}`, new Set([1]))).toEqualTypeOf<
    MapResults<string>
  >();
  expectTypeOf(pool.map(lib.add, [[1, 2]]).entries()).toEqualTypeOf<
    AsyncIterableIterator<readonly [number, number]>
  >();
  pool.map((text: string) => text.length, ['a'], { onError: (_, item) => ({ value: item.length }) });
  // @ts-expect-error an item is not of the function's type
  pool.map((text: string) => text.length, [1]);
  // @ts-expect-error it stands for another type of result
  pool.map((text: string) => text.length, ['a'], { onError: () => ({ value: 'long' }) });
  // @ts-expect-error there is no such option
  pool.map(lib.root, [1], { order: true });

  expectTypeOf(
    pool.map(
      async (text: string, _: number, signal: AbortSignal) => [text, signal.aborted] as const,
      new Set(['a']),
    ),
  ).toEqualTypeOf<MapResults<readonly [string, boolean]>>();

  const a = new Int32Array(2);
  const big = new BigInt64Array(2);
  expectTypeOf(pool.mapColumns(lib.add, { a, b: 1 }, a)).toEqualTypeOf<ColumnCall<Int32Array<ArrayBuffer>>>();
  expectTypeOf(pool.mapColumns(lib.add, [a, a], null)).toEqualTypeOf<ColumnCall<null>>();
  expectTypeOf(pool.mapColumns(lib.big, [big, true], big)).toEqualTypeOf<
    ColumnCall<BigInt64Array<ArrayBuffer>>
  >();
  expectTypeOf(pool.mapColumns(lib.pause, [a])).toEqualTypeOf<ColumnCall<null>>();
  expectTypeOf(pool.mapColumns(lib.pause, [a], null, { onError: 'skip' })).toEqualTypeOf<ColumnCall<null>>();
  void pool
    .mapColumns(lib.add, [a, a])
    .then(({ out }) => expectTypeOf(out[0]).toEqualTypeOf<number | undefined>());
  void pool
    .mapColumns(lib.big, { a: big, b: a }, undefined, {})
    .then(({ out }) => expectTypeOf(out[0]).toEqualTypeOf<bigint | undefined>());
  expectTypeOf(pool.mapColumns(wide.any, [a, big], big)).toEqualTypeOf<
    ColumnCall<BigInt64Array<ArrayBuffer>>
  >();
  const maybe = a as Int32Array | undefined;
  expectTypeOf(pool.mapColumns(lib.add, [a, a], maybe)).toExtend<ColumnCall<unknown>>();
  // @ts-expect-error a column is a typed array
  void pool.mapColumns(lib.add, { a: [1, 2], b: 1 });
  // @ts-expect-error there is one too few
  void pool.mapColumns(lib.add, [a]);
  // @ts-expect-error its first argument is 64 bits wide
  void pool.mapColumns(lib.big, [a, true]);
  // @ts-expect-error it takes no bigint
  void pool.mapColumns(lib.add, { a, b: 1n });
  // @ts-expect-error it takes bytes
  void pool.mapColumns(lib.crc32, [big, a, a]);
  // @ts-expect-error what it returns is 64 bits wide
  void pool.mapColumns(lib.big, [big, true], a);
  // @ts-expect-error it returns nothing
  void pool.mapColumns(lib.pause, [a], a);
}

describe('types of runs over many items (M35)', () => {
  it('follow the function', () => {
    expectTypeOf(uses).toBeFunction();
  });
});
