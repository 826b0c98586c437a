/** A worker that posts a message a chunk as fast as native code hands them out, behind a reader that pauses after each. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { residentMb } from '../../harness/processes/memory.js';
import { workerFile } from '../contestant.js';
import type { ChunkPost, ChunkWorkerData } from './streamers.js';

export interface Flooded {
  /** Chunks read when native code had handed out all of them. */
  readonly readAtEnd: number;
  readonly mostUnread: number;
  readonly mostMb: number;
}

export async function flood(library: string, count: number, size: number, pauseMs: number): Promise<Flooded> {
  const workerData: ChunkWorkerData = { library, taken: new Int32Array(new SharedArrayBuffer(4)) };
  const worker = new Worker(workerFile('chunks'), { workerData });
  await once(worker, 'online');
  const unread: ArrayBuffer[] = [];
  let read = 0;
  let readAtEnd = -1;
  let mostUnread = 0;
  let mostMb = residentMb();
  worker.on('message', (message: ArrayBuffer | number) => {
    if (typeof message === 'number') readAtEnd = read;
    else unread.push(message);
  });
  worker.postMessage({ count, size, how: 'transfer', window: 0 } satisfies ChunkPost);
  while (read < count) {
    mostUnread = Math.max(mostUnread, unread.length);
    if (unread.shift() !== undefined) read += 1;
    if (read % 50 === 0) mostMb = Math.max(mostMb, residentMb());
    await sleep(pauseMs);
  }
  await worker.terminate();
  return { readAtEnd, mostUnread, mostMb };
}
