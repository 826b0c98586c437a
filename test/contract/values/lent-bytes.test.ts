/** B6, M7: bytes that are lent with `lend()`: live where Node.js can keep their memory, copied elsewhere. */
import { expect } from 'chai';
import { MessageChannel } from 'node:worker_threads';
import { ArgumentError, PoolClosedError, CallTimeoutError, type Library, lend } from 'offthread';
import { onEveryEngine, rejection, sharedLab, thrown, withLibrary } from '../../helpers/contract.js';
import { laneKind } from '../../helpers/lane-kind.js';
import { fnv } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import {
  FILL,
  HANDED,
  HeldCall,
  collect,
  pattern,
  wasmMemory,
  worksInPlace,
} from '../../helpers/waiting-bytes.js';

const SIZES = [1, 63, 100, 5_120, 1_048_576];
const withHanded = withLibrary(HANDED);

type Moving = ArrayBuffer & { transfer?: (length?: number) => ArrayBuffer };

/** Every way to take the memory of a buffer away. */
const MOVES: Readonly<Record<string, (buffer: Moving) => unknown>> = {
  structuredClone: (buffer) => structuredClone(buffer, { transfer: [buffer] }),
  postMessage: (buffer) => {
    const { port1 } = new MessageChannel();
    try {
      port1.postMessage(buffer, [buffer]);
    } finally {
      port1.close();
    }
  },
  transfer: (buffer) => buffer.transfer?.(),
  'transfer with another length': (buffer) => buffer.transfer?.(1),
  'a byte stream': (buffer) =>
    new ReadableStream({ type: 'bytes', start: (controller) => controller.enqueue(new Uint8Array(buffer)) }),
};

/** A buffer whose length can change. Typed here, because the library of types for Node 20 lacks it. */
function resizable(length: number, maxByteLength: number): ArrayBuffer & { resize(length: number): void } {
  const made: unknown = Reflect.construct(ArrayBuffer, [length, { maxByteLength }]);
  return made as ArrayBuffer & { resize(length: number): void };
}

onEveryEngine('lent bytes (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  let lib: Library<typeof HANDED>;
  before(async () => {
    lib = await lab.pool.open(testlib, HANDED, { engine });
  });

  it('gives native code bytes of every kind and size, and the caller what it wrote', async () => {
    for (const size of SIZES) {
      for (const value of [
        pattern(size),
        pattern(size).buffer as ArrayBuffer,
        Buffer.from(pattern(size)),
        new DataView(pattern(size).buffer),
        pattern(size + 9).subarray(9),
      ]) {
        const bytes = ArrayBuffer.isView(value)
          ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
          : new Uint8Array(value);
        const given = lend(value);
        expect(await lib.ot_checksum(given, size), `${size} bytes`).to.equal(fnv(bytes));
        expect(lib.ot_checksum.blocking(given, size)).to.equal(fnv(bytes));
        const reversed = Buffer.from(Uint8Array.from(bytes).toReversed());
        await lib.ot_reverse_bytes(given, size);
        expect(reversed.equals(bytes), `${size} bytes, reversed`).to.equal(true);
      }
    }
  });

  it('lets native code work on the caller’s memory where it is kept, and on a copy elsewhere', async () => {
    const bytes = pattern(20_000);
    const before = fnv(bytes);
    const held = await new HeldCall(lib.ot_wait_and_fill, lend(bytes), 20_000).inside();
    bytes[5] = 0xff;
    const after = fnv(bytes);
    expect(await held.checksum()).to.equal(worksInPlace() ? after : before);
    await held.call;
    expect(bytes[0]).to.equal(worksInPlace() ? FILL : 7);
  });

  it('works on shared memory as it is', async () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(9_000));
    await lib.ot_fill_bytes(lend(bytes), 9_000, FILL);
    expect(bytes.every((byte) => byte === FILL)).to.equal(true);
  });

  it('serves several calls at once, and items of a map', async () => {
    const bytes = pattern(70_000);
    const given = lend(bytes);
    const calls = Array.from({ length: 12 }, () => lib.ot_checksum(given, 70_000));
    expect(new Set(await Promise.all(calls))).to.deep.equal(new Set([fnv(bytes)]));
    const items = [0, 1, 2].map(() => [given, 70_000] as const);
    const sum = fnv(bytes);
    expect(await lab.pool.map(lib.ot_checksum, items).toArray()).to.deep.equal([sum, sum, sum]);
  });

  for (const [way, move] of Object.entries(MOVES)) {
    it(`is not harmed by ${way} while native code has the bytes`, async () => {
      const bytes = pattern(30_000);
      const sum = fnv(bytes);
      const given = lend(bytes);
      const held = await new HeldCall(lib.ot_wait_and_fill, given, 30_000).inside();
      let refused = false;
      try {
        // Nobody keeps what the memory has moved to, if it has.
        move(bytes.buffer as ArrayBuffer);
      } catch {
        refused = true;
      }
      const detached = bytes.length === 0;
      if (Number.parseInt(process.versions.node, 10) >= 24)
        expect(refused, 'an error, from Node.js').to.equal(true);
      expect(refused && detached, 'refused, and detached').to.equal(false);
      await collect(30_000);
      expect(await held.checksum()).to.equal(sum);
      await held.call;
      // Afterwards it is an error that names the argument, or nothing has happened.
      if (!detached) expect(await lib.ot_checksum(given, 30_000)).to.be.a('number');
      else {
        const { message } = await rejection(lib.ot_checksum(given, 30_000), ArgumentError);
        expect(message).to.include('argument 0').and.include('lent bytes');
      }
    });
  }

  it('names the inout buffer that was detached while native code worked on a copy of it', async () => {
    const buffer = resizable(10_000, 10_000);
    const held = await new HeldCall(lib.wait_and_fill_inout, lend(buffer), 10_000).inside();
    structuredClone(buffer, { transfer: [buffer] });
    await held.checksum();
    const { message } = await rejection(held.call, ArgumentError);
    expect(message).to.include('wait_and_fill_inout').and.include('argument 0').and.include('detached');
  });

  it('copies a resizable buffer, which may shrink, and memory of a WebAssembly.Memory, which may grow', async () => {
    const buffer = resizable(40_000, 80_000);
    new Uint8Array(buffer).set(pattern(40_000));
    const wasm = wasmMemory();
    new Uint8Array(wasm.buffer).set(pattern(65_536));
    const one = await new HeldCall(lib.ot_wait_and_fill, lend(buffer), 40_000).inside();
    const other = await new HeldCall(lib.ot_wait_and_fill, lend(wasm.buffer), 65_536).inside();
    buffer.resize(0);
    wasm.grow(1);
    expect(await one.checksum()).to.equal(fnv(pattern(40_000)));
    expect(await other.checksum()).to.equal(fnv(pattern(65_536)));
  });

  it('keeps bytes that nobody else refers to, also after a timeout (M7)', async () => {
    const fn = lib.ot_wait_and_fill.with({ timeout: 100 });
    const held = new HeldCall(fn, lend(pattern(50_000)), 50_000);
    await rejection(held.call, CallTimeoutError);
    await collect(50_000);
    // A process is killed: its native code does not go on.
    if (laneKind() === 'thread') expect(await held.checksum()).to.equal(fnv(pattern(50_000)));
  });

  it('keeps bytes for native code of a pool that was destroyed', async () => {
    await withHanded(engine, { lanes: 1 }, async (own, pool) => {
      const held = await new HeldCall(own.ot_wait_and_fill, lend(pattern(40_000)), 40_000).inside();
      void pool.destroy();
      await rejection(held.call, PoolClosedError);
      await collect(40_000);
      if (laneKind() === 'thread') expect(await held.checksum()).to.equal(fnv(pattern(40_000)));
    });
  });

  it('refuses what has no bytes, and bytes that are gone before the call (M4)', async () => {
    const detached = new Uint8Array(8);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    for (const value of ['abc', 5, null, {}, detached, lend(new Uint8Array(4))]) {
      const { message } = thrown(() => lend(value as Uint8Array), ArgumentError);
      expect(message).to.match(/^lend\(\) received .+\. Pass a Buffer/);
    }
    const buffer = resizable(100, 100);
    const given = lend(buffer);
    buffer.resize(50);
    const { message } = await rejection(lib.ot_checksum(given, 100), ArgumentError);
    expect(message).to.include('argument 0').and.include('lent bytes');
  });
});
