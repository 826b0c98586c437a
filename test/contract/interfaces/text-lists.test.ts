/** B15: arrays of strings, which a NULL ends or another argument counts. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { ArgumentError, CallTimeoutError } from 'offthread';
import { contractEngines, describeOn, onEveryEngine, rejection, sharedLab } from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';
import { Gate, shared } from '../../helpers/gate.js';
import { createPool } from '../../helpers/lane-kind.js';
import { until } from '../../helpers/waiting.js';

const CODE = `
#include <stdint.h>
#include <string.h>
#include <time.h>
int64_t total(const char *const *names) {
  int64_t sum = 0;
  if (names == NULL) return -1;
  for (int i = 0; names[i] != NULL; i++) sum = sum * 31 + (int64_t)strlen(names[i]) + (unsigned char)names[i][0];
  return sum;
}
int length(char **list) { int n = 0; while (list[n] != NULL) n++; return n; }
int64_t counted(char **names, size_t n) {
  int64_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += names[i] == NULL ? 1000 : (int64_t)strlen(names[i]);
  return sum;
}
int both(const char *first, const char **more, const unsigned char *bytes) {
  return (int)strlen(first) * 100 + (int)strlen(more[0]) * 10 + bytes[0];
}
int swap(char **list) { char *first = list[0]; list[0] = list[1]; list[1] = first; return list[0][0]; }
/* Waits for a word, and says whether the strings are still what they were. */
int late(char *const list[], volatile int32_t *words) {
  words[0] = 1;
  for (int i = 0; i < 20000 && words[1] == 0; i++) { struct timespec t = {0, 1000000}; nanosleep(&t, NULL); }
  int fine = 1;
  for (int n = 0; list[n] != NULL; n++) fine &= strcmp(list[n], "still here") == 0;
  words[2] = fine ? 7 : 8;
  return fine;
}
`;
const FUNCTIONS = {
  total: { arguments: ['cstrings'], return: 'i64' },
  length: { prototype: 'int length(char **list)', cstrings: ['list'] },
  counted: { arguments: [{ cstrings: 1 }, 'size'], return: 'i64' },
  named: {
    prototype: 'int64_t counted(char **names, size_t n)',
    cstrings: { names: 'n' },
  },
  both: { arguments: ['cstring', 'cstrings', 'buffer'], return: 'i32' },
  swap: { arguments: ['cstrings'], return: 'i32' },
  late: { prototype: 'int late(char *const list[], const int32_t *words)', cstrings: ['list'] },
} as const;

let library: string | undefined;
const path = (): string => (library ??= compile('lists.so', CODE));

/** What \`total\` computes. */
function totalOf(names: readonly string[]): bigint {
  return names.reduce((sum, name) => {
    const bytes = Buffer.from(name);
    return BigInt.asIntN(64, sum * 31n + BigInt(bytes.length) + BigInt(bytes[0] ?? 0));
  }, 0n);
}

const SMALL = ['a', '', 'Grüße', '世界 🌍', 'x'.repeat(100)];
const LARGE = Array.from({ length: 5_000 }, (_, at) => `name ${at}`);
const LONG = ['x'.repeat(100_000), 'y', 'z'.repeat(5_000)];

onEveryEngine('arrays of strings (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('are read to their NULL, however many and long', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expectTypeOf(lib.total).parameters.toEqualTypeOf<[readonly string[] | bigint | null]>();
    for (const names of [[], SMALL, LARGE, LONG]) {
      expect(await lib.total(names)).to.equal(totalOf(names));
      expect(await lib.length(names)).to.equal(names.length);
      expect(lib.total.blocking(names)).to.equal(totalOf(names));
    }
    const all = await Promise.all(Array.from({ length: 300 }, (_, at) => lib.length(SMALL.slice(0, at % 5))));
    expect(all).to.deep.equal(all.map((_, at) => at % 5));
  });

  it('are NULL, or an address', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expect(await lib.total(null)).to.equal(-1n);
    expect(await lib.total(0n)).to.equal(-1n);
  });

  it('with a count may have NULL among them', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expectTypeOf(lib.named).parameters.toEqualTypeOf<[readonly (string | null)[] | bigint | null, number]>();
    expect(await lib.counted(['a', null, 'bcd'], 3)).to.equal(1_004n);
    expect(await lib.named(['a', null, 'bcd'], 2)).to.equal(1_001n);
    expect(await lib.counted([], 0)).to.equal(0n);
    expect(await lib.counted(null, 0)).to.equal(0n);
    const many = Array.from({ length: 3_000 }, (_, at) => (at % 2 === 0 ? null : 'odd'));
    expect(await lib.counted(many, 3_000)).to.equal(1_504_500n);
  });

  it('stand beside strings and bytes, and are a copy', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expect(await lib.both('abc', ['de'], Uint8Array.of(1))).to.equal(321);
    const long = 'x'.repeat(6_000);
    expect(await lib.both(long, [long], new Uint8Array(6_000).fill(9))).to.equal(660_009);
    const list = ['one', 'two'];
    expect(await lib.swap(list)).to.equal('t'.charCodeAt(0));
    expect(list).to.deep.equal(['one', 'two']);
  });

  it('are those that the call was given, also where it waits', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const gate = new Gate();
    const held = gate.hold(lab.lib);
    await gate.inside();
    const list = ['a', 'b'];
    const calls = [lib.total(list), lib.counted(list, 2)];
    list[0] = 'changed';
    list.length = 1;
    gate.open();
    await held;
    expect(await Promise.all(calls)).to.deep.equal([totalOf(['a', 'b']), 2n]);
  });

  it('are refused where an entry does not fit', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      ['text', /Pass an array of strings/],
      [{ length: 0 }, /Pass an array of strings/],
      [undefined, /Pass an array of strings/],
      [-1n, /not an address/],
      [['a', 5], /Entry 1 is 5\. Pass a string/],
      [['a\0b'], /Entry 0 is .* NUL at index 1/],
      [['a', null], /Entry 1 is null: NULL is the end of such an array/],
      [[undefined, 'a'], /Entry 0 is undefined: NULL is the end/],
      [['\ud800'], /half of a surrogate pair/],
    ];
    for (const [value, message] of wrong) {
      const error = await rejection(lib.total(value as string[]), ArgumentError);
      expect(error.message).to.match(message);
    }
    const few = await rejection(lib.counted(['a'], 2), ArgumentError);
    expect(few.message).to.match(/Argument 1, the number of strings, is 2, but there are fewer/);
    const gap = await rejection(lib.counted(['a', undefined as never], 2), ArgumentError);
    expect(gap.message).to.match(/Entry 1 is undefined\. Pass a string, or null for NULL/);
    await rejection(lib.counted(['a'], 'x' as never), ArgumentError);
    await rejection(lib.counted(['a'], Symbol('x') as never), ArgumentError);
  });

  it('that change under the eyes of a call are refused or read once', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    let looks = 0;
    const list: string[] = [];
    Object.defineProperty(list, 0, { get: () => (looks++ === 0 ? 'a' : 5), enumerable: true });
    await rejection(lib.total(list), ArgumentError);
    const hostile = new Proxy(['a'], {
      get: () => {
        throw new Error('no');
      },
    });
    await rejection(lib.total(hostile), ArgumentError);
  });
});

describeOn(contractEngines, ['thread'], 'arrays of strings of a lane that was given up (B15)', (engine) => {
  it('stay until native code has returned', async () => {
    const pool = createPool({ lanes: 1, grace: 20 });
    const lib = await pool.open(path(), FUNCTIONS, { engine });
    const words = new Int32Array(shared(12).buffer, 0, 3);
    const call = lib.late.with({ timeout: 50 })(
      Array.from({ length: 1_000 }, () => 'still here'),
      words,
    );
    await rejection(call, CallTimeoutError);
    await until(() => words[0] === 1, 'native code inside');
    for (let round = 0; round < 50; round++) {
      await lib.length(Array.from({ length: 1_000 }, () => 'others are'));
    }
    Atomics.store(words, 1, 1);
    await until(() => words[2] !== 0, 'native code has looked');
    expect(words[2]).to.equal(7);
    await pool.close();
  });
});
