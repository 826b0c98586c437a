/** B6: bytes of every size, over every kind of memory; live where the memory is shared. */
import { expect } from 'chai';
import { type Bytes, inout, type Library } from 'offthread';
import { onEveryEngine, sharedLab } from '../../helpers/contract.js';
import { Gate, shared } from '../../helpers/gate.js';
import { fnv } from '../../helpers/oracle.js';
import { testlib } from '../../helpers/testlib.js';
import { until } from '../../helpers/waiting.js';

const BYTES = {
  ot_checksum: { arguments: ['buffer', 'u32'], return: 'u32' },
  ot_sum_bytes: { arguments: ['buffer', 'u64'], return: 'u64' },
  ot_buffer_is_null: { arguments: ['buffer'], return: 'i32' },
  ot_fill_bytes: { arguments: ['buffer', 'u32', 'u8'], return: 'void' },
  ot_xor_bytes: { arguments: [inout('buffer'), 'u32', 'u8'], return: 'void' },
  ot_reverse_bytes: { arguments: [inout('buffer'), 'u32'], return: 'void' },
  ot_copy_bytes: { arguments: [inout('buffer'), 'buffer', 'u32'], return: 'i32' },
  ot_hang_until: { arguments: ['buffer', 'i32'], return: 'i32' },
} as const;

const FNV_OF_NOTHING = 2_166_136_261;
const SIZES = [1, 100, 5_120, 131_072, 1_048_576];

function pattern(bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + 7) & 255;
  return bytes;
}

/** The same bytes in every kind of memory that a caller may hold them in. */
const MEMORIES: Readonly<Record<string, (size: number) => { given: Bytes; view: Uint8Array }>> = {
  ArrayBuffer: (size) => {
    const given = new ArrayBuffer(size);
    return { given, view: new Uint8Array(given) };
  },
  SharedArrayBuffer: (size) => {
    const given = new SharedArrayBuffer(size);
    return { given, view: new Uint8Array(given) };
  },
  Buffer: (size) => {
    const given = Buffer.alloc(size);
    return { given, view: given };
  },
  'a slice of a Buffer': (size) => {
    const given = Buffer.alloc(size + 20, 0xee).subarray(13, 13 + size);
    return { given, view: given };
  },
  'a slice of shared memory': (size) => {
    const given = new Uint8Array(new SharedArrayBuffer(size + 20), 13, size);
    return { given, view: given };
  },
  'a DataView': (size) => {
    const given = new DataView(new ArrayBuffer(size + 9), 5, size);
    return { given, view: new Uint8Array(given.buffer, 5, size) };
  },
};

onEveryEngine('buffers (B6)', (engine) => {
  const lab = sharedLab(engine, { lanes: 1 });
  let lib: Library<typeof BYTES>;
  before(async () => {
    lib = await lab.pool.open(testlib, BYTES, { engine });
  });

  for (const [kind, make] of Object.entries(MEMORIES)) {
    it(`gives native code the bytes of ${kind}`, async () => {
      for (const size of SIZES) {
        const { given, view } = make(size);
        pattern(view);
        expect(await lib.ot_checksum(given, size), `${size} bytes`).to.equal(fnv(view));
        expect(lib.ot_checksum.blocking(given, size), `${size} bytes, blocking`).to.equal(fnv(view));
      }
    });

    it(`copies an inout buffer back into ${kind}, and touches nothing beside it`, async () => {
      for (const size of SIZES) {
        const { given, view } = make(size);
        const around = new Uint8Array(view.buffer, 0, view.byteOffset).slice();
        const expected = pattern(view)
          .slice()
          .map((byte) => byte ^ 0x5a);
        await lib.ot_xor_bytes(given, size, 0x5a);
        expect(Buffer.compare(view, expected), `${size} bytes`).to.equal(0);
        expect(new Uint8Array(view.buffer, 0, view.byteOffset)).to.deep.equal(around);
        lib.ot_xor_bytes.blocking(given, size, 0x5a);
        expect(fnv(view), `${size} bytes, blocking`).to.equal(fnv(pattern(view)));
      }
    });

    it(`takes no bytes at all of ${kind}`, async () => {
      const { given } = make(0);
      expect(await lib.ot_buffer_is_null(given), 'an address all the same').to.equal(0);
      expect(await lib.ot_checksum(given, 0)).to.equal(FNV_OF_NOTHING);
      expect(await lib.ot_sum_bytes(given, 0n)).to.equal(0n);
      await lib.ot_reverse_bytes(given, 0);
    });
  }

  it('keeps what the caller holds unchanged when the parameter is not inout', async () => {
    for (const size of SIZES) {
      const bytes = new Uint8Array(size);
      await lib.ot_fill_bytes(bytes, size, 9);
      expect(
        bytes.every((byte) => byte === 0),
        `${size} bytes`,
      ).to.equal(true);
    }
  });

  it('takes the bytes as they were when the call was made', async () => {
    for (const size of [100, 131_072]) {
      const bytes = pattern(new Uint8Array(size));
      const expected = fnv(bytes);
      const call = lib.ot_checksum(bytes, size);
      bytes.fill(0);
      expect(await call, `${size} bytes`).to.equal(expected);
    }
  });

  it('passes shared memory live, both ways, while the call runs', async () => {
    const gate = new Gate();
    const call = gate.hold(lab.lib);
    await gate.inside();
    expect(Atomics.load(gate.entered, 0), 'native code wrote to it').to.equal(1);
    expect(call.state).to.equal('running');
    gate.open();
    expect(await call, 'native code saw what this thread wrote').to.be.at.least(0);
  });

  it('lets several calls share one piece of memory', async () => {
    const bytes = shared(1_000);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        lib.ot_fill_bytes(bytes.subarray(i * 100, i * 100 + 100), 100, i + 1),
      ),
    );
    for (let i = 0; i < 10; i++) expect(bytes[i * 100 + 99]).to.equal(i + 1);
    await until(() => bytes[0] === 1, 'the first hundred');
  });

  it('takes two buffers at once, of different kinds', async () => {
    for (const size of [100, 5_120, 131_072]) {
      const source = pattern(shared(size));
      const target = new Uint8Array(size);
      expect(await lib.ot_copy_bytes(target, source, size)).to.equal(size);
      expect(Buffer.compare(target, source)).to.equal(0);
    }
  });

  it('keeps 800 calls of 3 KB each apart, more than a ring has room for', async () => {
    const all = Array.from({ length: 800 }, (_, i) => new Uint8Array(3_000).fill(i & 255));
    const sums = await Promise.all(all.map((bytes) => lib.ot_sum_bytes(bytes, 3_000n)));
    expect(sums).to.deep.equal(all.map((_, i) => BigInt((i & 255) * 3_000)));
    await Promise.all(all.map((bytes, i) => lib.ot_xor_bytes(bytes, 3_000, (i & 255) ^ 1)));
    expect(all.every((bytes) => bytes[0] === 1 && bytes[2_999] === 1)).to.equal(true);
  });

  it('copies back into a typed array of wider elements', async () => {
    const words = new Uint32Array([0x01020304, 0x05060708]);
    await lib.ot_xor_bytes(words, 8, 0xff);
    expect([...words]).to.deep.equal([0xfefdfcfb, 0xfaf9f8f7]);
  });
});
