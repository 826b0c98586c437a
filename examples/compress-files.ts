/**
 * Compresses files on all cores, at most a few at a time, in memory that is never copied.
 *
 *   npm run build && node dist/examples/compress-files.js FILE...
 */
import { readFile } from 'node:fs/promises';
import { createPool, inout } from 'offthread';
import { zlib as path } from './system.js';

// A call that finds the queue full waits for room. The files in memory are bounded by the loop below.
const pool = createPool({ whenFull: 'wait' });
const zlib = await pool.open(path, {
  compressBound: { arguments: ['u64'], return: 'u64' },
  compress2: {
    arguments: [inout('buffer'), inout('u64'), 'buffer', 'u64', 'i32'],
    return: 'i32',
    fails: 'nonzero',
  },
});

/** The same bytes, in memory that native code can use as it is. */
function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

async function compress(file: string): Promise<Uint8Array> {
  const source = shared(await readFile(file));
  const length = BigInt(source.length);
  const bound = await zlib.compressBound(length);
  const room = new Uint8Array(new SharedArrayBuffer(Number(bound)));
  const [, size] = await zlib.compress2(room, bound, source, length, 9);
  console.log(`${file}: ${source.length} bytes became ${size}`);
  return room.subarray(0, Number(size));
}

const files = process.argv.slice(2);
const inHand = pool.stats().lanes.total * 2;
let next = 0;
async function worker(): Promise<void> {
  for (let file = files[next++]; file !== undefined; file = files[next++]) await compress(file);
}
await Promise.all(Array.from({ length: inHand }, worker));

const { succeeded, runMs } = pool.stats();
console.log(`${succeeded} calls; zlib worked for ${(runMs.mean * runMs.count).toFixed(0)} ms`);
await pool.close();
