/** Libraries of the system that the command line itself uses, under their names on Linux and macOS. */
import { type AnyDeclarations, type Library, LibraryNotFoundError, type Pool } from 'offthread';

const NAMES: Readonly<Record<'zlib' | 'libc', Readonly<Record<string, readonly string[]>>>> = {
  zlib: { linux: ['libz.so.1'], darwin: ['libz.1.dylib', '/usr/lib/libz.1.dylib'] },
  libc: {
    linux: ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1'],
    darwin: ['libSystem.B.dylib', '/usr/lib/libSystem.B.dylib'],
  },
};

/** The names of a library, in the order in which they are tried. */
export function namesOf(library: keyof typeof NAMES): readonly string[] {
  return NAMES[library][process.platform] ?? [];
}

/** Opens the first library of a list that exists. @throws (rejects) LibraryNotFoundError of the first. */
export async function openFirst<const D extends AnyDeclarations>(
  pool: Pool,
  names: readonly string[],
  declarations: D,
): Promise<Library<D>> {
  let missing: unknown = new LibraryNotFoundError(`No library is known for ${process.platform}.`);
  for (const [index, name] of names.entries()) {
    try {
      return (await pool.open(name, declarations as never)) as Library<D>;
    } catch (error) {
      if (!(error instanceof LibraryNotFoundError)) throw error;
      if (index === 0) missing = error;
    }
  }
  throw missing;
}
