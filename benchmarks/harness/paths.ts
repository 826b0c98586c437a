/** Where things are, wherever the compiled benchmarks lie. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function findRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return at;
}

/** The project's folder. */
export const root: string = findRoot();

/** The native test library. `npm run bench` builds it first. */
export const testlib: string = join(
  root,
  'build/native',
  process.platform === 'darwin' ? 'libofftest.dylib' : 'libofftest.so',
);

if (!existsSync(testlib)) {
  throw new Error('the native test library is not built: run node scripts/build-native.mjs');
}
