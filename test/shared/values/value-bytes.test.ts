/** Buffers and views: small ones in the form, large, shared and transferred ones beside it. */
import { deepStrictEqual } from 'node:assert/strict';
import { MessageChannel, markAsUntransferable } from 'node:worker_threads';
import { expect } from 'chai';
import { ValueEncoder } from '../../../src/shared/values/value-encoder.js';
import { received, through } from './through-form.js';

const SIZES = [0, 1, 7, 8, 4095, 4096, 4097, 100_000];

function filled(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i * 7);
}

function errorOf(action: () => void): DOMException {
  try {
    action();
  } catch (error) {
    return error as DOMException;
  }
  throw new Error('nothing was thrown');
}

describe('bytes in a value', () => {
  it('arrive over memory of their own', () => {
    for (const size of SIZES) {
      const bytes = filled(size);
      const arrived = through(bytes) as Uint8Array;
      deepStrictEqual(arrived, bytes);
      expect(arrived.buffer.byteLength).to.equal(size);
      deepStrictEqual(through(bytes.buffer), bytes.buffer);
      const buffer = Buffer.from(bytes);
      for (const value of [buffer, new Map([[1, buffer]])]) {
        const [view] = [through(value instanceof Map ? value : [value])].map((one) =>
          one instanceof Map ? one.get(1) : (one as unknown[])[0],
        ) as [Uint8Array];
        deepStrictEqual(view, bytes);
        expect(view.buffer.byteLength).to.equal(size);
      }
    }
  });

  it('arrive as views of every type', () => {
    const types = [
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
      DataView,
    ];
    const half = (globalThis as { Float16Array?: typeof Float32Array }).Float16Array;
    for (const type of half === undefined ? types : [...types, half])
      for (const length of [2, 1000])
        for (const wrap of [(view: unknown) => view, (view: unknown) => new Set([view])]) {
          const view = new (type as unknown as typeof Uint8Array)(
            filled(8 + 8 * length).buffer as ArrayBuffer,
            8,
            length,
          );
          const [arrived] = [through(wrap(view))].flatMap((one) =>
            one instanceof Set ? [...one] : [one],
          ) as [ArrayBufferView];
          expect(arrived.constructor).to.equal(type);
          expect(arrived.byteLength).to.equal(view.byteLength);
          expect(arrived.byteOffset).to.equal(0);
          deepStrictEqual(
            new Uint8Array(arrived.buffer),
            new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
          );
        }
  });

  it('are copied once, and not at all when they are transferred', () => {
    const encoder = new ValueEncoder(true);
    const bytes = filled(10_000);
    encoder.encode([bytes]);
    expect(encoder.attachments).to.have.length(1);
    expect(encoder.attachments[0]).to.not.equal(bytes.buffer);
    expect(encoder.transfers).to.deep.equal(encoder.attachments);
    encoder.encode([bytes, bytes.subarray(5, 9)], [bytes.buffer]);
    expect(encoder.attachments).to.have.length(1);
    expect(encoder.attachments[0]).to.equal(bytes.buffer);
    expect(encoder.transfers).to.deep.equal([bytes.buffer]);
    const [whole, part] = received(encoder) as [Uint8Array, Uint8Array];
    expect(bytes.byteLength).to.equal(0);
    deepStrictEqual(whole, filled(10_000));
    deepStrictEqual([...part], [...whole.slice(5, 9)]);
    expect(part.buffer).to.equal(whole.buffer);
  });

  it('are transferred out of any value, and if it does not contain them', () => {
    for (const shared of [true, false])
      for (const size of [3, 9000])
        for (const make of [
          (view: Uint8Array): unknown => ({ view, buffer: view.buffer }),
          (view: Uint8Array): unknown =>
            new Map<string, unknown>([
              ['view', view],
              ['buffer', view.buffer],
            ]),
          (): unknown => 'nothing of it',
        ]) {
          const view = filled(size);
          const arrived = through(make(view), [view.buffer], shared);
          expect(view.byteLength).to.equal(0);
          expect(view.buffer.byteLength).to.equal(0);
          if (typeof arrived === 'string') continue;
          const entries = arrived instanceof Map ? Object.fromEntries(arrived) : (arrived as object);
          const { view: moved, buffer } = entries as { view: Uint8Array; buffer: ArrayBuffer };
          deepStrictEqual(moved, filled(size));
          expect(moved.buffer).to.equal(buffer);
        }
  });

  it('are not detached when something is wrong', () => {
    const good = new ArrayBuffer(8);
    const kept = new ArrayBuffer(8);
    markAsUntransferable(kept);
    const lists: readonly (readonly [unknown, object[]])[] = [
      [1, [good, good]],
      [() => {}, [good]],
      [1, [good, {}]],
      [[good, new Map([[1, Symbol('a')]])], [good]],
    ];
    for (const shared of [true, false])
      for (const [value, list] of lists) {
        const error = errorOf(() => through(value, list, shared));
        const expected = errorOf(() => structuredClone(value, { transfer: list as ArrayBuffer[] }));
        expect(error.name).to.equal(expected.name);
        expect(error.constructor).to.equal(expected.constructor);
        expect(good.byteLength).to.equal(8);
      }
    // Node.js 20 copies it.
    let refused = false;
    try {
      structuredClone(1, { transfer: [kept] });
    } catch {
      refused = true;
    }
    if (refused) expect(errorOf(() => through(1, [good, kept])).name).to.equal('DataCloneError');
    else through([kept], [kept]);
    expect(kept.byteLength).to.equal(8);
  });

  it('are refused when they are detached', () => {
    const view = filled(4);
    const { buffer } = view;
    structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
    for (const value of [
      view,
      buffer,
      [view],
      { a: buffer },
      new Map([[1, view]]),
      new DataView(new ArrayBuffer(0)),
    ])
      if (value instanceof DataView) through(value);
      else expect(errorOf(() => through(value)).name).to.equal('DataCloneError');
  });

  it('are shared between threads, not between processes', () => {
    const memory = new SharedArrayBuffer(16);
    const view = new Int32Array(memory, 4, 2);
    const check = (arrived: SharedArrayBuffer, place: Int32Array): void => {
      new Int32Array(memory).fill(0);
      view[0] = 5;
      expect(place[0]).to.equal(5);
      expect([place.byteOffset, place.length]).to.deep.equal([4, 2]);
      new Int32Array(arrived)[2] = 6;
      expect(view[1]).to.equal(6);
      expect(place.buffer).to.equal(arrived);
    };
    const encoder = new ValueEncoder(true);
    encoder.encode([memory, view]);
    expect(encoder.attachments).to.deep.equal([memory]);
    expect(encoder.transfers).to.deep.equal([]);
    check(...(received(encoder) as [SharedArrayBuffer, Int32Array]));
    check(
      ...([...(through(new Map([[memory, view]])) as Map<SharedArrayBuffer, Int32Array>)][0] as [
        SharedArrayBuffer,
        Int32Array,
      ]),
    );
    expect((through(new Set([view])) as Set<unknown>).size).to.equal(1);
    for (const value of [memory, [view], new Map([[1, memory]]), new Set([view])])
      expect(errorOf(() => through(value, [], false)).message).to.include('SharedArrayBuffer');
  });

  it('keep what a buffer may grow to', function () {
    const buffer = new (ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer)(4, {
      maxByteLength: 64,
    }) as ArrayBuffer & { maxByteLength?: number };
    expect((through([buffer]) as { maxByteLength?: number }[])[0]?.maxByteLength).to.equal(
      structuredClone(buffer).maxByteLength,
    );
  });

  it('leave ports and what else they can clone or transfer to a port', async () => {
    const { port1, port2 } = new MessageChannel();
    const encoder = new ValueEncoder(true);
    const value = { deep: new Map([[1, port1]]) };
    encoder.encode(value, [port1]);
    expect(encoder.cloned).to.deep.equal({ value });
    expect(encoder.transfers).to.deep.equal([port1]);
    expect(encoder.bytes).to.equal(0);
    const blob = new Blob(['text']);
    const { subtle } = globalThis.crypto;
    const key = await subtle.generateKey({ name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const { createSecretKey } = await import('node:crypto');
    const { BlockList } = await import('node:net');
    for (const one of [
      blob,
      key,
      createSecretKey(Buffer.alloc(16)),
      new BlockList(),
      new (
        globalThis as unknown as { WebAssembly: { Module: new (code: Buffer) => object } }
      ).WebAssembly.Module(Buffer.from('0061736d01000000', 'hex')),
    ])
      for (const each of [one, [one], new Map([['key', { one }]])]) {
        encoder.encode(each);
        expect(encoder.cloned).to.deep.equal({ value: each });
      }
    expect(await (through([blob]) as Blob[])[0]?.text()).to.equal('text');
    encoder.encode(1);
    expect(encoder.cloned).to.equal(null);
    port2.close();
  });
});
