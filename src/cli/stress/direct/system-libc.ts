/** The C library, and what the checks need of it. */
import { type Library, LibraryNotFoundError, type Pool } from 'offthread';

const functions = {
  malloc: { arguments: ['u64'], return: 'pointer' },
  fill: { symbol: 'memmove', arguments: ['pointer', 'buffer', 'u64'], return: 'pointer' },
  move: { symbol: 'memmove', arguments: ['pointer', 'pointer', 'u64'], return: 'pointer' },
  own: { symbol: 'memmove', arguments: ['buffer', 'buffer', 'u64'], return: 'pointer' },
  exit: { symbol: '_exit', arguments: ['i32'], return: 'void' },
  /** Does nothing with a small number, as far as memory goes. */
  idle: { symbol: 'abs', arguments: ['i32'], return: 'i32' },
} as const;

export type Libc = Library<typeof functions>;

const NAMES: Readonly<Record<string, readonly string[]>> = {
  linux: ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'],
  darwin: ['libSystem.B.dylib', '/usr/lib/libSystem.B.dylib'],
};

/** The C library by which name the system has it. @throws (rejects) LibraryNotFoundError */
export async function openSystemLibc(pool: Pool): Promise<Libc> {
  let missing: unknown = new LibraryNotFoundError(`The C library of ${process.platform} is not known.`);
  for (const name of NAMES[process.platform] ?? []) {
    try {
      return await pool.open(name, functions);
    } catch (error) {
      if (!(error instanceof LibraryNotFoundError)) throw error;
      missing = error;
    }
  }
  throw missing;
}
