/** B15: structs, unions and arrays: pointers that native code reads, fills and changes, and what is refused before it runs. */
import { join } from 'node:path';
import { expect } from 'chai';
import {
  ArgumentError,
  EngineError,
  NativeError,
  array,
  chunks,
  inout,
  out,
  pointer,
  struct,
  union,
} from 'offthread';
import {
  contractEngines,
  describeOn,
  onEveryEngine,
  rejection,
  sharedLab,
  thrown,
} from '../../helpers/contract.js';
import { compile, folder } from '../../helpers/engine-probe.js';
import { createPool, liveMemory } from '../../helpers/lane-kind.js';

const point = struct({ x: 'f64', y: 'f64' });
const shape = struct({
  name: array('char', 8),
  corners: array(point, 2),
  tag: union({ id: 'i32', text: 'pointer' }),
  bytes: array('u8', 3),
  open: 'bool',
});
const big = struct({ numbers: array('i32', 10_000), last: 'i64' });
const sized = struct({ count: 'u8', length: 'size' });

const CODE = `
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
typedef struct { double x, y; } point;
typedef struct { char name[8]; point corners[2]; union { int32_t id; void *text; } tag; uint8_t bytes[3]; bool open; } shape;
typedef struct { int32_t numbers[10000]; int64_t last; } big;
typedef struct { uint8_t count; size_t length; } sized;
double norm(const point *p) { return p ? p->x * p->x + p->y * p->y : -1; }
int32_t swap(int32_t before, point *a, double *sum, point *b, int32_t behind) {
  point t = *a; *a = *b; *b = t; *sum = a->x + b->x; return before + behind; }
int32_t fill(int32_t before, shape *to, int32_t *written, int32_t behind) {
  memset(to, 0, sizeof *to); strcpy(to->name, "héllo"); to->corners[1].y = 2.5; to->tag.id = -7;
  to->bytes[2] = 255; to->open = true; *written = before; return behind; }
int64_t total(big *of) { int64_t sum = 0; for (int i = 0; i < 10000; i++) sum += of->numbers[i]++; of->last = sum; return sum; }
double centre(const point *all, int32_t n, point *to) { for (int i = 0; i < n; i++) { to->x += all[i].x; to->y += all[i].y; } return n; }
int32_t refuse(point *p) { p->x = 99; return -1; }
void sizes(sized *to, uint64_t length) { to->count = 1; to->length = length; }
int32_t slow(int32_t us, const point *p, point *to) { usleep(us); *to = *p; return 0; }
int32_t each(const point *p, int32_t (*row)(double value), point *last) {
  int32_t stopped = row(p->x) || row(p->y); *last = *p; return stopped; }
int32_t crash_once(const char *marker, point *p) {
  p->x += 1; if (access(marker, F_OK) == 0) return 7; fclose(fopen(marker, "w")); abort(); }
int64_t address(const point *p) { return (int64_t)(intptr_t)p; }
`;
const LIB = {
  norm: { arguments: [pointer(point)], return: 'f64' },
  swap: { arguments: ['i32', inout(point), out('f64'), inout(point), 'i32'], return: 'i32' },
  fill: { arguments: ['i32', out(shape), out('i32'), 'i32'], return: 'i32' },
  total: { arguments: [inout(big)], return: 'i64' },
  centre: { arguments: [pointer(array(point)), 'i32', out(point)], return: 'f64' },
  refuse: { arguments: [inout(point)], return: 'i32', fails: 'negative' },
  sizes: { arguments: [out(sized), 'u64'], return: 'void' },
  slow: { arguments: ['i32', pointer(point), out(point)], return: 'i32' },
  address: { arguments: [pointer(point)], return: 'i64' },
  optionalCentre: {
    symbol: 'centre',
    arguments: [pointer(array(point)), 'i32', out(point, { optional: true })],
    return: 'f64',
  },
  optionalNorm: { symbol: 'norm', arguments: [inout(point, { optional: true })], return: 'f64' },
  addressOfBytes: { symbol: 'address', arguments: ['buffer'], return: 'i64' },
  plainNorm: { symbol: 'norm', arguments: ['buffer'], return: 'f64' },
} as const;

let library: string | undefined;
const path = (): string => (library ??= compile('structs.so', CODE));

onEveryEngine('structs (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  const open = async () => lab.pool.open(path(), LIB, { engine });
  let lib: Awaited<ReturnType<typeof open>>;
  before(async () => {
    lib = await open();
  });

  it('are read by native code, and null is NULL', async () => {
    expect(await lib.norm({ x: 3, y: 4 })).to.equal(25);
    expect(await lib.norm({ y: 4 })).to.equal(16);
    expect(await lib.norm({})).to.equal(0);
    expect(await lib.norm(null)).to.equal(-1);
    expect(lib.norm.blocking({ x: 1, y: 1 })).to.equal(2);
    expect(lib.norm).to.have.length(1);
    expect(lib.fill).to.have.length(2);
  });

  it('come back among the outs, in the order of the parameters', async () => {
    expect(await lib.swap(1, { x: 1, y: 2 }, { x: 10, y: 20 }, 2)).to.deep.equal([
      3,
      { x: 10, y: 20 },
      11,
      { x: 1, y: 2 },
    ]);
    const [returned, filled, written] = await lib.fill(4, 5);
    expect({ returned, written }).to.deep.equal({ returned: 5, written: 4 });
    expect(filled.tag.id).to.equal(-7);
    expect({ ...filled, tag: null }).to.deep.equal({
      name: 'héllo',
      corners: [
        { x: 0, y: 0 },
        { x: 0, y: 2.5 },
      ],
      tag: null,
      bytes: Buffer.from([0, 0, 255]),
      open: true,
    });
  });

  it('may be left out where they are optional', async () => {
    expect(await lib.optionalCentre([{ x: 2 }], 1, true)).to.deep.equal([1, { x: 2, y: 0 }]);
    expect(await lib.optionalCentre([], 0, null)).to.deep.equal([0, null]);
    expect(await lib.optionalNorm({ x: 2 })).to.deep.equal([4, { x: 2, y: 0 }]);
    expect(await lib.optionalNorm(null)).to.deep.equal([-1, null]);
    const wrong = lib.optionalCentre as unknown as (...args: unknown[]) => Promise<unknown>;
    const error = await rejection(wrong([], 0, {}), ArgumentError);
    expect(error.message).to.include('argument 2 (optional out) is {}. Pass true');
    const few = await rejection(wrong([]), ArgumentError);
    expect(few.message).to.include('takes 3 arguments (array, i32, optional out), but 1 was passed.');
  });

  it('take addresses where native code only reads them', async () => {
    const shared = new Uint8Array(liveMemory(16));
    point.encode({ x: 1, y: 2 }, shared);
    const address = await lib.addressOfBytes(shared);
    expect(await lib.norm(address)).to.equal(5);
  });

  it('may be larger than what a lane has in its table', async () => {
    const numbers = Int32Array.from({ length: 10_000 }, (_, index) => index);
    const [sum, back] = await lib.total({ numbers });
    expect(sum).to.equal(49_995_000n);
    expect(back.last).to.equal(sum);
    expect(back.numbers[9_999]).to.equal(10_000);
  });

  it('are passed as arrays of any length', async () => {
    const [n, sum] = await lib.centre([{ x: 1 }, { x: 2, y: 5 }], 2);
    expect([n, sum]).to.deep.equal([2, { x: 3, y: 5 }]);
    expect(await lib.centre([], 0)).to.deep.equal([0, { x: 0, y: 0 }]);
  });

  it('are as they were when the call was made', async () => {
    const given = { x: 1, y: 1 };
    const before = lib.slow(20_000, { x: 0 });
    const waiting = lib.slow(0, given);
    given.x = 5;
    await before;
    expect(await waiting).to.deep.equal([0, { x: 1, y: 1 }]);
  });

  it('do not change where the call fails', async () => {
    const given = { x: 1, y: 1 };
    const error = await rejection(lib.refuse(given), NativeError);
    expect(error.returned).to.equal(-1);
    expect(given).to.deep.equal({ x: 1, y: 1 });
  });

  it('can be encoded once and passed as bytes, also in shared memory', async () => {
    expect(await lib.plainNorm(point.encode({ x: 3, y: 4 }))).to.equal(25);
    const shared = new Uint8Array(liveMemory(64));
    point.encode({ x: 6, y: 8 }, shared);
    expect(await lib.plainNorm(shared)).to.equal(100);
    expect(point.decode(shared)).to.deep.equal({ x: 6, y: 8 });
  });

  it('are aligned in memory', async () => {
    for (let index = 0; index < 5; index += 1) {
      expect((await lib.address({ x: index })) % 16n).to.equal(0n);
    }
  });

  it('fail where a size is above 2^53', async () => {
    expect(await lib.sizes(5n)).to.deep.equal([undefined, { count: 1, length: 5 }]);
    const error = await rejection(lib.sizes(2n ** 64n - 1n), EngineError);
    expect(error.code).to.equal('OFFTHREAD_ENGINE_RESULT');
    expect(error.message).to.include('size');
  });

  it('work in map, with the item as its arguments', async () => {
    const points = Array.from({ length: 50 }, (_, index) => [{ x: index, y: 0 }] as const);
    const norms = await lab.pool.map(lib.norm, points).toArray();
    expect(norms).to.deep.equal(points.map(([{ x }]) => x * x));
  });

  it('of the wrong form are refused, and the error names the field', async () => {
    const cases: [unknown[], string][] = [
      [[{ x: '1' }], 'norm of'],
      [[{ x: '1' }], "argument 0.x (f64) is '1'. Pass a number."],
      [[{ width: 1 }], "argument 0 (struct) has an unknown field 'width'. Its fields: x, y."],
      [[{ x: undefined }], 'argument 0.x (f64) is undefined.'],
      [[[1, 2]], 'argument 0 (struct) is [Array].'],
      [['x'], "argument 0 (struct) is 'x'. Pass an object with fields of the struct: x, y."],
      [[new Map([['x', 1]])], 'argument 0 (struct) is'],
      [[], 'takes 1 argument (struct), but 0 were passed.'],
      [[{}, {}], 'takes 1 argument (struct), but 2 were passed.'],
    ];
    for (const [args, text] of cases) {
      const norm = lib.norm as (...args: unknown[]) => Promise<number>;
      const error = await rejection(norm(...args), ArgumentError);
      expect(error.message).to.include(text);
      const blocking = lib.norm.blocking as (...args: unknown[]) => number;
      expect(thrown(() => blocking(...args), ArgumentError).message).to.equal(error.message);
    }
    const swap = lib.swap as unknown as (...args: unknown[]) => Promise<unknown>;
    const second = await rejection(swap(1, {}, { y: {} }, 2), ArgumentError);
    expect(second.message).to.include('argument 2.y (f64) is {}.');
    const behind = await rejection(swap(1, {}, {}, 'x'), ArgumentError);
    expect(behind.message).to.include("argument 3 (i32, declared as arguments[4]) is 'x'.");
    const centre = lib.centre as unknown as (...args: unknown[]) => Promise<unknown>;
    const third = await rejection(centre([{}, { y: true }], 2), ArgumentError);
    expect(third.message).to.include('argument 0[1].y (f64) is true.');
    expect((await rejection(centre({ length: 1 }, 1), ArgumentError)).message).to.include(
      'argument 0 (array)',
    );
    const total = lib.total as unknown as (...args: unknown[]) => Promise<unknown>;
    expect((await rejection(total({ numbers: [1] }), ArgumentError)).message).to.include(
      'argument 0.numbers (array) is [Array]. Pass an array of 10000; this one has 1.',
    );
    expect((await rejection(total(null), ArgumentError)).message).to.include('argument 0 (struct) is null.');
  });

  it('that throw when they are read are refused', async () => {
    const failing = {
      get x(): number {
        throw new Error('no x');
      },
    };
    const error = await rejection(lib.norm(failing), ArgumentError);
    expect(error.message).to.include('a getter or proxy in it threw Error: no x');
    let reads = 0;
    const counting = {
      get x(): number {
        reads += 1;
        return 3;
      },
    };
    expect(await lib.norm(counting)).to.equal(9);
    expect(reads).to.equal(1);
  });

  if (engine !== 'ffi-rs') {
    it('go with streams', async () => {
      const streaming = await lab.pool.open(
        path(),
        {
          each: {
            arguments: [pointer(point), chunks({ arguments: ['f64'], return: 'i32' }), out(point)],
            return: 'i32',
          },
        },
        { engine },
      );
      const stream = streaming.each.stream({ x: 1, y: 2 });
      const rows: number[] = [];
      for await (const [value] of stream) rows.push(value);
      expect(rows).to.deep.equal([1, 2]);
      expect(await stream.result).to.deep.equal([0, { x: 1, y: 2 }]);
    });
  }

  if (engine !== 'koffi') {
    it('by value are refused when the library is opened, with the engine that takes them', async () => {
      const pool = createPool({ lanes: 1 });
      const declarations = { byValue: { symbol: 'norm', arguments: [point], return: 'f64' } } as const;
      const error = await rejection(pool.open(path(), declarations, { engine }), EngineError);
      expect(error.code).to.equal('OFFTHREAD_ENGINE_UNSUPPORTED');
      expect(error.message).to.include(`The engine ${engine} does not support the function 'byValue'`);
      expect(error.message).to.include("{ engine: 'koffi' } after 'npm install koffi'.");
      await pool.close();
    });
  }
});

describeOn(contractEngines, ['process'], 'structs of calls that run again (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('are those that the caller gave', async () => {
    const crashing = await lab.pool.open(
      path(),
      { crashOnce: { symbol: 'crash_once', arguments: ['cstring', inout(point)], return: 'i32' } },
      { engine },
    );
    const again = crashing.crashOnce.with({ attempts: 2 });
    const marker = join(folder, `crashed-${engine}`);
    expect(await again(marker, { x: 1, y: 5 })).to.deep.equal([7, { x: 2, y: 5 }]);
  });
});
