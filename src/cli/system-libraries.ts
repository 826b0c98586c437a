/** The libraries that every Linux and macOS has, and what the demo calls in them. */
import { type Library, LibraryNotFoundError, type Pool } from '../index.js';

// `{ inout: 'buffer' }` is what `inout('buffer')` makes, written out: isolated declarations take no calls.
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
  // To stop a recv, shutdown(its socket, 0) is called beside it. The 0 is SHUT_RD: the value of recv's own flags.
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

/** Opens the first of several names that there is. @throws (rejects) LibraryNotFoundError of the first. */
async function openFirst<L>(names: readonly string[], open: (name: string) => Promise<L>): Promise<L> {
  let missing: unknown = new LibraryNotFoundError(
    `offthread knows no library to open on ${process.platform}.`,
  );
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
      'The demo needs zlib, and this system has none. Debian and Ubuntu: apt-get install zlib1g. ' +
        'Alpine: apk add zlib. Fedora: dnf install zlib. macOS has it.',
      { cause },
    );
  }
}

/** The C library. */
export function openLibc(pool: Pool): Promise<Libc> {
  return openFirst(NAMES.libc[process.platform] ?? [], (name) => pool.open(name, libc));
}
