/** What the examples' libraries are called here. */
const darwin = process.platform === 'darwin';

export const zlib: string = darwin ? 'libz.1.dylib' : 'libz.so.1';
export const sqlite: string = darwin ? '/usr/lib/libsqlite3.dylib' : 'libsqlite3.so.0';
export const libc: string = darwin ? 'libSystem.B.dylib' : 'libc.so.6';
