/**
 * Brings a clone up to date, and does nothing when it is: npm dependencies, the
 * compiled TypeScript, the native test library, the system libraries of the tests.
 *
 *   node scripts/ensure.mjs [dependencies] [build] [native] [libraries]     or mapped-build: with source maps
 */
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ensureNative } from './build-native.mjs';
import {
  fail,
  filesBelow,
  fingerprint,
  inRoot,
  npmCommand,
  readJson,
  readStamp,
  runQuietly,
  say,
  writeStamp,
} from './tools.mjs';

/** Asked at most once: the report costs more than everything else here. */
let cLibrary;
function usesCLibrary(names) {
  process.report.excludeNetwork = true;
  cLibrary ??= process.report.getReport().header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
  return names.includes(cLibrary);
}

/** Whether a package of the lock file is meant for this machine. */
function fits({ os, cpu, libc }) {
  return (
    (os === undefined || os.includes(process.platform)) &&
    (cpu === undefined || cpu.includes(process.arch)) &&
    (libc === undefined || usesCLibrary(libc))
  );
}

/** Why node_modules is not what package-lock.json asks for; undefined when it is. npm writes the inner lock file last. */
function dependencyGap() {
  const wanted = readJson('package-lock.json');
  if (wanted === undefined) fail('package-lock.json is missing: restore it from the repository.');
  const present = readJson('node_modules/.package-lock.json');
  if (present === undefined) return 'first run';
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (path === '' || present.packages[path]?.version === entry.version) continue;
    if (present.packages[path] !== undefined) return `${path} changed`;
    // Optional packages without a platform are left out by npm for reasons of its own.
    const required = entry.optional ? entry.os !== undefined && fits(entry) : !entry.peer;
    if (required) return `${path} is missing`;
  }
  return undefined;
}

export function ensureDependencies() {
  const gap = dependencyGap();
  if (gap === undefined) return;
  say(`installing npm dependencies (${gap})`);
  const npm = npmCommand();
  // No install scripts: every native dependency brings its binary as a package, so no compiler is needed here.
  const flags = [
    '--ignore-scripts',
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  runQuietly('npm ci', npm.command, [...npm.prefix, 'ci', ...flags], {
    hint: 'npm ci needs the registry once; after that everything runs offline.',
  });
}

const compiledFolders = ['src', 'workers', 'types', 'test', 'benchmarks', 'examples'];

/** Removes files from dist/ whose source was deleted: a deleted test must not run any more. */
function removeOrphans() {
  for (const file of filesBelow('dist', (name) => name.endsWith('.js'))) {
    if (file.startsWith('dist/package/')) continue;
    const stem = file.slice('dist/'.length, -'.js'.length);
    if (existsSync(inRoot(`${stem}.ts`))) continue;
    for (const extension of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
      rmSync(inRoot(`dist/${stem}${extension}`), { force: true });
  }
}

/** @param maps whether the package has source maps, and names as in the source. */
function ensureBuild(maps) {
  const sources = compiledFolders.flatMap((folder) => filesBelow(folder, (name) => name.endsWith('.ts')));
  const compiler = readJson('node_modules/typescript/package.json')?.version;
  const bundling = filesBelow('scripts/bundle', (name) => name.endsWith('.mjs'));
  const own = ['tsconfig.json', 'package.json', ...bundling];
  const print = fingerprint([...sources, ...own], compiler, maps);
  if (readStamp('dist/.stamp') === print) return;
  say('compiling TypeScript');
  writeStamp('dist/.stamp', ''); // a failed build must not be taken for a finished one
  removeOrphans();
  runQuietly('tsc', process.execPath, [inRoot('node_modules/typescript/bin/tsc'), '--pretty', 'false']);
  // In a process of its own: in a fresh clone its dependencies are installed after this module was loaded.
  runQuietly('bundling', process.execPath, [
    inRoot('scripts/bundle/package.mjs'),
    ...(maps ? ['--maps'] : []),
  ]);
  writeStamp('dist/.stamp', print);
}

/** System libraries that the tests open, and the package of each. */
const systemLibraries = {
  linux: { 'libz.so.1': 'zlib1g', 'libsqlite3.so.0': 'libsqlite3-0' },
  darwin: { 'libz.dylib': 'macOS itself', 'libsqlite3.dylib': 'macOS itself' },
};

/** Asks the loader: it either finds the library and reports that it is not a Node.js add-on, or reports that there is no such library. */
function isInstalled(library) {
  try {
    process.dlopen({ exports: {} }, library);
    return true;
  } catch (error) {
    return /self-register/.test(error.message);
  }
}

export function ensureLibraries() {
  const missing = Object.entries(systemLibraries[process.platform] ?? {}).filter(
    ([library]) => !isInstalled(library),
  );
  if (missing.length === 0) return;
  const names = missing.map(([library, from]) => `${library} (package ${from})`).join(', ');
  const install = `apt-get install ${missing.map(([, from]) => from).join(' ')}`;
  fail(
    `missing system libraries: ${names}.${process.platform === 'linux' ? ` On Debian and Ubuntu: ${install}` : ''}`,
  );
}

export const steps = {
  dependencies: ensureDependencies,
  build: () => ensureBuild(false),
  'mapped-build': () => ensureBuild(true),
  native: ensureNative,
  libraries: ensureLibraries,
};

export function ensure(names = Object.keys(steps)) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`Node.js 20.19 or later is needed; this is ${process.version}.`);
  for (const name of names) {
    const step = steps[name];
    if (step === undefined) fail(`unknown step ${name}; known steps: ${Object.keys(steps).join(', ')}.`);
    step();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2);
  ensure(names.length > 0 ? names : undefined);
}
