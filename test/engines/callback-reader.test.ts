/** M4: what native code says of its memory is believed only as far as it can be checked. */
import { constants } from 'node:buffer';
import { expect } from 'chai';
import type { CallbackParamSpec } from '../../src/declare/spec.js';
import { CallbackReader } from '../../src/engines/callback-reader.js';
import type { Engine } from '../../src/engines/engine.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import { ENGINES } from '../helpers/contract.js';

for (const name of ENGINES.filter((name) => name !== 'ffi-rs')) {
  describe(`CallbackReader [${name}]`, () => {
    let engine: Engine;
    before(() => (engine = loadEngine(name)));

    const readerOf = (params: readonly CallbackParamSpec[]): CallbackReader =>
      new CallbackReader(engine, { params, returns: 'void' });

    for (const kind of ['bytes', 'cstrings', 'pointers'] as const) {
      it(`${kind}: an amount that cannot be is a fault, and nothing is read`, () => {
        const reader = readerOf([
          { kind, count: 1 },
          { kind: 'value', type: 'i64' },
        ]);
        const pointer = engine.addressOf(new Uint8Array(64));
        const impossible = [-1, -1n, -(2n ** 63n), 2 ** 31, 2n ** 31n, 2n ** 63n, 2n ** 64n - 1n];
        if (kind !== 'bytes') impossible.push(2 ** 20 + 1);
        for (const amount of impossible) {
          reader.fault = '';
          expect(reader.measure([pointer, amount]), String(amount)).to.equal(-1);
          expect(reader.fault).to.match(/argument 0 has an invalid count of -?\d+/);
        }
        // It serves the next call as if nothing had been.
        expect(reader.measure([pointer, 0])).to.equal(16);
      });
    }

    it('bytes: NULL that is said to have some is a fault, none of them are not', () => {
      const params = [
        { kind: 'bytes', count: 1 },
        { kind: 'value', type: 'u64' },
      ] as const;
      const reader = readerOf(params);
      for (const none of [0, 0n]) {
        expect(reader.measure([none, 3n])).to.equal(-1);
        expect(reader.fault).to.match(/argument 0 is NULL, but has a count of 3 bytes/);
        expect(reader.measure([none, 0])).to.equal(16);
      }
    });
  });
}

describe('texts of callbacks', () => {
  it('longer than any string of JavaScript are a fault, not a crash of the host', () => {
    const longest = constants.MAX_STRING_LENGTH;
    let length = 0n;
    const engine = {
      capabilities: { numericPointers: true },
      libc: () => ({ bind: (symbol: string) => (symbol === 'strlen' ? () => length : () => undefined) }),
      addressOf: () => 64n,
    } as unknown as Engine;
    const reader = new CallbackReader(engine, { params: [{ kind: 'cstring' }], returns: 'void' });
    length = BigInt(longest);
    expect(reader.measure([64])).to.equal(8 + Math.ceil(longest / 8) * 8);
    length = BigInt(longest + 1);
    expect(reader.measure([64])).to.equal(-1);
    expect(reader.fault).to.match(/a string of 536870889 bytes/);
  });
});
