/** The system libraries of Linux and macOS, and the functions that the demo calls. */
import { type Library, LibraryNotFoundError, type Pool } from 'offthread';
import { namesOf, openFirst } from '../target/system-library.js';

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

/** zlib. @throws (rejects) LibraryNotFoundError that says which package has it. */
export async function openZlib(pool: Pool, names: readonly string[] = namesOf('zlib')): Promise<Zlib> {
  try {
    return await openFirst(pool, names, zlib);
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
  return openFirst(pool, namesOf('libc'), libc);
}
