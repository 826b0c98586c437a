/** M24: what a lane says when there is nobody to hear it, nothing that could be read, or nothing to wait for: both ends of a channel on this thread. */
import { MessageChannel } from 'node:worker_threads';
import { expect } from 'chai';
import type { ChunksSpec, FunctionSpec, HostFunctionSpec, Scalar } from '../../../src/declare/spec.js';
import type { CallbackReader } from '../../../src/engines/callback-reader.js';
import type { NativeValue } from '../../../src/engines/engine.js';
import { Inbox, portReader } from '../../../src/lanes/channel/inbox.js';
import { LaneChannel, wakeWaiting } from '../../../src/lanes/channel/lane-channel.js';
import { LaneMemory } from '../../../src/shared/memory/lane-memory.js';
import { RowWord } from '../../../src/shared/memory/layout.js';
import { RecordKind } from '../../../src/shared/memory/record.js';
import { ChannelEnds } from '../../../workers/channel/channel-ends.js';
import { ChannelWriter } from '../../../workers/channel/channel-writer.js';
import { SIZE } from './channel-lab.js';
import { STOP, asked, chunks } from './channel-thread.js';

const spec = { name: 'made up' } as FunctionSpec;

/** A reader that finds nothing to read, or something wrong. */
class FakeReader {
  fault = '';
  bytes = 8;

  measure(): number {
    return this.fault === '' ? this.bytes : -1;
  }

  write(): void {}

  get reader(): CallbackReader {
    return this as unknown as CallbackReader;
  }
}

class Bench {
  readonly memory = new LaneMemory(SIZE);
  readonly channel: LaneChannel;
  readonly writer: ChannelWriter;
  readonly read = new FakeReader();
  rings = 0;
  readonly #ports = new MessageChannel();

  constructor() {
    this.channel = new LaneChannel(this.memory, new Inbox(portReader(this.#ports.port1)), () =>
      wakeWaiting(this.memory),
    );
    const lane = {
      base: 0,
      wait: (index: number, seen: number): boolean =>
        Atomics.wait(this.memory.i32, index, seen) !== 'timed-out',
      addressOf: () => 0,
      sharesAddresses: false,
      ring: () => void (this.rings += 1),
      post: (chunk: boolean, payload: ArrayBuffer) =>
        this.#ports.port2.postMessage({ kind: 'record', chunk, payload }, [payload]),
    };
    this.writer = new ChannelWriter(this.memory, lane, new ChannelEnds(this.memory, lane, 0));
  }

  begin(highWaterMark = 4, generation = 1): void {
    this.set(0);
    this.writer.begin(spec, 0, generation, this.#cancelFlag, highWaterMark);
  }

  /** Raises the cancelFlag, or takes it down. */
  set(cause: number): void {
    Atomics.store(this.memory.i32, this.#cancelFlag, cause);
  }

  chunk(param: ChunksSpec = chunks, ...values: (number | bigint)[]): NativeValue {
    return this.writer.chunk(param, this.read.reader, values);
  }

  request(param: HostFunctionSpec): NativeValue {
    return this.writer.request(param, 0, this.read.reader, []);
  }

  get #cancelFlag(): number {
    return this.memory.rowWord(0) + RowWord.CANCEL;
  }

  close(): void {
    this.#ports.port1.close();
  }
}

/** A notice: nobody waits for its answer. */
const notice = asked('void', false);

describe('ChannelWriter', () => {
  let bench: Bench;
  beforeEach(() => {
    bench = new Bench();
  });
  afterEach(() => bench.close());

  it('a chunk outside of a call, or of a call without a stream, is late and makes native code stop', () => {
    expect(bench.chunk()).to.equal(STOP);
    bench.begin(0);
    expect(bench.chunk()).to.equal(STOP);
    bench.writer.end();
    expect(bench.chunk({ ...chunks, stop: null })).to.equal(0);
    expect([bench.channel.late, bench.channel.hasChunks]).to.deep.equal([3, false]);
  });

  it('a callback outside of a call says so, and the next call is not taken for it', () => {
    bench.request(notice);
    bench.begin(4, 9);
    bench.request(notice);
    const heads = [1, 2].map(() => {
      const head = { ...bench.channel.nextCall() };
      bench.channel.takeCall(head as never, []);
      return head;
    });
    expect(heads.map(({ noCall }) => noCall)).to.deep.equal([true, false]);
    expect(heads[1]).to.include({ sequence: 0, generation: 9, request: 0 });
    expect(bench.rings).to.equal(2);
  });

  it('what cannot be read is told once, and the rest of the call is answered without a word', () => {
    bench.begin();
    bench.read.fault = 'its argument 0 has an invalid count of -1 bytes, ünd so weiter';
    expect(bench.request(asked('i32', true))).to.equal(77);
    bench.read.fault = '';
    const head = bench.channel.nextCall();
    expect(head?.kind).to.equal(RecordKind.FAULT);
    expect(bench.channel.takeFault(head as never)).to.equal(
      'its argument 0 has an invalid count of -1 bytes, ünd so weiter',
    );
    expect([bench.request(asked('i32', true)), bench.chunk(), bench.writer.stopped]).to.deep.equal([
      77,
      STOP,
      true,
    ]);
    expect([bench.channel.hasCalls, bench.channel.hasChunks]).to.deep.equal([false, false]);
    bench.writer.end();
    bench.begin();
    expect([bench.writer.stopped, bench.chunk()]).to.deep.equal([false, 0]);
  });

  it('stopped: by its cancel flag while a call runs, by its end always', () => {
    bench.set(1);
    expect(bench.writer.stopped, 'no call runs').to.equal(false);
    bench.begin();
    expect(bench.writer.stopped).to.equal(false);
    bench.set(2);
    expect([bench.writer.stopped, bench.request(asked('i64', true)), bench.chunk()]).to.deep.equal([
      true,
      77n,
      STOP,
    ]);
    bench.writer.end();
    expect(bench.writer.stopped).to.equal(false);
    bench.channel.close();
    expect([bench.writer.stopped, bench.request(asked('void', true))]).to.deep.equal([true, undefined]);
    bench.begin();
    expect(bench.writer.stopped).to.equal(true);
    expect([bench.channel.hasCalls, bench.channel.hasChunks]).to.deep.equal([false, false]);
  });

  for (const [returns, length, told] of [
    ['u64', 12, 12n],
    ['u64', 2n ** 40n, 2n ** 40n],
    ['pointer', 3n, 3n],
    ['u32', 12n, 12],
    ['i32', 0, 0],
    ['f64', 5n, 5],
    ['void', 5, undefined],
  ] as const) {
    it(`the length as the answer is of the type of the callback: ${length} as ${returns}`, () => {
      bench.begin();
      const callback = { params: chunks.callback.params, returns: returns as Scalar };
      expect(bench.chunk({ ...chunks, callback, proceed: 'length' }, 0, length)).to.equal(told);
    });
  }

  it('values too large for the pipe go by port, and only the record’s head in it', () => {
    bench.begin(64);
    for (const [bytes, large] of [
      [8, false],
      [SIZE.chunkBytes / 2, true],
      [100_000, true],
    ] as const) {
      bench.read.bytes = bytes;
      bench.chunk();
      const head = bench.channel.nextChunk() as NonNullable<ReturnType<LaneChannel['nextChunk']>>;
      expect((head.kind & RecordKind.BY_PORT) !== 0, `${bytes} bytes`).to.equal(large);
      bench.channel.dropChunk(head);
    }
    expect(bench.channel.hasChunks).to.equal(false);
  });
});
