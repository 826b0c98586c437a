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

/** A checksum of each file, and each file compressed at each level. */
export function tasksFor(zlib: Zlib, files: readonly SourceFile[]): Task[] {
  return files.flatMap((file) => {
    const bound = Number(zlib.compressBound.blocking(BigInt(file.bytes.length)));
    return [checksum(zlib, file), ...LEVELS.map((level) => compression(zlib, file, level, bound))];
  });
}

function checksum(zlib: Zlib, { bytes }: SourceFile): Task {
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

function compression(zlib: Zlib, { bytes }: SourceFile, level: number, bound: number): Task {
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
  done: (tasks: number) => void = () => {},
): Promise<number> {
  let next = 0;
  let ranMs = 0;
  const follow = async (): Promise<void> => {
    for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
      ranMs += await task.run();
      done(1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, follow));
  return ranMs;
}
