/** B15: a size is a number both ways, and an error where a number does not hold it. */
import { expect } from 'chai';
import { expectTypeOf } from 'expect-type';
import {
  ArgumentError,
  EngineError,
  HostFunctionError,
  ItemsError,
  NativeError,
  callback,
  inout,
  out,
} from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown } from '../../helpers/contract.js';
import { compile } from '../../helpers/engine-probe.js';
import { onCallbackEngines } from '../../helpers/talk.js';

const CODE = `
#include <errno.h>
#include <stddef.h>
size_t same(size_t n) { return n; }
size_t less(size_t a, size_t b) { return a - b; }
double scaled(size_t n, double by) { return (double)n * by; }
void put(size_t *to, size_t n) { *to = n; }
void twice(size_t *n) { *n *= 2; }
size_t fails(size_t n) { errno = 2; return n; }
size_t ask(size_t (*f)(size_t), size_t n) { return f(n) + 1; }
`;
const FUNCTIONS = {
  same: { arguments: ['size'], return: 'size' },
  less: 'size_t less(size_t a, size_t b)',
  scaled: { arguments: ['size', 'f64'], return: 'f64' },
  put: { prototype: 'void put(size_t *to, size_t n)', out: ['to'] },
  twice: { arguments: [inout('size')], return: 'void' },
  fails: { arguments: ['size'], return: 'size', fails: 'nonzero', errno: true },
  judged: { symbol: 'same', arguments: ['size'], return: 'size', fails: (n: number) => n >= 2 ** 53 },
} as const;
const MOST = Number.MAX_SAFE_INTEGER;

let library: string | undefined;
const path = (): string => (library ??= compile('sizes.so', CODE));

onEveryEngine('sizes (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('are numbers as arguments, results and outs', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    expectTypeOf(lib.less).parameters.toEqualTypeOf<[number, number]>();
    for (const n of [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, MOST - 1, MOST]) {
      const same: number = await lib.same(n);
      expect(same).to.equal(n);
      const [, put]: [undefined, number] = await lib.put(n);
      expect(put).to.equal(n);
    }
    expect(Object.is(await lib.same(-0), 0)).to.equal(true);
    expect(await lib.less(7, 2)).to.equal(5);
    expect(await lib.scaled(3, 1e300)).to.equal(3e300);
    expect(await lib.twice(21)).to.deep.equal([undefined, 42]);
    expect(lib.same.blocking(MOST)).to.equal(MOST);
  });

  it('are refused above 2^53, below 0, with a fraction and as bigints', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    for (const wrong of [2 ** 53, -1, 1.5, NaN, Infinity, 5n, '5', null, true]) {
      const error = await rejection(lib.same(wrong as number), ArgumentError);
      expect(error.message).to.match(/same of .*: argument 0 \(size\) is .*\. \S/s);
      await rejection(lib.twice(wrong as number), ArgumentError);
    }
    const error = thrown(() => lib.same.blocking(2 ** 53), ArgumentError);
    expect(error.message).to.contain('out of range: 0 to 9007199254740991');
  });

  it('above 2^53 in a result are an error that says so', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const error = await rejection(lib.less(0, 1), EngineError);
    expect(error.code).to.equal('OFFTHREAD_ENGINE_RESULT');
    expect(error.message).to.match(
      /^less ran, but it returned a size of about 18446744073709552000, which is above 2\^53/,
    );
    await rejection(lib.twice(2 ** 52), EngineError);
    expect(await lib.twice(2 ** 52 - 1)).to.deep.equal([undefined, 2 ** 53 - 2]);
    thrown(() => lib.less.blocking(0, 2), EngineError);
  });

  it('that mean failure are failures', async () => {
    const lib = await lab.pool.open(
      path(),
      { ...FUNCTIONS, judged: { ...FUNCTIONS.judged, symbol: 'less', arguments: ['size', 'size'] } },
      { engine },
    );
    expect((await rejection(lib.fails(3), NativeError)).returned).to.equal(3);
    expect(await lib.fails(0)).to.equal(0);
    expect((await rejection(lib.judged(0, 1), NativeError)).returned).to.equal(2 ** 64);
    expect(await lib.judged(MOST, 0)).to.equal(MOST);
  });

  it('are items of map', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const items = Array.from({ length: 200 }, (_, at) => [2 ** 40 + at, at] as [number, number]);
    expect(await lab.pool.map(lib.less, items).toArray()).to.deep.equal(items.map(() => 2 ** 40));
    const wrong = lab.pool.map(lib.same, [1, 1.5, 3], { onError: 'skip' });
    expect(await wrong.toArray()).to.deep.equal([1, 3]);
    const codes: string[] = [];
    const failing = lab.pool.map(lib.less, [[2, 1] as const, [1, 2] as const, [3, 1] as const], {
      onError: (error) => (codes.push((error as EngineError).code), { value: -1 }),
    });
    expect(await failing.toArray()).to.deep.equal([1, -1, 2]);
    expect(codes).to.deep.equal(['OFFTHREAD_ENGINE_RESULT']);
  });

  it('are columns of doubles', async () => {
    const lib = await lab.pool.open(path(), FUNCTIONS, { engine });
    const shared = new Float64Array(new SharedArrayBuffer(24));
    shared.set([5, 6, MOST]);
    for (const column of [Float64Array.of(5, 6, MOST), shared]) {
      const { out: results } = await lab.pool.mapColumns(lib.less, [column, 5]);
      expect(results)
        .to.be.instanceOf(Float64Array)
        .and.to.deep.equal(Float64Array.of(0, 1, MOST - 5));
    }
    const scaled = await lab.pool.mapColumns(lib.scaled, [Float64Array.of(1, 2), 0.5]);
    expect(scaled.out).to.deep.equal(Float64Array.of(0.5, 1));
    const wrong = await rejection(lab.pool.mapColumns(lib.same, [Float64Array.of(1, 2.5)]), ArgumentError);
    expect(wrong.message).to.contain('column 0 has 2.5 at index 1');
    const above = lab.pool.mapColumns(lib.less, [Float64Array.of(1, 0, 3), 1], undefined, {
      onError: 'skip',
    });
    const { failures, done } = await above;
    expect(done).to.equal(2);
    expect(failures.map(({ index, error }) => [index, (error as EngineError).code])).to.deep.equal([
      [1, 'OFFTHREAD_ENGINE_RESULT'],
    ]);
    await rejection(lab.pool.mapColumns(lib.less, [Float64Array.of(0), 1]), ItemsError);
  });

  it('fit out cells of their type only', async () => {
    const lib = await lab.pool.open(
      path(),
      { put: { arguments: [out('u64'), 'size'], return: 'void' } },
      { engine },
    );
    expect(await lib.put(MOST)).to.deep.equal([undefined, BigInt(MOST)]);
  });
});

onCallbackEngines('sizes of callbacks (B15)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });

  it('are numbers both ways, and a failure of the call where they are too large', async () => {
    const lib = await lab.pool.open(
      path(),
      { ask: { arguments: [callback({ arguments: ['size'], return: 'size' }), 'i64'], return: 'size' } },
      { engine },
    );
    const seen: number[] = [];
    expect(await lib.ask((n) => (seen.push(n), n * 2), 20)).to.equal(41);
    expect(await lib.ask((n) => (seen.push(n), n - 1), MOST)).to.equal(MOST);
    expect(seen).to.deep.equal([20, MOST]);
    const tooLarge = await rejection(
      lib.ask(() => 0, -1),
      HostFunctionError,
    );
    expect(tooLarge.message).to.contain(
      'its argument 0 is the size 18446744073709551615, which is above 2^53',
    );
    const wrong = await rejection(
      lib.ask(() => 2 ** 53, 0),
      HostFunctionError,
    );
    expect(wrong.code).to.equal('OFFTHREAD_HOST_FUNCTION_RESULT');
  });
});
