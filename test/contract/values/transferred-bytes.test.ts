/** B6, M7: bytes that are given away with `transfer()`, and taken back. */
import { expect } from 'chai';
import {
  ArgumentError,
  CallCancelledError,
  PoolClosedError,
  CallTimeoutError,
  LaneCrashedError,
  type Library,
  lend,
  parallel,
  retry,
  sharedBytes,
  transfer,
  type TransferableBytes,
  type TransferredBytes,
} from 'offthread';
import {
  contractEngines,
  describeOn,
  onEveryEngine,
  rejection,
  sharedLab,
  thrown,
  withLibrary,
} from '../../helpers/contract.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { fnv } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';
import { FILL, HANDED, HeldCall, collect, pattern, wasmMemory } from '../../helpers/waiting-bytes.js';

const SIZES = [1, 100, 5_120, 1_048_576];

/** Every kind of value that can be transferred. */
const KINDS: Readonly<Record<string, (bytes: Uint8Array) => TransferableBytes>> = {
  'an ArrayBuffer': (bytes) => bytes.slice().buffer,
  'a Uint8Array': (bytes) => bytes.slice(),
  'a Buffer': (bytes) => Buffer.from(bytes.slice().buffer),
  'a view in the middle': (bytes) => {
    const whole = new Uint8Array(bytes.length + 20);
    whole.set(bytes, 13);
    return whole.subarray(13, 13 + bytes.length);
  },
  'a DataView': (bytes) => new DataView(bytes.slice().buffer),
};

const bytesIn = (value: TransferableBytes): Uint8Array =>
  ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);

const bufferIn = (value: TransferableBytes): ArrayBufferLike =>
  ArrayBuffer.isView(value) ? value.buffer : value;

/** What `take()` gives; null while native code has the bytes. */
function takes(given: TransferredBytes<Uint8Array>): Uint8Array | null {
  try {
    return given.take();
  } catch {
    return null;
  }
}

/** The bytes themselves, which only the wrapper refers to. */
const heldBytes = ({ bytes }: TransferredBytes): Uint8Array => bytes;

const withHanded = withLibrary(HANDED);

onEveryEngine('transferred bytes (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  let lib: Library<typeof HANDED>;
  before(async () => {
    lib = await lab.pool.open(testlib, HANDED, { engine });
  });

  for (const [kind, make] of Object.entries(KINDS)) {
    it(`detaches ${kind} at once, and gives it back as it was, with what native code wrote`, async () => {
      for (const size of SIZES) {
        const bytes = pattern(size);
        const value = make(bytes);
        const buffer = bufferIn(value);
        const { constructor } = value;
        const given = transfer(value);
        expect(buffer.byteLength, 'detached').to.equal(0);
        expect(await lib.ot_checksum(given, size)).to.equal(fnv(bytes));
        await lib.ot_reverse_bytes(given, size);
        const back = given.take();
        expect(back.constructor).to.equal(constructor);
        expect(
          Buffer.from(bytesIn(back)).equals(Uint8Array.from(bytes).toReversed()),
          `${size} bytes`,
        ).to.equal(true);
      }
    });
  }

  it('serves a blocking call', () => {
    const given = transfer(pattern(10_000));
    expect(lib.ot_checksum.blocking(given, 10_000)).to.equal(fnv(pattern(10_000)));
    lib.ot_fill_bytes.blocking(given, 10_000, FILL);
    expect(given.take().every((byte) => byte === FILL)).to.equal(true);
  });

  it('serves several calls at once, in parallel, in a map, and again in a retry', async () => {
    const sum = fnv(pattern(70_000));
    const given = transfer(pattern(70_000));
    const calls = Array.from({ length: 12 }, () => lib.ot_checksum(given, 70_000));
    expect(new Set(await Promise.all(calls))).to.deep.equal(new Set([sum]));
    const twice = [() => lib.ot_checksum(given, 70_000), () => lib.ot_checksum(given, 70_000)] as const;
    expect(await parallel(twice)).to.deep.equal([sum, sum]);
    const items = [0, 1, 2].map(() => [given, 70_000] as const);
    expect(await lab.pool.map(lib.ot_checksum, items).toArray()).to.deep.equal([sum, sum, sum]);
    let attempts = 0;
    const again = retry(
      () => {
        attempts += 1;
        return attempts === 1 ? Promise.reject(new Error('once')) : lib.ot_checksum(given, 70_000);
      },
      { delay: 1 },
    );
    expect(await again).to.equal(sum);
    expect(Buffer.from(given.take()).equals(pattern(70_000))).to.equal(true);
  });

  it('keeps its bytes while native code has them, and gives them back afterwards', async () => {
    const given = transfer(pattern(50_000));
    const held = await new HeldCall(lib.wait_and_fill_inout, given, 50_000).inside();
    expect(thrown(() => given.take(), ArgumentError).message).to.include('native code still has them');
    expect(await held.checksum()).to.equal(fnv(pattern(50_000)));
    await held.call;
    expect(given.take().every((byte) => byte === FILL)).to.equal(true);
  });

  it('keeps its bytes after a timeout until native code is back (M7)', async () => {
    const given = transfer(pattern(50_000));
    const fn = lib.wait_and_fill_inout.with({ timeout: 150 });
    const held = new HeldCall(fn, given, 50_000);
    await rejection(held.call, CallTimeoutError);
    if (laneKind() === 'process') {
      // The process is killed: nothing has the bytes any more, and nothing was copied back.
      await until(() => takes(given) !== null, 'the killed process no longer has the bytes');
      return;
    }
    expect(thrown(() => given.take(), ArgumentError).message).to.include('native code still has them');
    await collect(50_000);
    expect(await held.checksum()).to.equal(fnv(pattern(50_000)));
    let back: Uint8Array | null = null;
    await until(() => (back = takes(given)) !== null, 'native code is back');
    expect((back as unknown as Uint8Array).every((byte) => byte === FILL)).to.equal(true);
  });

  it('fails a waiting call whose bytes are taken back before it starts', async () => {
    await withHanded(engine, { lanes: 1 }, async (own) => {
      const held = await new HeldCall(own.ot_wait_and_fill, new Uint8Array(8), 8).inside();
      const given = transfer(pattern(6_000));
      // A call that may be written ahead has the bytes; one that waits in the queue has not.
      const calls = [1, 2, 3].map(() => own.ot_checksum(given, 6_000).settled());
      const taken = takes(given);
      await held.checksum();
      const ended = await Promise.all(calls);
      for (const { status, error } of ended) {
        if (taken === null) expect(status).to.equal('succeeded');
        else expect(error, String(error)).to.be.instanceOf(ArgumentError);
      }
    });
  });

  it('refuses what cannot be moved, and bytes that were taken back, and names them', async () => {
    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    const refused: Readonly<Record<string, unknown>> = {
      'shared memory': new Uint8Array(new SharedArrayBuffer(8)),
      'shared bytes': sharedBytes(8),
      'the pool of Buffer': Buffer.from('abc'),
      'a WebAssembly.Memory': wasmMemory().buffer,
      'detached bytes': detached,
      'a string': 'abc',
      'transferred bytes': transfer(new Uint8Array(8)),
      'lent bytes': lend(new Uint8Array(8)),
      nothing: undefined,
    };
    for (const [what, value] of Object.entries(refused)) {
      const { message } = thrown(() => transfer(value as Uint8Array), ArgumentError);
      expect(message, what).to.match(/^transfer\(\) received .+\. (Pass|.*untransferable)/);
    }
    const given = transfer(pattern(10));
    given.take();
    thrown(() => given.take(), ArgumentError);
    const { message } = await rejection(lib.ot_checksum(given, 10), ArgumentError);
    expect(message).to.include('argument 0').and.include('taken back');
    const text = await rejection(lab.lib.ot_sleep_ms(transfer(new Uint8Array(4)) as never), ArgumentError);
    expect(text.message).to.include('argument 0 (i32)');
  });

  it('frees its bytes when the call has ended, if it is to, however it ended', async () => {
    const bytes = pattern(300_000);
    const given = transfer(bytes, { release: true });
    const bytesHeld = heldBytes(given);
    expect(await lib.ot_checksum(given, 300_000)).to.equal(fnv(pattern(300_000)));
    expect(bytesHeld.byteLength, 'freed').to.equal(0);
    for (const use of [() => given.take(), () => lib.ot_checksum.blocking(given, 300_000)]) {
      expect(thrown(use, ArgumentError).message).to.include('released when their call ended');
    }
    // Never started, refused, or waiting behind others when it is cancelled.
    const refused = transfer(pattern(9_000), { release: true });
    await rejection(lib.ot_checksum(refused, -1), ArgumentError);
    expect(heldBytes(refused).byteLength).to.equal(0);
    await withHanded(engine, { lanes: 1 }, async (own) => {
      const held = await new HeldCall(own.ot_wait_and_fill, new Uint8Array(8), 8).inside();
      const waiting = [1, 2, 3, 4].map((value) => transfer(pattern(9_000 + value), { release: true }));
      const calls = waiting.map((each, index) => own.ot_checksum(each, 9_001 + index));
      calls[3]?.cancel();
      await rejection(calls[3] as Promise<unknown>, CallCancelledError);
      expect(heldBytes(waiting[3] as TransferredBytes).byteLength).to.equal(0);
      await held.checksum();
      const sums = await Promise.all(calls.slice(0, 3));
      expect(sums).to.deep.equal([1, 2, 3].map((value) => fnv(pattern(9_000 + value))));
    });
    // Unused bytes can be taken back, and an option that does not exist is named.
    expect(transfer(pattern(8), { release: true }).take().length).to.equal(8);
    const wrong = thrown(() => transfer(pattern(8), { free: true } as never), ArgumentError);
    expect(wrong.message).to.include('free');
  });

  it('frees its bytes after a timeout only when native code is back (M7)', async () => {
    const given = transfer(pattern(50_000), { release: true });
    const bytesHeld = heldBytes(given);
    const fn = lib.wait_and_fill_inout.with({ timeout: 150 });
    const held = new HeldCall(fn, given, 50_000);
    await rejection(held.call, CallTimeoutError);
    if (laneKind() === 'thread') {
      expect(bytesHeld.byteLength).to.equal(50_000);
      expect(await held.checksum()).to.equal(fnv(pattern(50_000)));
    }
    await until(() => bytesHeld.byteLength === 0, 'the bytes are freed');
  });

  it('keeps its bytes for native code when the pool is destroyed', async () => {
    await withHanded(engine, { lanes: 1 }, async (own, pool) => {
      const held = await new HeldCall(own.wait_and_fill_inout, transfer(pattern(40_000)), 40_000).inside();
      void pool.destroy();
      await rejection(held.call, PoolClosedError);
      await collect(40_000);
      if (laneKind() === 'thread') expect(await held.checksum()).to.equal(fnv(pattern(40_000)));
    });
  });

  it('gives its bytes back when the pool was destroyed, whether or not the call had returned', async () => {
    for (const returned of [true, false]) {
      await withHanded(engine, { lanes: 1 }, async (own, pool) => {
        const given = transfer(pattern(40_000));
        const held = await new HeldCall(own.wait_and_fill_inout, given, 40_000).inside();
        if (returned) held.returnUnseen();
        const destroyed = pool.destroy();
        held.gate.open();
        await held.call.settled();
        await destroyed;
        await until(() => takes(given) !== null, 'native code no longer has the bytes');
      });
    }
  });
});

const CRASHING = {
  ot_die_with: { symbol: 'ot_complain_raw', arguments: ['buffer', 'u32', 'i32'], return: 'i32' },
} as const;
const SIGSEGV = 11;

describeOn(contractEngines, ['process'], 'transferred bytes and crashes (B2)', (engine) => {
  it('runs again with its bytes in another lane, and gives them back after the last crash', async () => {
    await withLibrary(CRASHING)(engine, { lanes: 1 }, async (lib) => {
      const given = transfer(pattern(5_000));
      const call = lib.ot_die_with.with({ attempts: 2 })(given, 4, SIGSEGV);
      const error = await rejection(call, LaneCrashedError);
      expect(error.attempts).to.equal(2);
      expect(error.digest).to.include('5,000 bytes: 07 26 45');
      expect(Buffer.from(given.take()).equals(pattern(5_000))).to.equal(true);
    });
  });
});
