/**
 * Compiles native/testlib into build/native/libofftest.{so,dylib}, when its sources changed.
 *
 *   node scripts/build-native.mjs        CC chooses the compiler
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesBelow, fingerprint, inRoot, readStamp, runQuietly, say, writeStamp } from './tools.mjs';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';
const library = `build/native/libofftest.${suffix}`;
const stamp = 'build/native/.stamp';

const flags = [
  '-std=gnu11',
  '-O2',
  '-Wall',
  '-Wextra',
  '-fPIC',
  '-fvisibility=default',
  '-shared',
  '-pthread',
];

const compilerPackage =
  process.platform === 'darwin'
    ? 'A C compiler is needed for the tests: install the Xcode command line tools with xcode-select --install.'
    : 'A C compiler is needed for the tests: on Debian and Ubuntu, apt-get install build-essential.';

export function ensureNative() {
  const compiler = process.env.CC || 'cc';
  const files = filesBelow('native', (name) => /\.[ch]$/.test(name));
  const print = fingerprint(files, compiler, flags.join(' '), process.platform, process.arch);
  if (existsSync(inRoot(library)) && readStamp(stamp) === print) return;
  say('compiling the native test library');
  mkdirSync(inRoot('build/native'), { recursive: true });
  // Compiled beside and moved into place: a process that has the old library mapped keeps it whole.
  const fresh = `${library}.${process.pid}`;
  const sources = files.filter((name) => name.endsWith('.c'));
  const { stderr } = runQuietly(compiler, compiler, [...flags, '-o', fresh, ...sources], {
    hint: compilerPackage,
  });
  process.stderr.write(stderr); // warnings
  renameSync(inRoot(fresh), inRoot(library));
  writeStamp(stamp, print);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureNative();
