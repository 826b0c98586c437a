/** Real work for native code: checksums and compression of files with zlib, and the proof that it is right. */
import { inflateSync, crc32 as nodeCrc32 } from 'node:zlib';
import type { SourceFile } from './files.js';
import type { Zlib } from './system-libraries.js';

/** One native call to make. */
export interface Task {
  /** Makes it in a lane. @returns the ms that native code ran. */
  run(): Promise<number>;
  /** Makes it while this thread waits. */
  runBlocking(): void;
  /** Whether what native code left is what node:zlib says. */
  isRight(): boolean;
  /** Forgets what native code left. */
  clear(): void;
}

export const LEVELS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9];
/** Bytes that are compressed at once: what pigz takes, too. */
export const BLOCK_BYTES = 131_072;

/** A checksum of each file. */
export function checksums(zlib: Zlib, files: readonly SourceFile[]): Task[] {
  return files.map((file) => checksum(zlib, file.bytes));
}

/** The files end to end, in blocks, each compressed at each level. */
export function compressions(zlib: Zlib, files: readonly SourceFile[]): Task[] {
  return blocksOf(files).flatMap((block) => {
    const bound = Number(zlib.compressBound.blocking(BigInt(block.length)));
    return LEVELS.map((level) => compression(zlib, block, level, bound));
  });
}

function blocksOf(files: readonly SourceFile[]): Uint8Array[] {
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const whole = new Uint8Array(new SharedArrayBuffer(total));
  let at = 0;
  for (const { bytes } of files) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  const blocks: Uint8Array[] = [];
  for (let start = 0; start < total; start += BLOCK_BYTES)
    blocks.push(whole.subarray(start, start + BLOCK_BYTES));
  return blocks;
}

function checksum(zlib: Zlib, bytes: Uint8Array): Task {
  let found: bigint | undefined;
  return {
    async run() {
      const call = zlib.crc32(0n, bytes, bytes.length);
      found = await call;
      return call.timing.ranMs ?? 0;
    },
    runBlocking() {
      found = zlib.crc32.blocking(0n, bytes, bytes.length);
    },
    isRight: () => found === BigInt(nodeCrc32(bytes)),
    clear() {
      found = undefined;
    },
  };
}

function compression(zlib: Zlib, bytes: Uint8Array, level: number, bound: number): Task {
  // Shared memory: native code writes straight into it, nothing is copied back.
  const room = new Uint8Array(new SharedArrayBuffer(bound));
  const length = BigInt(bytes.length);
  let written = 0;
  return {
    async run() {
      const call = zlib.compress2(room, BigInt(bound), bytes, length, level);
      const [, size] = await call;
      written = Number(size);
      return call.timing.ranMs ?? 0;
    },
    runBlocking() {
      written = Number(zlib.compress2.blocking(room, BigInt(bound), bytes, length, level)[1]);
    },
    isRight() {
      try {
        return inflateSync(room.subarray(0, written)).equals(bytes);
      } catch {
        return false;
      }
    },
    clear() {
      room.fill(0);
      written = 0;
    },
  };
}

/** Runs tasks in lanes, a fixed number at a time. @returns the ms that native code ran in all. */
export async function runInLanes(
  tasks: readonly Task[],
  atOnce: number,
  done: () => void = () => {},
): Promise<number> {
  let next = 0;
  let ranMs = 0;
  const follow = async (): Promise<void> => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      const taskMs = await task.run();
      ranMs += taskMs;
      done();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, follow));
  return ranMs;
}
