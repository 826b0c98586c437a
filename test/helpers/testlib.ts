/** The compiled native/testlib: its path, for whoever opens it. `npm test` builds it first. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';

export const testlib: string = fileURLToPath(
  new URL(`../../../build/native/libofftest.${suffix}`, import.meta.url),
);

if (!existsSync(testlib)) {
  throw new Error('the native test library is not built: run node scripts/build-native.mjs');
}
