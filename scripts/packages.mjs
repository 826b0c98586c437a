/**
 * The packages with add-ons that some tests load in lanes, and the add-ons of native/addons. The packages have a
 * package.json and a lock file of their own, in test/packages; they are installed before the first test that needs them.
 *
 *   node scripts/packages.mjs
 */
import { fileURLToPath } from 'node:url';
import { ensureAddons } from './build-native.mjs';
import { ensureFolder } from './tools.mjs';

export function ensurePackages() {
  ensureFolder('test/packages', 'the packages of the tests');
  ensureAddons();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensurePackages();
