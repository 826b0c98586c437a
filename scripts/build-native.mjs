/**
 * Compiles the native libraries of the tests, those whose sources changed, into build/native:
 * native/testlib becomes libofftest.{so,dylib}, native/faultlib libofffault, native/verdictlib libverdict. Each file of
 * native/addons becomes an add-on of its own, NAME.node, once the tests' packages are installed: they have the headers.
 *
 *   node scripts/build-native.mjs        CC chooses the compiler
 */
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  filesBelow,
  fingerprint,
  inRoot,
  readJson,
  readStamp,
  runQuietly,
  say,
  writeStamp,
} from './tools.mjs';

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

/** Of Node-API: the same for all versions of Node.js. */
const nodeApi = '.cache/packages/node_modules/node-api-headers';
/** Node.js has the functions of Node-API, and exports them to what it loads. */
const addonFlags = [
  `-I${nodeApi}/include`,
  ...(process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : []),
];

/** Compiles sources to one file, where something changed. Every source sees the headers of all. */
function ensureCompiled(sources, library, more = [], ...versions) {
  const compiler = process.env.CC || 'cc';
  const stamp = library.replace(/([^/]+)\.[^.]+$/, '.$1.stamp');
  const headers = filesBelow('native', (file) => file.endsWith('.h'));
  const print = fingerprint(
    [...headers, ...sources],
    compiler,
    [...flags, ...more].join(' '),
    process.platform,
    process.arch,
    ...versions,
  );
  if (existsSync(inRoot(library)) && readStamp(stamp) === print) return;
  say(`compiling ${sources.length === 1 ? sources[0] : dirname(sources[0])}`);
  mkdirSync(inRoot('build/native'), { recursive: true });
  // Compiled beside and moved into place: a process that has the old library mapped keeps it whole.
  const fresh = `${library}.${process.pid}`;
  const { stderr } = runQuietly(compiler, compiler, [...flags, ...more, '-o', fresh, ...sources], {
    hint: compilerPackage,
  });
  process.stderr.write(stderr); // warnings
  renameSync(inRoot(fresh), inRoot(library));
  writeStamp(stamp, print);
}

export function ensureNative() {
  for (const [folder, name] of Object.entries(libraries)) {
    const sources = filesBelow(`native/${folder}`, (file) => file.endsWith('.c'));
    ensureCompiled(sources, `build/native/${name}.${suffix}`);
  }
}

export function ensureAddons() {
  const { version } = readJson(`${nodeApi}/package.json`);
  for (const source of filesBelow('native/addons', (file) => file.endsWith('.c')))
    ensureCompiled([source], `build/native/${basename(source, '.c')}.node`, addonFlags, version);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) ensureNative();
