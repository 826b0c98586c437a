/** M34: a real library, libz, gives what node:zlib gives: on every engine, for bytes of every size. */
import { crc32 as nodeCrc32, deflateSync, inflateSync } from 'node:zlib';
import { expect } from 'chai';
import { type Library, NativeError, inout } from 'offthread';
import { onEveryEngine, rejection, sharedLab } from '../helpers/contract.js';

const LIBZ = process.platform === 'darwin' ? 'libz.dylib' : 'libz.so.1';
const ZLIB = {
  zlibVersion: { arguments: [], return: 'cstring' },
  crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' },
  adler32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' },
  compressBound: { arguments: ['u64'], return: 'u64' },
  compress2: {
    arguments: [inout('buffer'), inout('u64'), 'buffer', 'u64', 'i32'],
    return: 'i32',
    fails: 'nonzero',
  },
  uncompress: {
    arguments: [inout('buffer'), inout('u64'), 'buffer', 'u64'],
    return: 'i32',
    fails: 'nonzero',
  },
} as const;

const SIZES = [0, 1, 100, 5_120, 200_000, 1_048_576];

/** Bytes that compress somewhat. */
function text(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => 97 + ((i * i) % 23));
}

/** Adler-32 as its definition has it. */
function adler32(bytes: Uint8Array): bigint {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return BigInt(b * 65_536 + a);
}

/** CRC-32, bit by bit: Node 20.19 may be without its own. */
function crc32(bytes: Uint8Array): bigint {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return BigInt((crc ^ 0xffffffff) >>> 0);
}

onEveryEngine('libz (M34)', (engine) => {
  const lab = sharedLab(engine, { lanes: 2 });
  let z: Library<typeof ZLIB>;
  before(async () => {
    z = await lab.pool.open(LIBZ, ZLIB, { engine });
  });

  it('tells its version', async () => {
    expect(await z.zlibVersion()).to.match(/^1\.\d+/);
  });

  it('computes checksums', async () => {
    for (const size of SIZES) {
      const bytes = text(size);
      expect(await z.crc32(0n, bytes, size), `crc32 of ${size} bytes`).to.equal(crc32(bytes));
      expect(await z.adler32(1n, bytes, size), `adler32 of ${size} bytes`).to.equal(adler32(bytes));
    }
    if (typeof nodeCrc32 === 'function') {
      expect(z.crc32.blocking(0n, text(5_000), 5_000)).to.equal(BigInt(nodeCrc32(text(5_000))));
    }
  });

  it("compresses to node:zlib's own bytes, and node:zlib reads them", async () => {
    for (const size of SIZES) {
      const source = text(size);
      const target = new Uint8Array(Number(await z.compressBound(BigInt(size))));
      const [status, length] = await z.compress2(target, BigInt(target.length), source, BigInt(size), 9);
      expect(status).to.equal(0);
      const packed = target.subarray(0, Number(length));
      expect(Buffer.compare(inflateSync(packed), source), `${size} bytes`).to.equal(0);
    }
  });

  it('reads what node:zlib wrote, into shared memory too', async () => {
    const source = text(200_000);
    const packed = deflateSync(source);
    for (const target of [new Uint8Array(200_000), new Uint8Array(new SharedArrayBuffer(200_000))]) {
      const [, length] = await z.uncompress(target, 200_000n, packed, BigInt(packed.length));
      expect(length).to.equal(200_000n);
      expect(Buffer.compare(target, source)).to.equal(0);
    }
  });

  it('reports failure with the code that libz returned', async () => {
    const small = z.compress2(new Uint8Array(4), 4n, text(5_000), 5_000n, 9);
    expect((await rejection(small, NativeError)).returned, 'Z_BUF_ERROR').to.equal(-5);
    const garbage = z.uncompress(new Uint8Array(100), 100n, text(50), 50n);
    expect((await rejection(garbage, NativeError)).returned, 'Z_DATA_ERROR').to.equal(-3);
  });

  it('compresses 60 pieces at once, each to its own result', async () => {
    const pieces = Array.from({ length: 60 }, (_, i) => text(10_000 + i * 7));
    const packed = await Promise.all(
      pieces.map(async (piece) => {
        const target = new Uint8Array(20_000);
        const [, length] = await z.compress2(target, 20_000n, piece, BigInt(piece.length), 6);
        return target.subarray(0, Number(length));
      }),
    );
    packed.forEach((bytes, i) => {
      expect(Buffer.compare(inflateSync(bytes), pieces[i] as Uint8Array)).to.equal(0);
    });
  });
});
