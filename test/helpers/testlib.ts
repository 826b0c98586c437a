/** The compiled native/testlib: its path, for whoever opens it. `npm test` builds it first. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';

/** The project's folder, wherever below it these compiled tests lie. */
export function packageRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, 'package.json'))) at = dirname(at);
  return at;
}

export const testlib: string = join(packageRoot(), `build/native/libofftest.${suffix}`);

if (!existsSync(testlib)) {
  throw new Error('the native test library is not built: run node scripts/build-native.mjs');
}
