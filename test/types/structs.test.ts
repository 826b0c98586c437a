/** B11, B15: the types of structs, unions and arrays follow their declarations. Compiling this file is most of the test. */
import { expectTypeOf } from 'expect-type';
import type { ArgumentsOf, ResultOf } from '../../src/declare/language/infer.js';
import type { AnyDeclarations, Checked } from '../../src/declare/language/checked.js';
import type { MemoryInput, MemoryValue } from '../../src/declare/language/struct-types.js';
import { array, pointer, struct, union } from '../../src/declare/language/structs.js';
import { inout, out } from '../../src/declare/language/wrappers.js';

/** Stands for every function that takes declarations. */
function open<const D extends AnyDeclarations & Checked<D>>(
  declarations: D,
): { readonly [K in keyof D]: (...args: ArgumentsOf<D[K]>) => Promise<ResultOf<D[K]>> } {
  return Object.fromEntries(Object.keys(declarations).map((name) => [name, async () => undefined])) as never;
}

const timespec = struct({ tv_sec: 'i64', tv_nsec: 'i64' });
const event = struct({
  events: 'u32',
  data: union({ fd: 'i32', ptr: 'pointer' }),
  at: timespec,
  name: array('char', 16),
  raw: array('u8', 4),
  grid: array(array('f32', 2), 3),
  all: array(timespec, 2),
});

interface Timespec {
  tv_sec: bigint;
  tv_nsec: bigint;
}

describe('types of structs (B11, B15)', () => {
  it('has the values of fields, nested', () => {
    expectTypeOf<MemoryValue<typeof timespec>>().toEqualTypeOf<Timespec>();
    expectTypeOf<MemoryValue<typeof event>>().toEqualTypeOf<{
      events: number;
      data: { fd: number; ptr: bigint };
      at: Timespec;
      name: string;
      raw: Buffer;
      grid: number[][];
      all: Timespec[];
    }>();
    expectTypeOf(timespec.offsets).toEqualTypeOf<{ readonly tv_sec: number; readonly tv_nsec: number }>();
    expectTypeOf(timespec.decode(Buffer.alloc(16))).toEqualTypeOf<Timespec>();
  });

  it('takes fields that are left out, and no others', () => {
    type Given = MemoryInput<typeof event>;
    const given: Given[] = [
      {},
      { at: { tv_sec: 1 }, data: { fd: 1 } },
      { data: { ptr: 1n }, name: 'a', raw: [1, 2, 3, 4], grid: [[1, 2], new Float32Array(2), [1, 2]] },
      { raw: Buffer.alloc(4), all: [{}, { tv_nsec: 5n }] },
    ];
    void given;
    const compiles = (): void => {
      // @ts-expect-error a field has another type
      timespec.encode({ tv_sec: 'x' });
      // @ts-expect-error there is no such field
      timespec.encode({ tv_usec: 1 });
      // @ts-expect-error a union has one member
      event.encode({ data: { fd: 1, ptr: 1n } });
    };
    void compiles;
  });

  it('follows pointers, outs and inouts', () => {
    const lib = open({
      nanosleep: { arguments: [pointer(timespec), out(timespec)], return: 'i32' },
      poll: { arguments: [inout(array(timespec)), 'u64'], return: 'i32' },
      first: { arguments: [out(array('i32', 3)), out('i32'), inout(timespec)], return: 'void' },
      byValue: { arguments: [timespec], return: timespec },
      judged: { arguments: [], return: timespec, fails: (value: Timespec) => value.tv_sec < 0n },
      format: { arguments: ['cstring'], variadic: ['i32', out('f64'), pointer(timespec)], return: 'i32' },
    });
    expectTypeOf(lib.nanosleep).parameters.toEqualTypeOf<
      [{ readonly tv_sec?: number | bigint; readonly tv_nsec?: number | bigint } | bigint | null]
    >();
    expectTypeOf(lib.nanosleep).returns.resolves.toEqualTypeOf<[number, Timespec]>();
    expectTypeOf(lib.poll).returns.resolves.toEqualTypeOf<[number, Timespec[]]>();
    expectTypeOf(lib.first).returns.resolves.toEqualTypeOf<[undefined, number[], number, Timespec]>();
    expectTypeOf(lib.first).parameters.toEqualTypeOf<[MemoryInput<typeof timespec>]>();
    expectTypeOf(lib.byValue).returns.resolves.toEqualTypeOf<Timespec>();
    expectTypeOf(lib.byValue).parameters.toEqualTypeOf<[MemoryInput<typeof timespec>]>();
    expectTypeOf(lib.format).parameters.toEqualTypeOf<
      [string | null, number, MemoryInput<typeof timespec> | bigint | null]
    >();
    expectTypeOf(lib.format).returns.resolves.toEqualTypeOf<[number, number]>();
  });

  it('refuses what is no type', () => {
    const compiles = (): void => {
      // @ts-expect-error a type of C
      struct({ n: 'int' });
      // @ts-expect-error a string has no fixed size
      struct({ n: 'cstring' });
      // @ts-expect-error the length is not known
      struct({ n: array('i32') });
      // @ts-expect-error a scalar is no memory
      pointer('i32');
      // @ts-expect-error nobody knows how many there are
      out(array('i32'));
      // @ts-expect-error an alignment that there is not
      struct({ n: 'i32' }, { pack: 3 });
    };
    void compiles;
  });
});
