/** M7: the callbacks of a lane: kept while native code may call them, used again after that, and all given back. */
import { expect } from 'chai';
import fc from 'fast-check';
import type { FunctionSpec, HostFunctionSpec } from '../../../src/declare/spec.js';
import type { CallbackHandler, Engine, NativeValue, Prototype } from '../../../src/engines/engine.js';
import { callback, chunks } from '../../../src/index.js';
import { LaneCallbacks } from '../../../workers/channel/callbacks.js';
import type { ChannelWriter } from '../../../workers/channel/channel-writer.js';
import { declare } from '../fixture.js';

/** An engine whose native code is the test. */
class FakeEngine {
  readonly made = new Map<bigint, { readonly prototype: Prototype; readonly handler: CallbackHandler }>();
  released = 0;
  #last = 0n;
  readonly capabilities = { numericPointers: true };

  libc(): unknown {
    return { bind: () => () => 0n };
  }

  callback(prototype: Prototype, handler: CallbackHandler): { address: bigint; release(): void } {
    this.#last += 16n;
    const address = this.#last;
    this.made.set(address, { prototype, handler });
    return {
      address,
      release: () => {
        expect(this.made.delete(address), 'given back once').to.equal(true);
        this.released += 1;
      },
    };
  }

  /** Native code calls back. */
  call(address: bigint, ...values: number[]): NativeValue {
    const made = this.made.get(address);
    if (made === undefined) throw new Error('native code called an address that is nobody’s');
    return made.handler(...values);
  }
}

/** The writer, as far as callbacks know it. */
class FakeWriter {
  running: FunctionSpec | null = null;
  stopped = false;
  lates = 0;
  breaks = 0;
  readonly requests: number[] = [];
  throws = false;
  readonly threaded = false;

  /** Native code has called: on the lane's own thread, here. */
  entered(): void {}

  late(): void {
    this.lates += 1;
  }

  broken(): void {
    this.breaks += 1;
  }

  request(_: HostFunctionSpec, target: number): NativeValue {
    if (this.throws) throw new RangeError('Array buffer allocation failed');
    this.requests.push(target);
    return 1;
  }

  chunk(): NativeValue {
    if (this.throws) throw new RangeError('Array buffer allocation failed');
    return 0;
  }
}

function bench(): { engine: FakeEngine; writer: FakeWriter; callbacks: LaneCallbacks } {
  const engine = new FakeEngine();
  const writer = new FakeWriter();
  const callbacks = new LaneCallbacks(engine as unknown as Engine, writer as unknown as ChannelWriter);
  return { engine, writer, callbacks };
}

const int = { arguments: ['i32'], return: 'i32' } as const;
const specOf = (...params: unknown[]): FunctionSpec =>
  declare({ arguments: params, return: 'void' }).compiled.spec;
const twoCallbacks = specOf(callback(int, { fallback: 8 }), callback(int, { fallback: 9 }));
const stream = specOf(chunks(int, { stop: 5 }));
const installs = specOf(chunks(int, { stop: 6, persistent: true }));
const paramOf = (spec: FunctionSpec, index = 0): HostFunctionSpec => spec.params[index] as HostFunctionSpec;

describe('LaneCallbacks', () => {
  it('makes one for each parameter of a function, when it is first needed, and keeps it', () => {
    const { engine, callbacks } = bench();
    const other = specOf(callback(int));
    const addresses = [
      callbacks.own(twoCallbacks, 0),
      callbacks.own(twoCallbacks, 1),
      callbacks.own(other, 0),
    ];
    expect(new Set(addresses).size).to.equal(3);
    expect([
      callbacks.own(twoCallbacks, 0),
      callbacks.own(twoCallbacks, 1),
      callbacks.own(other, 0),
    ]).to.deep.equal(addresses);
    expect([callbacks.probe(), callbacks.probe()]).to.deep.equal([64n, 64n]);
    expect(engine.made.size).to.equal(4);
  });

  it('one that native code calls too late gets what is declared for that, and is counted', () => {
    const { engine, writer, callbacks } = bench();
    const calls = [
      [callbacks.own(twoCallbacks, 0), 8],
      [callbacks.own(twoCallbacks, 1), 9],
      [callbacks.own(stream, 0), 5],
      [callbacks.own(specOf(callback({ arguments: ['i32'], return: 'u64' })), 0), 0n],
      [callbacks.own(specOf(callback({ arguments: ['i32'], return: 'void' })), 0), undefined],
    ] as const;
    // Between calls, and during one of another function.
    for (const running of [null, installs]) {
      writer.running = running;
      for (const [address, none] of calls) expect(engine.call(address, 1)).to.equal(none);
    }
    expect(writer.lates).to.equal(10);
    writer.running = twoCallbacks;
    expect([engine.call(calls[0][0], 1), writer.requests]).to.deep.equal([1, [0]]);
    // An installed one is for whichever call runs.
    expect(engine.call(callbacks.own(installs, 0), 1)).to.equal(0);
    expect(writer.lates).to.equal(10);
  });

  it('throws nothing into native code, and tells that something is broken', () => {
    const { engine, writer, callbacks } = bench();
    writer.throws = true;
    for (const [spec, none] of [
      [twoCallbacks, 8],
      [stream, 5],
    ] as const) {
      writer.running = spec;
      expect(engine.call(callbacks.own(spec, 0), 1)).to.equal(none);
    }
    expect(writer.breaks).to.equal(2);
  });

  it('probes say what the writer says', () => {
    const { engine, writer, callbacks } = bench();
    expect(engine.call(callbacks.probe())).to.equal(0);
    writer.stopped = true;
    expect(engine.call(callbacks.probe())).to.equal(1);
  });

  it('persistent ones are called in any call until they are closed; the oldest place is used again', () => {
    const { engine, writer, callbacks } = bench();
    const [eight, nine] = [paramOf(twoCallbacks, 0), paramOf(twoCallbacks, 1)];
    const places = [1, 2, 3].map((id) => callbacks.persistent(id, eight));
    expect(callbacks.persistent(2, eight)).to.equal(places[1]);
    expect(engine.call(places[1] as bigint, 0)).to.equal(1);
    expect(writer.requests).to.deep.equal([-2]);
    callbacks.close(2);
    callbacks.close(1);
    callbacks.close(77);
    expect([engine.call(places[1] as bigint, 0), engine.call(places[0] as bigint, 0)]).to.deep.equal([8, 8]);
    expect(writer.lates).to.equal(2);
    expect(callbacks.persistent(4, nine)).to.equal(places[1]);
    expect(engine.call(places[1] as bigint, 0)).to.equal(1);
    callbacks.close(4);
    expect(engine.call(places[1] as bigint, 0), 'its own fallback').to.equal(9);
    // Another prototype has places of its own.
    const wide = paramOf(specOf(callback({ arguments: ['i64'], return: 'i32' })));
    expect(places).to.not.include(callbacks.persistent(5, wide));
  });

  it('there are never more than were open at one time, whatever is opened, called and closed in whatever order', () => {
    const step = fc.record({ id: fc.integer({ min: 1, max: 6 }), does: fc.constantFrom('row', 'close') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
        const { engine, callbacks } = bench();
        const open = new Map<number, number>();
        const addresses = new Map<number, bigint>();
        let last = 0;
        let most = 0;
        for (const { id, does } of steps) {
          // A number is never used again after its callback was closed.
          if (does === 'close') {
            const number = open.get(id);
            if (number === undefined) continue;
            open.delete(id);
            addresses.delete(number);
            callbacks.close(number);
            continue;
          }
          const number = open.get(id) ?? ++last;
          open.set(id, number);
          const address = callbacks.persistent(number, paramOf(twoCallbacks));
          expect(addresses.get(number) ?? address, 'the same for as long as it is open').to.equal(address);
          addresses.set(number, address);
          most = Math.max(most, open.size);
          expect(new Set(addresses.values()).size, 'each has one of its own').to.equal(addresses.size);
          expect(engine.made.size).to.equal(most);
        }
        callbacks.release();
        expect([engine.made.size, engine.released]).to.deep.equal([0, most]);
      }),
    );
  });

  it('rows of a callback that is closed already take no place for good, however many there are', () => {
    const { engine, callbacks } = bench();
    for (let id = 1; id <= 100; id += 1) {
      // The news came before the rows that had been written.
      callbacks.close(id);
      for (let row = 0; row < 3; row += 1) callbacks.persistent(id, paramOf(twoCallbacks));
    }
    expect(engine.made.size, 'places for one hundred closed ones').to.be.below(4);
  });

  it('gives all of them back in the end, each once', () => {
    const { engine, callbacks } = bench();
    callbacks.own(twoCallbacks, 1);
    callbacks.own(stream, 0);
    callbacks.probe();
    for (let id = 1; id < 6; id += 1) callbacks.persistent(id, paramOf(twoCallbacks));
    callbacks.close(3);
    callbacks.release();
    callbacks.release();
    expect([engine.made.size, engine.released]).to.deep.equal([0, 8]);
  });
});
