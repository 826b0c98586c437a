/** The system libraries of Linux and macOS, and the functions that the demo calls. */
import { type Library, LibraryNotFoundError, type Pool } from 'offthread';

// `{ inout: 'buffer' }` is the value of `inout('buffer')`, written out: isolated declarations do not allow calls.
const zlib = {
  zlibVersion: { arguments: [], return: 'cstring' },
  crc32: { arguments: ['u64', 'buffer', 'u32'], return: 'u64' },
  compressBound: { arguments: ['u64'], return: 'u64' },
  // int compress2(Bytef *dest, uLongf *destLen, const Bytef *source, uLong sourceLen, int level)
  compress2: {
    arguments: [{ inout: 'buffer' }, { inout: 'u64' }, 'buffer', 'u64', 'i32'],
    return: 'i32',
    fails: 'nonzero',
  },
} as const;

const libc = {
  usleep: { arguments: ['u32'], return: 'i32' },
  socketpair: {
    arguments: ['i32', 'i32', 'i32', { inout: 'buffer' }],
    return: 'i32',
    fails: 'nonzero',
    errno: true,
  },
  // shutdown(socket, 0) stops a recv. The 0 is SHUT_RD, taken from the flags of recv.
  recv: {
    arguments: ['i32', { inout: 'buffer' }, 'u64', 'i32'],
    return: 'i64',
    fails: 'negative',
    errno: true,
    onCancel: { symbol: 'shutdown', arguments: [0, 3] },
  },
  closeFile: { symbol: 'close', arguments: ['i32'], return: 'i32' },
} as const;

export type Zlib = Library<typeof zlib>;
export type Libc = Library<typeof libc>;

const NAMES: Readonly<Record<'zlib' | 'libc', Readonly<Record<string, readonly string[]>>>> = {
  zlib: { linux: ['libz.so.1'], darwin: ['libz.1.dylib', '/usr/lib/libz.1.dylib'] },
  libc: {
    linux: ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'],
    darwin: ['libSystem.B.dylib', '/usr/lib/libSystem.B.dylib'],
  },
};

/** Opens the first library of a list that exists. @throws (rejects) LibraryNotFoundError of the first. */
async function openFirst<L>(names: readonly string[], open: (name: string) => Promise<L>): Promise<L> {
  let missing: unknown = new LibraryNotFoundError(`The demo knows no library for ${process.platform}.`);
  for (const [index, name] of names.entries()) {
    try {
      return await open(name);
    } catch (error) {
      if (!(error instanceof LibraryNotFoundError)) throw error;
      if (index === 0) missing = error;
    }
  }
  throw missing;
}

/** zlib. @throws (rejects) LibraryNotFoundError that says which package has it. */
export async function openZlib(
  pool: Pool,
  names: readonly string[] = NAMES.zlib[process.platform] ?? [],
): Promise<Zlib> {
  try {
    return await openFirst(names, (name) => pool.open(name, zlib));
  } catch (cause) {
    if (!(cause instanceof LibraryNotFoundError)) throw cause;
    throw new LibraryNotFoundError(
      'The demo needs zlib, which is not installed on this system. Debian and Ubuntu: apt-get install zlib1g. ' +
        'Alpine: apk add zlib. Fedora: dnf install zlib. macOS includes it.',
      { cause },
    );
  }
}

/** The C library. */
export function openLibc(pool: Pool): Promise<Libc> {
  return openFirst(NAMES.libc[process.platform] ?? [], (name) => pool.open(name, libc));
}
