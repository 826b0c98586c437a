/** Arguments of stress runs: the same for the same seed and item, and within what their texts say. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeFunction } from 'offthread';
import { type ArgumentTexts, argumentSource } from '../../../../src/cli/stress/arguments/argument-source.js';
import { readInputs } from '../../../../src/cli/stress/arguments/input-file.js';
import { generator } from '../../../../src/cli/stress/arguments/generator.js';
import { Draw } from '../../../../src/cli/stress/arguments/random.js';
import { UsageError } from '../../../../src/cli/console/usage-error.js';
import { type Target, targetOf } from '../../../../src/cli/target/target-options.js';

const NO_OPTIONS = { outParameter: [], inoutParameter: [], engine: 'auto' } as const;

function target(prototype: string, options = {}): Target {
  return targetOf('libz.so.1', prototype, { ...NO_OPTIONS, ...options });
}

function values(type: string, text: string, count: number, seed = 7): unknown[] {
  const [parameter] = describeFunction(`void f(${type})`).parameters;
  if (parameter === undefined) throw new Error('no parameter');
  const { value } = generator(parameter, 0, text, seed);
  return Array.from({ length: count }, (_, item) => value(item));
}

const texts = (...positional: string[]): ArgumentTexts => ({ positional, named: [], rows: null });

describe('arguments of stress runs', () => {
  it('are the same for the same seed and item, in any order', () => {
    const source = argumentSource(
      target('int f(int a, double b, const char *c, const uint8_t *d, uint64_t e)'),
      texts('int:0..1000', 'float:-1..1', 'text:0..20', 'bytes:0..64', 'int:'),
      1234,
    );
    const forward = Array.from({ length: 50 }, (_, item) => source.values(item));
    const backward = Array.from({ length: 50 }, (_, at) => source.values(49 - at)).toReversed();
    expect(backward).to.deep.equal(forward);
    expect(
      new Set(forward.map((one) => JSON.stringify(one, (_, v) => (typeof v === 'bigint' ? String(v) : v))))
        .size,
    ).to.equal(50);
  });

  it('differ with the seed, and from parameter to parameter', () => {
    const pair = (seed: number): unknown[] =>
      argumentSource(target('int f(int a, int b)'), texts('int:', 'int:'), seed).values(3);
    const [a, b] = pair(1);
    expect(a).to.not.equal(b);
    expect(pair(2)).to.not.deep.equal(pair(1));
  });

  it('are uniform: every tenth of a range gets a tenth of the items', () => {
    const counts = Array.from({ length: 10 }, () => 0);
    for (const value of values('int', 'int:0..9', 20_000)) (counts[value as number] as number) += 1;
    // 2,000 are expected, with a standard deviation of 42.
    for (const count of counts) expect(count).to.be.within(1_800, 2_200);
  });

  it('stay inside their ranges and reach both ends', () => {
    const small = values('int8_t', 'int:', 5_000) as number[];
    expect([Math.min(...small), Math.max(...small)]).to.deep.equal([-128, 127]);
    const wide = values('int64_t', 'int:-3..3', 500) as bigint[];
    expect([...new Set(wide)].sort((one, other) => Number(one - other))).to.deep.equal([
      -3n,
      -2n,
      -1n,
      0n,
      1n,
      2n,
      3n,
    ]);
    for (const value of values('double', 'float:-2..-1', 500)) expect(value).to.be.within(-2, -1);
    const lengths = values('const char *', 'text:2..4:ab', 500).map((text) => (text as string).length);
    expect([...new Set(lengths)].sort((one, other) => one - other)).to.deep.equal([2, 3, 4]);
    expect(values('const char *', 'text:2..4:ab', 500).join('')).to.match(/^[ab]+$/);
    expect(new Set(values('int', 'choice:5,7', 100))).to.deep.equal(new Set([5, 7]));
  });

  it('take a fixed value as `offthread call` reads it', () => {
    expect(values('int', '0x10', 2)).to.deep.equal([16, 16]);
    expect(values('const char *', 'fixed:int:0..3', 1)).to.deep.equal(['int:0..3']);
    expect(values('const char *', 'text:hello', 1)).to.deep.equal(['hello']);
    expect(argumentSource(target('int f(int a)'), texts('5'), 1).fixed).to.equal(true);
  });

  it('can be the length of another argument, wherever that stands', () => {
    const source = argumentSource(
      target('int f(size_t length, const uint8_t *data, unsigned int half)'),
      texts('length:data', 'bytes:1..100', 'length:1'),
      3,
    );
    for (let item = 0; item < 20; item += 1) {
      const [length, data, again] = source.values(item) as [number, Uint8Array, number];
      expect(length).to.equal(data.length);
      expect(again).to.equal(data.length);
    }
  });

  it('are given by name, by order, and by both', () => {
    const source = argumentSource(
      target('int f(int a, int b, int c)'),
      { positional: ['1'], named: ['b=2', '3'], rows: null },
      1,
    );
    expect(source.values(0)).to.deep.equal([1, 2, 3]);
  });

  it('come from rows, which are used again from the start', () => {
    const source = argumentSource(
      target('int f(int a, const char *b)'),
      { positional: [], named: [], rows: [[1, 'x'], { b: null, a: 2 }] },
      1,
    );
    expect([0, 1, 2].map((item) => source.values(item))).to.deep.equal([
      [1, 'x'],
      [2, null],
      [1, 'x'],
    ]);
  });

  it('are read from a file, a list or an object a line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-inputs-'));
    try {
      const file = join(folder, 'inputs.ndjson');
      writeFileSync(file, '[1, "x"]\n\n{"a": 2}\n');
      expect(readInputs(file)).to.deep.equal([[1, 'x'], { a: 2 }]);
      writeFileSync(file, '[1]\n[2\n');
      expect(() => readInputs(file)).to.throw(UsageError, 'line 2 is not valid JSON');
      writeFileSync(file, '5\n');
      expect(() => readInputs(file)).to.throw(UsageError, 'neither a list of arguments nor an object');
      expect(() => readInputs(join(folder, 'none'))).to.throw(UsageError, 'ENOENT');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('give each call bytes of its own where native code may change them', () => {
    const source = argumentSource(
      target('int f(uint8_t *data, char *result)', { outParameter: ['result=8'] }),
      texts('hex:0a'),
      1,
    );
    const [one, result] = source.values(0) as [Uint8Array, Uint8Array];
    const [other] = source.values(0) as [Uint8Array];
    expect(one).to.deep.equal(Buffer.of(10));
    expect(other).to.not.equal(one);
    expect(result).to.deep.equal(Buffer.alloc(8));
  });

  for (const [type, text] of [
    ['int', 'int:5..1'],
    ['int8_t', 'int:0..200'],
    ['int', 'float:0..1'],
    ['int', 'text:1..3'],
    ['const char *', 'int:0..3:'],
    ['const uint8_t *', 'bytes:many'],
    ['int', 'five'],
  ] as const) {
    it(`refuse '${text}' for ${type}`, () => {
      expect(() => values(type, text, 1)).to.throw(UsageError, `'${text}'`);
    });
  }

  it('say how many are missing', () => {
    expect(() => argumentSource(target('int f(int a, int b)'), texts('1'), 1)).to.throw(
      UsageError,
      'takes 2 arguments (a, b), but 1 were given',
    );
    expect(() => argumentSource(target('int f(int a)'), texts('length:b'), 1)).to.throw(
      UsageError,
      "names 'b'",
    );
  });

  it('keep 64-bit ranges exact', () => {
    const draw = new Draw().start(1, 2, 3);
    const low = 2n ** 63n;
    for (let at = 0; at < 100; at += 1) expect(draw.bigint(low, low + 1n) - low).to.be.oneOf([0n, 1n]);
  });
});
