/**
 * Posts a message for each chunk that native code hands to a callback, then the
 * number that native code returned.
 *
 * The bytes are the callback's only until it returns, so they are copied; of
 * what koffi offers for that (`view`, `decode`, a call of memcpy with a buffer
 * or with an address), memcpy by address is the fastest.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { load, pointer, proto, register, unregister } from 'koffi';
import type { ChunkPost, ChunkWorkerData } from '../callbacks/streamers.js';

type OnChunk = (index: number, bytes: number, size: number) => number;

const port = parentPort;
if (port === null) throw new Error('this is a worker');
const { library, taken } = workerData as ChunkWorkerData;
const testlib = load(library);
const onChunk = pointer(proto('int BenchmarkChunk(int index, uintptr_t bytes, uint32_t size)'));
const streamChunks = testlib.func('ot_stream_chunks', 'int', [onChunk, 'int', 'int']);
// From the same handle: the loader finds it in libc, which the library is linked with.
const copyInto = testlib.func('memcpy', 'void', ['void *', 'uintptr_t', 'size_t']) as (
  target: ArrayBuffer,
  from: number,
  bytes: number,
) => void;

function transfer(size: number, make: (size: number) => ArrayBuffer): OnChunk {
  return (_index, bytes) => {
    const copy = make(size);
    copyInto(copy, bytes, size);
    port?.postMessage(copy, [copy]);
    return 0;
  };
}

function clone(size: number): OnChunk {
  const scratch = new ArrayBuffer(size);
  return (_index, bytes) => {
    copyInto(scratch, bytes, size);
    port?.postMessage(scratch);
    return 0;
  };
}

/** The same, and waits while `window` chunks are on their way. */
function bounded(post: OnChunk, window: number): OnChunk {
  return (index, bytes, size) => {
    for (let seen = Atomics.load(taken, 0); index - seen >= window; seen = Atomics.load(taken, 0)) {
      Atomics.wait(taken, 0, seen);
    }
    return post(index, bytes, size);
  };
}

const WAYS: Readonly<Record<ChunkPost['how'], (size: number) => OnChunk>> = {
  transfer: (size) => transfer(size, (bytes) => new ArrayBuffer(bytes)),
  'transfer unzeroed': (size) => transfer(size, (bytes) => Buffer.allocUnsafeSlow(bytes).buffer),
  clone,
};

port.on('message', ({ count, size, how, window }: ChunkPost) => {
  const post = WAYS[how](size);
  const callback = register(window === 0 ? post : bounded(post, window), onChunk);
  const accepted = streamChunks(callback, count, size) as number;
  unregister(callback);
  port.postMessage(accepted);
});
