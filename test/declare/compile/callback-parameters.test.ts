import { expect } from 'chai';
import { engineValue } from '../../../src/declare/values/engine-value.js';
import type { ChunksSpec, HostFunctionSpec } from '../../../src/declare/spec.js';
import { callback, chunks, out } from '../../../src/declare/language/wrappers.js';
import { compileOne, taking } from '../fixture.js';

const compiled = (type: unknown): unknown => taking(type).spec.params[0];
const asCallback = (type: unknown): HostFunctionSpec => compiled(type) as HostFunctionSpec;
const asChunks = (type: unknown): ChunksSpec => compiled(type) as ChunksSpec;

/** `size_t write(char *at, size_t size, size_t count, void *user)` */
const write = { arguments: ['pointer', 'u64', 'u64', 'pointer'], return: 'u64' } as const;

describe('compileDeclarations: callback() (B6)', () => {
  it('fills in everything that was left out', () => {
    const spec = asCallback(callback({ arguments: ['int32', 'string', 'ptr'], return: 'double' }));
    expect(spec).to.deep.equal({
      kind: 'callback',
      callback: {
        params: [{ kind: 'value', type: 'i32' }, { kind: 'cstring' }, { kind: 'value', type: 'pointer' }],
        returns: 'f64',
      },
      timeout: null,
      sync: false,
      wait: true,
      fallback: 0,
    });
    expect(structuredClone(spec)).to.deep.equal(spec);
  });

  it('understands memory of which another argument says how much there is', () => {
    const row = callback({ arguments: ['pointer', 'i32', { cstrings: 1 }, { cstrings: 1 }], return: 'i32' });
    expect(asCallback(row).callback.params.slice(2)).to.deep.equal([
      { kind: 'cstrings', count: 1 },
      { kind: 'cstrings', count: 1 },
    ]);
    const values = callback({ arguments: [{ pointers: 1 }, 'u8', { bytes: 1 }], return: 'void' });
    expect(asCallback(values).callback.params).to.deep.equal([
      { kind: 'pointers', count: 1 },
      { kind: 'value', type: 'u8' },
      { kind: 'bytes', count: 1 },
    ]);
  });

  it('takes bytes as an option, also where they are declared already', () => {
    const params = [
      { kind: 'bytes', count: 2 },
      { kind: 'value', type: 'u64' },
      { kind: 'value', type: 'u64' },
      { kind: 'value', type: 'pointer' },
    ];
    expect(asCallback(callback(write, { bytes: [0, 2] })).callback.params).to.deep.equal(params);
    const twice = callback(
      { arguments: [{ bytes: 2 }, 'u64', 'u64', 'pointer'], return: 'u64' },
      { bytes: [0, 2] },
    );
    expect(asCallback(twice).callback.params).to.deep.equal(params);
  });

  it('turns a fallback into the form of engines', () => {
    const fallback = (type: string, value: unknown): unknown =>
      asCallback(callback({ arguments: [], return: type as 'i32' }, { fallback: value as number })).fallback;
    expect(fallback('bool', true)).to.equal(1);
    expect(fallback('bool', false)).to.equal(0);
    expect(fallback('i8', -128)).to.equal(-128);
    expect(fallback('u64', 2n ** 64n - 1n)).to.equal(2n ** 64n - 1n);
    expect(fallback('pointer', 7n)).to.equal(7n);
    expect(fallback('f32', 0.5)).to.equal(0.5);
    expect(Object.is(fallback('i32', -0), 0)).to.equal(true);
    expect(Object.is(fallback('f64', -0), -0)).to.equal(true);
  });

  it('has a zero of the right kind as fallback', () => {
    for (const [type, zero] of [
      ['i32', 0],
      ['bool', 0],
      ['f64', 0],
      ['void', 0],
      ['i64', 0n],
      ['u64', 0n],
      ['pointer', 0n],
    ] as const) {
      expect(asCallback(callback({ arguments: [], return: type })).fallback).to.equal(zero);
    }
  });

  it('takes a timeout, 0 for none, sync, and fire and forget', () => {
    const f = { arguments: [], return: 'void' } as const;
    expect(asCallback(callback(f, { timeout: 1.5 })).timeout).to.equal(1.5);
    expect(asCallback(callback(f, { timeout: 0 })).timeout).to.equal(Infinity);
    expect(asCallback(callback(f, { sync: true })).sync).to.equal(true);
    expect(asCallback(callback(f, { fireAndForget: true })).wait).to.equal(false);
    expect(asCallback(callback(f, { fireAndForget: false, timeout: 5 })).wait).to.equal(true);
  });

  it('takes as many arguments as a callback can have', () => {
    const types = Array.from({ length: 16 }, () => 'i32' as const);
    expect(asCallback(callback({ arguments: types, return: 'void' })).callback.params).to.have.length(16);
  });

  it('is given by the caller; chunks and cancelProbe are not', () => {
    const f = callback({ arguments: [], return: 'void' });
    const fn = taking('cancelProbe', 'i32', f, out('i32'), chunks({ arguments: [], return: 'void' }), f);
    expect(fn.callerArguments.positions).to.deep.equal([1, 2, 5]);
    expect(fn.callerArguments.callbacks).to.deep.equal([null, fn.spec.params[2], fn.spec.params[5]]);
    expect(fn.spec.params[0]).to.deep.equal({ kind: 'cancelProbe' });
  });

  it('only marks: what is inside is read when the library is opened', () => {
    const marked = callback(undefined as never, 5 as never);
    expect(marked).to.deep.equal({ callback: { signature: undefined, options: 5 } });
    expect(Object.isFrozen(marked)).to.equal(true);
    expect(Object.isFrozen(chunks(undefined as never).chunks)).to.equal(true);
  });
});

describe('compileDeclarations: chunks() and stream', () => {
  it('fills in everything that was left out', () => {
    expect(asChunks(chunks({ arguments: ['i32'], return: 'void' }))).to.deep.equal({
      kind: 'chunks',
      callback: { params: [{ kind: 'value', type: 'i32' }], returns: 'void' },
      chunk: null,
      stop: null,
      proceed: 0,
      highWaterMark: 64,
      persistent: false,
    });
  });

  it('goes on with the length where 0 stops and there are bytes', () => {
    const spec = asChunks(chunks(write, { bytes: [0, 2], stop: 0n }));
    expect(spec).to.include({ chunk: 0, stop: 0n, proceed: 'length' });
    expect(spec.callback.params[0]).to.deep.equal({ kind: 'bytes', count: 2 });
    expect(asChunks(chunks(write, { bytes: [0, 2], stop: 0n, proceed: 1n })).proceed).to.equal(1n);
    expect(asChunks(chunks(write, { bytes: [0, 2], stop: 1n })).proceed).to.equal(0n);
    expect(asChunks(chunks(write, { bytes: [0, 2] })).proceed).to.equal(0n);
    expect(asChunks(chunks(write, { bytes: [0, 2], proceed: 'length' })).proceed).to.equal('length');
  });

  it('turns stop and proceed into the form of engines', () => {
    const again = chunks({ arguments: [], return: 'bool' }, { stop: false, proceed: true });
    expect(asChunks(again)).to.include({ stop: 0, proceed: 1 });
    const stop = chunks({ arguments: [], return: 'i32' }, { stop: 1, highWaterMark: 1 });
    expect(asChunks(stop)).to.include({ stop: 1, proceed: 0, highWaterMark: 1 });
    expect(asChunks(chunks({ arguments: [], return: 'f64' }, { stop: NaN }))).to.deep.include({
      stop: NaN,
      proceed: 0,
    });
  });

  it('is the stream of its function, unless the function only installs it', () => {
    const own = taking('i32', chunks(write));
    expect(own.spec.stream).to.equal(own.spec.params[1]);
    const installing = taking('i32', chunks(write, { persistent: true }));
    expect(installing.spec.stream).to.equal(null);
    expect(installing.spec.params[1]).to.include({ persistent: true });
  });

  it('takes the very chunks() of the installing function as stream', () => {
    const body = chunks(write, { bytes: [0, 2], stop: 0n, persistent: true });
    const performing = compileOne({ arguments: ['pointer'], return: 'i32', stream: body });
    expect(performing.spec.stream).to.deep.equal({ ...asChunks(body), persistent: false });
    expect(performing.callerArguments.positions).to.deep.equal([0]);
    const plain = compileOne({ arguments: [], return: 'i32', stream: chunks(write) });
    expect(plain.spec.stream).to.deep.equal(asChunks(chunks(write)));
    const both = compileOne({ arguments: [body], return: 'i32', stream: body });
    expect(both.spec.stream).to.deep.equal(performing.spec.stream);
    expect(structuredClone(both.spec)).to.deep.equal(both.spec);
  });
});

describe('engineValue', () => {
  it('tells what does not fit', () => {
    for (const [type, value] of [
      ['bool', 1],
      ['i32', 2 ** 31],
      ['i32', 0.5],
      ['u8', -1],
      ['i32', 1n],
      ['i64', 1.5],
      ['u64', -1],
      ['pointer', 1],
      ['i64', 2n ** 63n],
      ['pointer', null],
      ['f32', 1e39],
      ['f64', '1'],
      ['i32', undefined],
    ] as const) {
      expect(engineValue(type, value), `${type} ${String(value)}`).to.equal(undefined);
    }
    expect(engineValue('f32', Infinity)).to.equal(Infinity);
    expect(engineValue('u64', 1)).to.equal(1n);
  });
});
