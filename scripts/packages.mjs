/**
 * The packages with add-ons that some tests load in lanes, and the add-ons of native/addons. The packages have a
 * package.json and a lock file of their own, in test/packages; they are installed before the first test that needs them,
 * into .cache/packages, as what looks at all files of the tests is not to see them.
 *
 *   node scripts/packages.mjs
 */
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureAddons } from './build-native.mjs';
import { ensureFolder, inRoot } from './tools.mjs';

export function ensurePackages() {
  mkdirSync(inRoot('.cache/packages'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', '.npmrc'])
    copyFileSync(inRoot('test/packages', file), inRoot('.cache/packages', file));
  ensureFolder('.cache/packages', 'the packages of the tests');
  ensureAddons();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensurePackages();
