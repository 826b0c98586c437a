/** The system's zlib, as the loader finds it. */
export const zlib: string = process.platform === 'darwin' ? 'libz.1.dylib' : 'libz.so.1';
