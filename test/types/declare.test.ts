/** B11: types follow the declaration. Compiling this file is most of the test. */
import { expectTypeOf } from 'expect-type';
import type { AnyDeclarations, Checked } from '../../src/declare/language/checked.js';
import type { ArgumentsOf, ArgumentValue, BytesInput, ResultOf } from '../../src/declare/language/infer.js';
import type { Declaration, Declarations } from '../../src/declare/language/types.js';
import { inout, out } from '../../src/declare/language/wrappers.js';

type Functions<D extends AnyDeclarations> = {
  readonly [K in keyof D]: (...args: ArgumentsOf<D[K]>) => Promise<ResultOf<D[K]>>;
};

/** Stands for every function that takes declarations. */
function open<const D extends AnyDeclarations & Checked<D>>(declarations: D): Functions<D> {
  return Object.fromEntries(
    Object.keys(declarations).map((name) => [name, async () => undefined]),
  ) as unknown as Functions<D>;
}

describe('types of declarations (B11)', () => {
  it('infers arguments and results of scalars, strings and bytes', () => {
    const lib = open({
      crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' },
      version: { arguments: [], return: 'cstring' },
      scale: { arguments: ['f32', 'double', 'bool', 'cstring', 'pointer'], return: 'bool' },
      reset: { arguments: [], return: 'void' },
      owned: { arguments: ['int8'], return: { cstring: { free: 'release' } } },
    });
    expectTypeOf(lib.crc32).parameters.toEqualTypeOf<[number | bigint, BytesInput, number]>();
    expectTypeOf(lib.crc32).returns.resolves.toEqualTypeOf<bigint>();
    expectTypeOf(lib.version).parameters.toEqualTypeOf<[]>();
    expectTypeOf(lib.version).returns.resolves.toEqualTypeOf<string | null>();
    expectTypeOf(lib.scale).parameters.toEqualTypeOf<[number, number, boolean, string | null, bigint]>();
    expectTypeOf(lib.scale).returns.resolves.toEqualTypeOf<boolean>();
    expectTypeOf(lib.reset).returns.resolves.toEqualTypeOf<undefined>();
    expectTypeOf(lib.owned).returns.resolves.toEqualTypeOf<string | null>();
    void lib.crc32(0, new Uint8Array(1), 1);
    // @ts-expect-error an address is a bigint
    void lib.scale(1, 1, true, '', 0);
    // @ts-expect-error an argument is missing
    lib.crc32(0n, new Uint8Array(1));
    // @ts-expect-error the library has no such function
    lib.crc33;
  });

  it('takes every kind of bytes', () => {
    const { f } = open({ f: { arguments: ['buffer'], return: 'void' } });
    const taken: Parameters<typeof f>[0][] = [
      new ArrayBuffer(1),
      new SharedArrayBuffer(1),
      Buffer.alloc(1),
      new DataView(new ArrayBuffer(1)),
      new BigInt64Array(1),
      new Uint8Array(new SharedArrayBuffer(1)),
    ];
    void taken;
    // @ts-expect-error a list of numbers is no memory
    f([1, 2, 3]);
  });

  it('leaves out what the caller does not give, and adds the outs in order', () => {
    const lib = open({
      f: {
        arguments: [
          'cancelFlag',
          out('i32'),
          'cstring',
          inout('u64'),
          'progress',
          inout('buffer'),
          out('cstring'),
          out({ cstring: { free: 'release' } }),
        ],
        return: 'i32',
      },
      g: { arguments: [inout('buffer'), 'cancelFlag'], return: 'f64' },
      h: { arguments: [out('bool')], return: 'void' },
    });
    expectTypeOf(lib.f).parameters.toEqualTypeOf<[string | null, number | bigint, BytesInput]>();
    expectTypeOf(lib.f).returns.resolves.toEqualTypeOf<
      [number, number, bigint, string | null, string | null]
    >();
    expectTypeOf(lib.g).parameters.toEqualTypeOf<[BytesInput]>();
    expectTypeOf(lib.g).returns.resolves.toEqualTypeOf<number>();
    expectTypeOf(lib.h).returns.resolves.toEqualTypeOf<[undefined, boolean]>();
  });

  it('types a failure predicate from the return type', () => {
    open({
      a: {
        arguments: [],
        return: 'i32',
        fails: (value) => (expectTypeOf(value).toEqualTypeOf<number>(), true),
      },
      b: {
        arguments: [],
        return: 'u64',
        fails: (value) => (expectTypeOf(value).toEqualTypeOf<bigint>(), true),
      },
      c: {
        arguments: [],
        return: 'bool',
        fails: (value) => (expectTypeOf(value).toEqualTypeOf<boolean>(), true),
      },
      d: {
        arguments: [],
        return: 'cstring',
        fails: (value) => (expectTypeOf(value).toEqualTypeOf<string | null>(), true),
      },
      e: { arguments: [], return: 'ptr', fails: (value) => value === 0n },
      // TypeScript narrows a union by literals, not by objects: here the parameter says its type.
      f: { arguments: [], return: { cstring: { free: 'x' } }, fails: (text: string | null) => text === null },
    });
    // @ts-expect-error the returned value is a number
    open({ a: { arguments: [], return: 'i32', fails: (value: string) => value === '' } });
  });

  it('refuses what can never be right', () => {
    // @ts-expect-error no such type
    open({ f: { arguments: ['i23'], return: 'i32' } });
    // @ts-expect-error no such type
    open({ f: { arguments: ['i32'], return: 'i23' } });
    // @ts-expect-error nothing to pass
    open({ f: { arguments: ['void'], return: 'i32' } });
    // @ts-expect-error bytes have no length to return
    open({ f: { arguments: [], return: 'buffer' } });
    // @ts-expect-error unknown key
    open({ f: { arguments: [], return: 'i32', failz: 'nonzero' } });
    // @ts-expect-error an unsigned value is never negative
    open({ f: { arguments: [], return: 'u32', fails: 'negative' } });
    // @ts-expect-error a number is never null
    open({ f: { arguments: [], return: 'i32', fails: 'null' } });
    // @ts-expect-error nothing is returned
    open({ f: { arguments: [], return: 'void', fails: 'nonzero' } });
    // @ts-expect-error return is missing
    open({ f: { arguments: [] } });
    // @ts-expect-error bytes are filled in place
    open({ f: { arguments: [out('buffer')], return: 'void' } });
    // @ts-expect-error a string cannot be changed in place
    open({ f: { arguments: [inout('cstring')], return: 'void' } });
  });

  it('stays usable for declarations whose literals were widened', () => {
    const widened = {
      add: { arguments: ['i32', 'i32'], return: 'i32' },
      free: { arguments: [], return: 'void' },
    };
    const lib = open(widened);
    expectTypeOf(lib.add).parameters.toEqualTypeOf<ArgumentValue[]>();
    expectTypeOf(lib.add).returns.resolves.toEqualTypeOf<unknown>();
    void lib.add(1, 2);
    const loaded: Declarations = widened as Declarations;
    const any = open(loaded);
    void any['add']?.(1, 2n, null, new Uint8Array(1));
  });

  it('keeps literals of declarations that are checked apart', () => {
    const declared = {
      size: { arguments: ['cstring', out('u64')], return: 'i32', fails: 'nonzero' },
    } as const satisfies Declarations;
    expectTypeOf(open(declared).size).parameters.toEqualTypeOf<[string | null]>();
    expectTypeOf<ResultOf<typeof declared.size>>().toEqualTypeOf<[number, bigint]>();
    const one: Declaration = declared.size;
    void one;
  });
});
