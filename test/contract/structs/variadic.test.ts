/** B15: functions with a variable number of arguments: one declaration for each list of types. */
import { expect } from 'chai';
import { ArgumentError, inout, out, pointer, struct } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';

const CODE = `
#include <stdarg.h>
#include <stdint.h>
/* Adds what the letters say: i int, l int64_t, d double, p const double *; o is an int * that gets the count. */
double add(const char *what, ...) {
  va_list all; va_start(all, what);
  double sum = 0; int count = 0;
  for (; *what; what++, count++) switch (*what) {
    case 'i': sum += va_arg(all, int); break;
    case 'l': sum += va_arg(all, int64_t); break;
    case 'd': sum += va_arg(all, double); break;
    case 'p': sum += *va_arg(all, const double *); break;
    case 'o': *va_arg(all, int *) = count; break;
  }
  va_end(all);
  return sum;
}
`;
const many = Array.from({ length: 14 }, () => ['f64', 'i32'] as const).flat();
const LIB = {
  none: { symbol: 'add', arguments: ['cstring'], variadic: [], return: 'f64' },
  ints: { symbol: 'add', arguments: ['cstring'], variadic: ['i32', 'i64', 'i32'], return: 'f64' },
  doubles: { symbol: 'add', arguments: ['cstring'], variadic: ['f64', 'f64'], return: 'f64' },
  promoted: {
    symbol: 'add',
    arguments: ['cstring'],
    variadic: ['f32', 'i8', 'u8', 'i16', 'u16', 'bool', 'char'],
    return: 'f64',
  },
  pointers: {
    symbol: 'add',
    arguments: ['cstring'],
    variadic: [pointer(struct({ value: 'f64' })), out('i32'), 'f64'],
    return: 'f64',
  },
  many: { symbol: 'add', arguments: ['cstring'], variadic: many, return: 'f64' },
} as const;

const LIBC = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
const FCNTL = { arguments: ['i32', 'i32'], variadic: ['i32'], return: 'i32' } as const;

let library: string | undefined;
const path = (): string => (library ??= compile('variadic.so', CODE));

onEveryEngine('variadic functions (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  const open = async () => lab.pool.open(path(), LIB, { engine });
  let lib: Awaited<ReturnType<typeof open>>;
  before(async () => {
    lib = await open();
  });

  it('take integers and floats, in registers and on the stack', async () => {
    expect(await lib.none('')).to.equal(0);
    expect(await lib.ints('ili', -1, 2n ** 40n, 5)).to.equal(2 ** 40 + 4);
    expect(await lib.doubles('dd', 0.5, 0.25)).to.equal(0.75);
    const values = Array.from({ length: 14 }, (_, index) => [index / 4, index]).flat();
    const sum = values.reduce((total, value) => total + value, 0);
    const add = lib.many as unknown as (...args: unknown[]) => Promise<number>;
    expect(await add('di'.repeat(14), ...values)).to.equal(sum);
  });

  it('promote small types as C does', async () => {
    expect(await lib.promoted('diiiiii', 0.5, -1, 255, -300, 65_535, true, 65)).to.equal(
      0.5 - 1 + 255 - 300 + 65_535 + 1 + 65,
    );
  });

  it('take pointers and outs', async () => {
    expect(await lib.pointers('pod', { value: 2.5 }, 0.25)).to.deep.equal([2.75, 1]);
  });

  it('check values by the declared types', async () => {
    const promoted = lib.promoted as unknown as (...args: unknown[]) => Promise<unknown>;
    const error = await rejection(promoted('', 0.5, 128, 0, 0, 0, true, 0), ArgumentError);
    expect(error.message).to.include('argument 2 (i8) is 128.');
    const pointers = lib.pointers as unknown as (...args: unknown[]) => Promise<unknown>;
    const behind = await rejection(pointers('', null, 'x'), ArgumentError);
    expect(behind.message).to.include("argument 2 (f64, declared as variadic[2]) is 'x'.");
  });

  it('serve the C library', async () => {
    const libc = await lab.pool.open(
      LIBC,
      {
        format: {
          symbol: 'snprintf',
          arguments: [inout('buffer'), 'u64', 'cstring'],
          variadic: ['i32', 'f64', 'cstring', 'i64'],
          return: 'i32',
        },
        parse: {
          symbol: 'sscanf',
          arguments: ['cstring', 'cstring'],
          variadic: [out('i32'), out('f64')],
          return: 'i32',
        },
      },
      { engine },
    );
    const text = Buffer.alloc(64);
    const length = await libc.format(text, 64n, '%d %.2f %s %ld', -5, 2.5, 'héllo', 2n ** 40n);
    expect(text.toString('utf8', 0, length)).to.equal('-5 2.50 héllo 1099511627776');
    expect(await libc.parse('17 0.25', '%d %lf')).to.deep.equal([2, 17, 0.25]);
  });

  it('run in batches', async () => {
    const libc = await lab.pool.open(LIBC, { fcntl: FCNTL }, { engine });
    const items = [
      [-1, 1, 0],
      [-1, 1, 0],
    ] as const;
    // F_GETFD of a descriptor that is not open.
    expect(await lab.pool.map(libc.fcntl, items).toArray()).to.deep.equal([-1, -1]);
  });
});
