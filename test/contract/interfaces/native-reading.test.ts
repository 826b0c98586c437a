/** B15: what a pointer shows is read where the memory is: in this process, or in the lane's. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import { ArgumentError, LaneCrashedError, PoolClosedError, callback } from 'offthread';
import {
  contractEngines,
  describeOn,
  onEveryEngine,
  rejection,
  sharedLab,
  thrown,
} from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';
import { createPool, laneKind } from '../../helpers/lane-kind.js';
import { onCallbackThreads } from '../../helpers/talk.js';

const CODE = `
#include <stdlib.h>
#include <string.h>
char *text(const char *of, int times) {
  size_t n = strlen(of);
  char *all = malloc(n * (size_t)times + 1);
  for (int i = 0; i < times; i++) memcpy(all + n * (size_t)i, of, n);
  all[n * (size_t)times] = 0;
  return all;
}
unsigned char *bytes(unsigned int n) {
  unsigned char *all = malloc(n + 1);
  for (unsigned int i = 0; i < n; i++) all[i] = (unsigned char)(i * 7);
  return all;
}
void drop(void *all) { free(all); }
int lend(int (*f)(const void *), const char *text) { return f(text); }
`;
const FUNCTIONS = {
  make: { symbol: 'text', arguments: ['cstring', 'i32'], return: 'pointer' },
  bytes: { arguments: ['u32'], return: 'pointer' },
  drop: { arguments: ['pointer'], return: 'void' },
} as const;

let library: string | undefined;
const path = (): string => (library ??= compile('reading.so', CODE));

onEveryEngine('reading native memory (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('gives the bytes at an address', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    for (const length of [0, 1, 7, 4_096, 4_097, 3_000_000]) {
      const pointer = await lib.bytes(length);
      const expected = Buffer.from(Uint8Array.from({ length }, (_, at) => at * 7));
      const bytes: Buffer = await lib.read(pointer, length);
      expect(bytes.equals(expected), `${length} bytes`).to.equal(true);
      expect(lib.read.blocking(pointer, length).equals(expected)).to.equal(true);
      await lib.drop(pointer);
      expect(bytes.equals(expected), 'a copy').to.equal(true);
    }
  });

  it('gives the text at an address', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    for (const [of, times] of [
      ['', 1],
      ['a', 1],
      ['Grüße 🌍', 1],
      ['x', 300],
      ['世界', 100_000],
    ] as const) {
      const pointer = await lib.make(of, times);
      const text: string = await lib.text(pointer);
      expect(text === of.repeat(times), `${of} ${times} times`).to.equal(true);
      expect(lib.text.blocking(pointer) === of.repeat(times)).to.equal(true);
      await lib.drop(pointer);
    }
    const wrong = await lib.make('\u00ff', 1);
    const [first] = await lib.read(wrong, 1);
    expect(first).to.equal(0xc3);
    expect(await lib.text(wrong + 1n), 'not UTF-8').to.equal('\ufffd');
    await lib.drop(wrong);
  });

  it('ends before the library is closed', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const pointer = await lib.bytes(3_000_000);
    let read = 0;
    const count = async (): Promise<void> => {
      expect((await lib.read(pointer, 3_000_000)).length).to.equal(3_000_000);
      read += 1;
    };
    const all = Promise.all(Array.from({ length: 8 }, count));
    await lib.close();
    expect(read).to.equal(8);
    await all;
  });

  it('refuses NULL, and what is no address or length', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const error = await rejection(lib.read(0n, 4), ArgumentError);
    expect(error).to.include({ symbol: 'read' });
    expect(error.message).to.match(/^read received NULL, where no memory is/);
    expect((await rejection(lib.text(0n), ArgumentError)).message).to.match(/^text received NULL/);
    thrown(() => lib.text.blocking(0n), ArgumentError);
    for (const wrong of [5, -1n, 2n ** 64n, null, undefined, 'x']) {
      await rejection(lib.text(wrong as bigint), ArgumentError);
      thrown(() => lib.read.blocking(wrong as bigint, 1), ArgumentError);
    }
    const pointer = await lib.bytes(1);
    for (const wrong of [-1, 1.5, NaN, 2 ** 60, 4n, null, undefined]) {
      await rejection(lib.read(pointer, wrong as number), ArgumentError);
    }
    await lib.drop(pointer);
  });

  it('leaves the names to functions that are declared', async () => {
    const lib = await lab.pool.open(
      path(),
      { ...FUNCTIONS, text: { arguments: ['cstring', 'i32'], return: { cstring: { free: 'drop' } } } },
      { engine },
    );
    expectTypeOf(lib.text).parameters.toEqualTypeOf<[string | null, number]>();
    expect(await lib.text('ab', 2)).to.equal('abab');
    const pointer = await lib.make('ab', 2);
    expect((await lib.read(pointer, 3)).toString()).to.equal('aba');
    await lib.drop(pointer);
  });

  it('ends with its library, and with its pool', async () => {
    const pool = createPool({ lanes: 1 });
    const lib = await pool.open(path(), FUNCTIONS, { engine });
    const other = await pool.open(path(), FUNCTIONS, { engine });
    const pointer = await lib.make('a', 1);
    expect(await other.text(pointer)).to.equal('a');
    await lib.close();
    const error = await rejection(lib.text(pointer), PoolClosedError);
    expect(error.code).to.equal('OFFTHREAD_LIBRARY_CLOSED');
    expect((await other.read(pointer, 1)).toString()).to.equal('a');
    await pool.close();
    await rejection(other.text(pointer), PoolClosedError);
    thrown(() => other.read.blocking(pointer, 1), PoolClosedError);
  });

  it('asks for one lane where each lane has memory of its own', async () => {
    const pool = createPool({ lanes: 2 });
    try {
      const lib = await pool.open(path(), FUNCTIONS, { engine });
      const pointer = await lib.make('two', 1);
      if (laneKind() === 'thread') {
        expect(await lib.text(pointer)).to.equal('two');
        return;
      }
      const error = await rejection(lib.text(pointer), ArgumentError);
      expect(error.message).to.match(/^text was called on a pool of 2 process lanes.*lanes: 1/);
      thrown(() => lib.read.blocking(pointer, 1), ArgumentError);
    } finally {
      await pool.close();
    }
  });
});

describeOn(contractEngines, ['process'], 'reading native memory in a process lane (B15)', (engine) => {
  it('survives a wrong address in a process lane', async () => {
    const pool = createPool({ lanes: 1, isolation: 'process' });
    try {
      const lib = await pool.open(path(), FUNCTIONS, { engine });
      const error = await rejection(lib.read(8n, 16), LaneCrashedError);
      expect(error).to.include({ symbol: 'read', signal: 'SIGSEGV' });
      expect(error.digest).to.contain('8n, 16');
      const late = await rejection(lib.text(8n), LaneCrashedError);
      expect(late).to.include({ symbol: 'text', signal: 'SIGSEGV' });
      const pointer = await lib.make('alive', 1);
      expect(await lib.text(pointer)).to.equal('alive');
    } finally {
      await pool.close();
    }
  });
});

onCallbackThreads('reading native memory in a host function (B15)', (engine) => {
  it('works while the only lane waits', async () => {
    const pool = createPool({ lanes: 1 });
    const lib = await pool.open(
      path(),
      {
        lend: { arguments: [callback({ arguments: ['pointer'], return: 'i32' }), 'cstring'], return: 'i32' },
      },
      { engine },
    );
    expect(await lib.lend(async (pointer) => (await lib.text(pointer)).length, 'Grüße')).to.equal(5);
    expect(await lib.lend((pointer) => lib.read.blocking(pointer, 3)[2] as number, 'abc')).to.equal(99);
    await pool.close();
  });
});
