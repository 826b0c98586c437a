/** The callbacks and streams of the native test library do what its header says; koffi calls them directly. */
import { expect } from 'chai';
import koffi from 'koffi';
import { testlib } from '../helpers/testlib.js';

const library = koffi.load(testlib);
type Native = (...args: unknown[]) => unknown;
const callback = (result: string, types: string[]): ReturnType<typeof koffi.pointer> =>
  koffi.pointer(koffi.proto(result, types));
const number = callback('int', ['int']);
const sink = callback('int', ['int', 'void *', 'uint32_t']);
const probe = callback('int', []);
const WORD = 'int32_t *';

const native = (name: string, result: string, ...types: (string | typeof number)[]): Native =>
  library.func(name, result, types);
const word = (): Int32Array => new Int32Array(new SharedArrayBuffer(4));
const twice = (n: number): number => n * 2;

/** Takes chunks until `most` have come; the lengths and the bytes that each was made of. */
function taker(most: number): { take: Native; seen: string[] } {
  const seen: string[] = [];
  const take = (index: unknown, bytes: unknown, length: unknown): number => {
    const values = new Set(
      (length as number) > 0 ? (koffi.decode(bytes, 'uint8_t', length as number) as []) : [],
    );
    seen.push(`${String(index)}: ${String(length)} of ${[...values].join()}`);
    return seen.length > most ? 1 : 0;
  };
  return { take, seen };
}

describe('native/testlib: callbacks', () => {
  it('calls back with every type and keeps the answer', () => {
    const answer = new Uint8Array(1);
    expect(
      native(
        'ot_call_u8',
        'uint8_t',
        callback('uint8_t', ['uint8_t']),
        'uint8_t',
        'void *',
      )(twice, 100, answer),
    ).to.equal(200);
    expect(answer[0]).to.equal(200);
    const double = new Float64Array(1);
    native('ot_call_f64', 'double', callback('double', ['double']), 'double', 'void *')(twice, 0.25, double);
    expect(double[0]).to.equal(0.5);
    const pointer = new BigUint64Array(1);
    const plain = callback('uintptr_t', ['uintptr_t']);
    native(
      'ot_call_pointer',
      'uintptr_t',
      plain,
      'uintptr_t',
      'void *',
    )((at: number) => at + 1, 0x1000, pointer);
    expect(pointer[0]).to.equal(0x1001n);
  });

  it('calls back with all types at once', () => {
    const types = ['int8_t', 'uint8_t', 'int16_t', 'uint16_t', 'int32_t', 'uint32_t', 'int64_t', 'uint64_t'];
    const all = callback('int', [...types, 'float', 'double', 'bool', 'uintptr_t']);
    const seen: unknown[][] = [];
    const keep = (...values: unknown[]): number => seen.push(values);
    const call = native('ot_call_with_all', 'int', all, 'bool');
    expect([call(keep, false), call(keep, true)]).to.deep.equal([1, 2]);
    expect(seen[0]?.slice(0, 6)).to.deep.equal([-128, 0, -32_768, 0, -(2 ** 31), 0]);
    expect(seen[1]?.slice(1, 6)).to.deep.equal([255, 32_767, 65_535, 2 ** 31 - 1, 2 ** 32 - 1]);
    expect(seen[1]?.slice(9, 11)).to.deep.equal([Number.MAX_VALUE, true]);
  });

  it('gives rows, pointers and NULL', () => {
    const rows: unknown[] = [];
    const row = callback('int', ['void *', 'int', 'void *', 'void *']);
    const select = native('ot_select', 'int', row, 'void *', 'int', 'int');
    const keep = (_: unknown, count: number, values: object, names: object): number => {
      rows.push([koffi.decode(values, 'const char *', count), koffi.decode(names, 'const char *', count)]);
      return rows.length === 2 ? 1 : 0;
    };
    expect(select(keep, null, 5, 5)).to.equal(4);
    const names = ['column 0', 'column 1', 'column 2', 'column 3', 'column 4'];
    expect(rows).to.deep.equal([
      [['r0c0', 'r0c1', 'r0c2', 'r0c3', null], names],
      [['r1c0', 'r1c1', 'r1c2', null, 'r1c4'], names],
    ]);
    const pointers = native('ot_call_with_pointers', 'int', callback('int', ['int', 'void *']), 'int');
    const last = (count: number, list: object): number =>
      count === 0 ? 7 : Number((koffi.decode(list, 'uintptr_t', count) as number[])[count - 1]);
    expect([pointers(last, 3), pointers(last, 0), pointers(last, 17)]).to.deep.equal([0x2002, 7, -1]);
    expect(native('ot_call_if', 'int', number, 'int')(null, 5)).to.equal(-1);
  });

  it('asks, interleaves and notifies', () => {
    const answers = new Int32Array(3).fill(-1);
    expect(native('ot_ask', 'int', number, 'int', WORD)(twice, 3, answers)).to.equal(3);
    expect([...answers]).to.deep.equal([0, 2, 4]);
    expect(native('ot_interleave', 'int', number, number, 'int')(twice, () => 1, 4)).to.equal(8);
    const done = word();
    const seen: number[] = [];
    const notify = native('ot_notify_then_set', 'void', callback('void', ['int']), 'int', WORD);
    notify((n: number) => seen.push(n), 3, done);
    expect([seen, done[0]]).to.deep.equal([[0, 1, 2], 1]);
    const [entered, release] = [word(), new Int32Array([1])];
    const wait = native('ot_call_then_wait', 'int', number, WORD, WORD, 'int');
    expect(wait((n: number) => n + 10, entered, release, 1_000)).to.equal(21);
    expect(entered[0]).to.equal(1);
    let called = 0;
    expect(native('ot_callback_address', 'uintptr_t', number)(() => (called += 1))).to.not.equal(0);
    expect(called).to.equal(1);
  });

  it('asks a probe', () => {
    let left = 3;
    const asked = word();
    const ask = native('ot_ask_probe', 'int', probe, WORD, 'int');
    expect(ask(() => (left-- > 0 ? 0 : 1), asked, 1_000)).to.equal(4);
    expect(asked[0]).to.equal(4);
    expect(ask(() => 0, asked, 1)).to.equal(-1);
    const until = native('ot_call_until_probe', 'int', number, probe, 'int');
    let calls = 0;
    expect(
      until(
        () => (calls += 1),
        () => (calls === 2 ? 1 : 0),
        9,
      ),
    ).to.equal(2);
    expect(
      until(
        () => 0,
        () => 0,
        9,
      ),
    ).to.equal(9);
  });

  it('keeps one of each kind, for this thread', async () => {
    const answers = new Int32Array(2);
    const ask = library.func('ot_ask_kept', 'int', ['int', WORD]);
    expect(ask(2, answers)).to.equal(-1);
    const kept = koffi.register(twice, number);
    native('ot_keep_callback', 'void', number)(kept);
    expect(ask(2, answers)).to.equal(2);
    expect([...answers]).to.deep.equal([0, 2]);
    const elsewhere = await new Promise((resolve) =>
      ask.async(2, answers, (_: unknown, value: unknown) => resolve(value)),
    );
    expect(elsewhere, 'no other thread has it').to.equal(-1);
    native('ot_keep_callback', 'void', number)(null);
    expect(ask(2, answers)).to.equal(-1);
    koffi.unregister(kept);
    expect(native('ot_pour', 'int', 'int', 'int')(1, 1)).to.equal(-1);
    expect(native('ot_ask_kept_probe', 'int', WORD, 'int')(word(), 1)).to.equal(0);
  });
});

describe('native/testlib: streams', () => {
  it('streams sizes, counts what it began, and stops when told', () => {
    const sizes = taker(9);
    const ofSizes = native('ot_stream_sizes', 'int', sink, 'uint32_t *', 'int');
    expect(ofSizes(sizes.take, new Uint32Array([2, 0, 70_000]), 3)).to.equal(3);
    expect(sizes.seen).to.deep.equal(['0: 2 of 0', '1: 0 of ', '2: 70000 of 2']);
    const begun = word();
    const tracked = native('ot_stream_tracked', 'int', sink, 'int', 'int', WORD);
    expect(tracked(taker(2).take, 9, 4, begun)).to.equal(2);
    expect(begun[0]).to.equal(3);
  });

  it('stops for nothing but its flag, or for nothing', () => {
    const until = native('ot_stream_until_cancelled', 'int', sink, 'int', 'int', 'int', WORD);
    expect(until(taker(0).take, 5, 1, 0, null)).to.equal(0);
    expect(until(taker(0).take, 5, 1, 0, word())).to.equal(5);
    expect(until(taker(0).take, 5, 1, 0, new Int32Array([1]))).to.equal(0);
    const refused = word();
    expect(native('ot_stream_deaf', 'int', sink, 'int', 'int', WORD)(taker(2).take, 5, 1, refused)).to.equal(
      5,
    );
    expect(refused[0]).to.equal(3);
  });

  it('fails at its end, waits in its midst, asks before each', () => {
    const fail = taker(9);
    expect(native('ot_stream_then_fail', 'int', sink, 'int', 'int', 'int')(fail.take, 2, 1, 6)).to.equal(6);
    expect(fail.seen).to.have.lengthOf(2);
    const gated = taker(9);
    const [entered, release] = [word(), new Int32Array([1])];
    const gate = native('ot_stream_gated', 'int', sink, 'int', 'int', WORD, WORD, 'int');
    expect(gate(gated.take, 5, 1, entered, release, 1_000)).to.equal(5);
    expect(gated.seen).to.deep.equal([0, 1, 2, 3, 4].map((i) => `${i}: 1 of ${i}`));
    expect(gate(taker(1).take, 5, 1, entered, release, 1_000)).to.equal(1);
    const asked = taker(9);
    const streamWhile = native('ot_stream_while', 'int', number, sink, 'int');
    expect(streamWhile((n: number) => (n < 3 ? 1 : 0), asked.take, 2)).to.equal(3);
    expect(asked.seen).to.deep.equal(['0: 2 of 0', '1: 2 of 1', '2: 2 of 2']);
    expect(streamWhile(() => 1, taker(4).take, 2)).to.equal(4);
  });

  it('writes as long as all of it is taken', () => {
    const write = native('ot_write_all', 'int', callback('uint32_t', ['void *', 'uint32_t']), 'int', 'int');
    let left = 2;
    expect(write((_: unknown, length: number) => length, 4, 8)).to.equal(4);
    expect(write((_: unknown, length: number) => (left-- > 0 ? length : 0), 4, 8)).to.equal(2);
  });
});
