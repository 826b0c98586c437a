/** Who is compared at chunks that native code hands out through a callback. */
import { Worker } from 'node:worker_threads';
import { chunks, createPool } from 'offthread';
import { Tally } from '../../harness/measure/tally.js';
import { workerFile } from '../contestant.js';

export interface Streamer {
  readonly name: string;
  readonly ours: boolean;
  /** Has `ot_stream_chunks` hand out so many chunks of so many bytes; counts and checks every one. */
  readonly stream: (count: number, size: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** How a peer's worker sends a chunk. */
export interface ChunkPost {
  readonly count: number;
  readonly size: number;
  /**
   * Transferred: copied into a fresh buffer, which is given away; unzeroed, as `Buffer.allocUnsafeSlow` makes it. Cloned:
   * copied into one buffer, which is cloned by `postMessage`.
   */
  readonly how: 'transfer' | 'transfer unzeroed' | 'clone';
  /** Chunks not yet counted by {@link ChunkWorkerData.taken} before the worker waits; 0 never waits. */
  readonly window: number;
}

export interface ChunkWorkerData {
  readonly library: string;
  /** Chunks the host has taken; it notifies at every half window. */
  readonly taken: Int32Array;
}

/** offthread twice: read by `for await`, and handled by `onChunk`. Everything as it comes. */
export async function offthreadStreamers(
  library: string,
  isolation: 'thread' | 'process' = 'thread',
): Promise<Streamer[]> {
  const pool = createPool({ lanes: 1, isolation });
  const name = isolation === 'thread' ? 'offthread' : 'offthread, process lane';
  const { ot_stream_chunks } = await pool.open(
    library,
    {
      ot_stream_chunks: {
        arguments: [
          chunks({ arguments: ['i32', 'pointer', 'u32'], return: 'i32' }, { bytes: [1, 2], stop: 1 }),
          'i32',
          'i32',
        ],
        return: 'i32',
      },
    },
    { engine: 'koffi' },
  );
  const iterated: Streamer = {
    name: `${name}, for await`,
    ours: true,
    stream: async (count, size) => {
      const tally = new Tally();
      const stream = ot_stream_chunks.stream(count, size);
      for await (const chunk of stream) tally.take(chunk);
      tally.check('offthread', count, size, await stream.result);
    },
    close: () => pool.close(),
  };
  const handled: Streamer = {
    name: `${name}, onChunk`,
    ours: true,
    stream: async (count, size) => {
      const tally = new Tally();
      const accepted = await ot_stream_chunks.with({ onChunk: (chunk) => tally.take(chunk) })(count, size);
      tally.check('offthread', count, size, accepted);
    },
    close: async () => {},
  };
  return [iterated, handled];
}

/** A worker of its own that posts a message a chunk. @param window see {@link ChunkPost}. */
export function postMessageStreamer(library: string, how: ChunkPost['how'], window = 0): Streamer {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const workerData: ChunkWorkerData = { library, taken };
  const worker = new Worker(workerFile('chunks'), { workerData });
  const name = `postMessage, ${how}${window === 0 ? '' : `, at most ${window} unread`}`;
  const half = Math.max(1, window / 2);
  return {
    name,
    ours: false,
    stream: async (count, size) => {
      const tally = new Tally();
      taken[0] = 0;
      const accepted = await new Promise<number>((resolve, reject) => {
        worker.removeAllListeners();
        worker.on('error', reject);
        worker.on('message', (message: ArrayBuffer | number) => {
          if (typeof message === 'number') {
            resolve(message);
            return;
          }
          tally.take(new Uint8Array(message));
          if (window === 0) return;
          Atomics.store(taken, 0, tally.count);
          if (tally.count % half === 0) Atomics.notify(taken, 0);
        });
        worker.postMessage({ count, size, how, window } satisfies ChunkPost);
      });
      tally.check(name, count, size, accepted);
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
