/** The lane's side of the ring, driven on this thread: real native calls, every type there and back. */
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { expect } from 'chai';
import fc from 'fast-check';
import { SCALARS } from '../../src/declare/language/scalars.js';
import type { Scalar } from '../../src/declare/spec.js';
import { loadEngine } from '../../src/engines/load-engine.js';
import type { DeclaredFunction } from '../../src/lanes/rows/declared-function.js';
import { LaneRing } from '../../src/lanes/rows/lane-ring.js';
import type { Ticket } from '../../src/lanes/rows/ticket.js';
import { readReturned, withOuts } from '../../src/lanes/rows/unpack.js';
import { HostBell } from '../../src/shared/memory/bell.js';
import { clockOrigin } from '../../src/shared/clock.js';
import { Bell, Header, Outcome } from '../../src/shared/memory/layout.js';
import type { ToHost } from '../../src/shared/messages/messages.js';
import { State } from '../../src/shared/memory/states.js';
import { LaneMemory } from '../../src/shared/memory/lane-memory.js';
import { ThreadLink } from '../../workers/lane-link.js';
import { LaneRuntime } from '../../workers/lane-runtime.js';
import { testlib } from '../helpers/testlib.js';
import { scalarValue } from '../shared/values.js';
import { declare, threadBytes } from './fixture.js';

const SIZE = { rows: 16, arenaBytes: 65_536, chunkBytes: 0, batchBytes: 0 };

/** Host and lane on one thread. */
class Bench {
  readonly ring: LaneRing<Ticket>;
  readonly bell: HostBell = new HostBell();
  readonly runtime: LaneRuntime;
  readonly #data = new MessageChannel();
  #id: number;

  constructor(first = 0, firstId = 1) {
    this.#id = firstId;
    const memory = new LaneMemory(SIZE);
    this.ring = new LaneRing<Ticket>(memory, threadBytes(this.#data.port1), first);
    const settings = { clockOrigin: clockOrigin(), spinUs: 0, stackBytes: 0 };
    const link = new ThreadLink(memory, { bell: this.bell.buffer, data: this.#data.port2 });
    this.runtime = new LaneRuntime(memory, settings, link);
  }

  /** A function of the test library, that the lane knows. */
  fn(declaration: object): DeclaredFunction {
    const fn = declare(declaration, testlib);
    Atomics.add(this.ring.memory.i32, Header.ANNOUNCED, 1);
    this.#data.port1.postMessage({
      kind: 'library',
      terms: null,
      path: testlib,
      engine: 'koffi',
      functions: [{ number: fn.number, spec: fn.compiled.spec }],
    });
    return fn;
  }

  /** Writes a call; the lane may see it. */
  write(fn: DeclaredFunction, ...args: readonly unknown[]): number {
    this.#id += 1;
    const sequence = this.ring.write({ id: this.#id, fn, args, highWaterMark: 0, items: null }, false);
    if (sequence === undefined) throw new Error('the ring is full');
    this.ring.publish();
    return sequence;
  }

  /** The lane runs everything written so far. */
  drain(): void {
    this.runtime.drain();
    expect(this.ring.remaining).to.equal(0);
  }

  message(): ToHost | undefined {
    const received: { message: ToHost } | undefined = receiveMessageOnPort(this.#data.port1);
    return received?.message;
  }

  /** Takes the oldest row back: what it resolves to. */
  take(): unknown {
    const { ring } = this;
    const sequence = ring.head;
    expect(ring.done).to.not.equal(sequence, 'the lane has not passed the row');
    const { fn, args } = ring.ticket(sequence);
    const payload = ring.payload(sequence);
    const message = this.message();
    const long = message?.kind === 'texts' ? message.texts : null;
    expect(ring.state(sequence)).to.equal(State.succeeded);
    const returned = readReturned(ring.memory, sequence, payload, fn, long);
    const value = withOuts(ring.memory, payload, fn, long, returned, args);
    ring.free();
    return value;
  }

  call(fn: DeclaredFunction, ...args: readonly unknown[]): unknown {
    this.write(fn, ...args);
    this.drain();
    return this.take();
  }

  close(): void {
    this.#data.port1.close();
  }
}

describe('LaneRuntime', () => {
  // The stack of koffi can be chosen once in a thread, and here others may have used koffi before.
  before(() => void loadEngine('koffi'));

  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  for (const type of Object.keys(SCALARS) as Scalar[]) {
    it(`${type}: arguments, results, outs and inouts come back as they went`, () => {
      const id = bench.fn({ symbol: `ot_id_${type}`, arguments: [type], return: type });
      const out =
        type === 'pointer'
          ? bench.fn({ symbol: 'ot_out_pointer', arguments: [{ out: type }, type], return: 'void' })
          : bench.fn({ symbol: `ot_out_${type}`, arguments: [{ out: type }, type], return: 'void' });
      const inout =
        type === 'pointer'
          ? null
          : bench.fn({ symbol: `ot_inout_${type}`, arguments: [{ inout: type }, type], return: 'void' });
      const zero = type === 'bool' ? false : typeof SCALARS[type].min === 'bigint' ? 0n : 0;
      fc.assert(
        fc.property(fc.array(scalarValue(type), { minLength: 1, maxLength: 5 }), (values) => {
          for (const value of values) {
            bench.write(id, value);
            bench.write(out, value);
            if (inout !== null) bench.write(inout, value, zero);
          }
          bench.drain();
          for (const value of values) {
            expect(bench.take()).to.deep.equal(value);
            expect(bench.take()).to.deep.equal([undefined, value]);
            if (inout !== null) expect(bench.take()).to.deep.equal([undefined, value]);
          }
        }),
        { numRuns: 50 },
      );
    });
  }

  it('texts come back whole: short ones in the arena, long ones by port, and null', () => {
    const echo = bench.fn({
      symbol: 'ot_echo_owned',
      arguments: ['cstring'],
      return: { cstring: { free: 'ot_free' } },
    });
    const twice = bench.fn({
      symbol: 'ot_text_out_owned',
      arguments: ['cstring', { out: { cstring: { free: 'ot_free' } } }],
      return: 'i32',
    });
    const texts = [
      '',
      'a',
      'Grüße, 世界 🌍',
      'x'.repeat(247),
      'x'.repeat(248),
      'x'.repeat(249),
      '世'.repeat(83),
    ];
    for (const text of [...texts, '🌍'.repeat(5_000), null]) {
      expect(bench.call(echo, text)).to.equal(text);
      if (text !== null) expect(bench.call(twice, text)).to.deep.equal([0, text]);
    }
  });

  it('rows run in order across the wrap of the sequence, those taken back are passed over', () => {
    bench.close();
    bench = new Bench(2 ** 31 - 8, 2 ** 32 - 9);
    const { ring } = bench;
    const add = bench.fn({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' });
    for (let index = 0; index < 16; index += 1) bench.write(add, index, 100);
    for (const [index, to] of [
      [3, State.cancelled],
      [9, State.withdrawn],
      [15, State.timedOut],
    ] as const) {
      const sequence = (ring.head + index) | 0;
      const { id } = ring.ticket(sequence);
      expect(ring.transition(sequence, id, State.queued, to)).to.equal(true);
    }
    bench.drain();
    expect(bench.runtime.calls).to.equal(13);
    expect(ring.done).to.equal((2 ** 31 + 8) | 0);
    for (let index = 0; index < 16; index += 1) {
      if ([3, 9, 15].includes(index)) ring.free();
      else expect(bench.take()).to.equal(index + 100);
    }
  });

  it('bytes that came for calls taken back are not mistaken for those of the next', () => {
    const sum = bench.fn({ symbol: 'ot_sum_bytes', arguments: ['buffer', 'u64'], return: 'u64' });
    const { ring } = bench;
    const views = [1, 2, 3].map((fill) => new Uint8Array(new SharedArrayBuffer(10)).fill(fill));
    const rows = views.map((view) => bench.write(sum, view, 10n));
    ring.transition(rows[0] as number, ring.ticket(rows[0] as number).id, State.queued, State.withdrawn);
    bench.drain();
    ring.free();
    expect([bench.take(), bench.take()]).to.deep.equal([20n, 30n]);
  });

  it('what an engine throws becomes the error of that call, and the next one runs', () => {
    const missing = declare({ symbol: 'ot_nowhere', arguments: [], return: 'void' }, testlib);
    const add = bench.fn({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' });
    bench.write(missing);
    bench.write(add, 1, 2);
    bench.drain();
    const { ring } = bench;
    expect(ring.state(ring.head)).to.equal(State.failed);
    expect(ring.outcome(ring.head)).to.equal(Outcome.THREW);
    const message = bench.message();
    expect(message?.kind).to.equal('error');
    ring.free();
    expect(bench.take()).to.equal(3);
  });

  it('times are on the host’s clock: start and end lie between the write and the look', () => {
    const sleep = bench.fn({ symbol: 'ot_sleep_ms', arguments: ['i32'], return: 'i32' });
    const before = performance.now();
    const sequence = bench.write(sleep, 5);
    bench.drain();
    const { ring } = bench;
    expect(ring.startedAt(sequence)).to.be.within(before - 0.5, performance.now());
    expect(ring.endedAt(sequence) - ring.startedAt(sequence)).to.be.at.least(5);
    expect(ring.endedAt(sequence)).to.be.at.most(performance.now() + 0.5);
  });

  it('rings an armed bell when it runs dry, and only then when results may gather', () => {
    const add = bench.fn({ symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' });
    bench.call(add, 0, 0);
    const words = new Int32Array(bench.bell.buffer);
    for (let index = 0; index < 5; index += 1) bench.write(add, index, 0);
    bench.ring.gather(100);
    const count = bench.bell.arm();
    bench.drain();
    expect(Atomics.load(words, Bell.COUNT)).to.equal(count + 1);
    expect(Atomics.load(words, Bell.ARMED)).to.equal(0);
    for (let index = 0; index < 5; index += 1) bench.take();
    bench.write(add, 1, 1);
    bench.drain();
    expect(Atomics.load(words, Bell.COUNT), 'nobody waits: no ring').to.equal(count + 1);
  });
});
