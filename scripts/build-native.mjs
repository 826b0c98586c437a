/**
 * Compiles the native libraries of the tests, those whose sources changed, into build/native:
 * native/testlib becomes libofftest.{so,dylib}, native/faultlib libofffault, native/verdictlib libverdict.
 *
 *   node scripts/build-native.mjs        CC chooses the compiler
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { filesBelow, fingerprint, inRoot, readStamp, runQuietly, say, writeStamp } from './tools.mjs';

const suffix = process.platform === 'darwin' ? 'dylib' : 'so';

/** Folders below native, and the names of what they become. */
const libraries = { testlib: 'libofftest', faultlib: 'libofffault', verdictlib: 'libverdict' };

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

/** Every folder sees the headers of all. */
function ensureLibrary(folder, name) {
  const compiler = process.env.CC || 'cc';
  const library = `build/native/${name}.${suffix}`;
  const stamp = `build/native/.${name}.stamp`;
  const headers = filesBelow('native', (file) => file.endsWith('.h'));
  const sources = filesBelow(`native/${folder}`, (file) => file.endsWith('.c'));
  const print = fingerprint(
    [...headers, ...sources],
    compiler,
    flags.join(' '),
    process.platform,
    process.arch,
  );
  if (existsSync(inRoot(library)) && readStamp(stamp) === print) return;
  say(`compiling native/${folder}`);
  mkdirSync(inRoot('build/native'), { recursive: true });
  // Compiled beside and moved into place: a process that has the old library mapped keeps it whole.
  const fresh = `${library}.${process.pid}`;
  const { stderr } = runQuietly(compiler, compiler, [...flags, '-o', fresh, ...sources], {
    hint: compilerPackage,
  });
  process.stderr.write(stderr); // warnings
  renameSync(inRoot(fresh), inRoot(library));
  writeStamp(stamp, print);
}

export function ensureNative() {
  for (const [folder, name] of Object.entries(libraries)) ensureLibrary(folder, name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureNative();
