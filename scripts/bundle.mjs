/**
 * Builds what is published, in dist/package: the host's code, the file that lanes run, the demo, and the types.
 *
 * piscina and comlink are part of these files, since loading them file by file takes longer than all of offthread does.
 * Whitespace is minified, names are not: stack traces name the functions of the source, and a source map leads to it.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { build } from 'esbuild';
import { rollTypes } from './bundle-types.mjs';
import { linesOnly } from './line-map.mjs';
import { fail, filesBelow, inRoot, readJson, root } from './tools.mjs';

const FOLDER = 'dist/package';
const NAME = 'offthread-lane.cjs';

/** How each file of piscina is changed: every pattern must be there, or this version of piscina is unknown. */
const PISCINA = {
  // A worker runs the file of its tasks, which has piscina's code for workers in it.
  'index.js': [["(0, node_path_1.resolve)(__dirname, 'worker.js')", 'this.options.filename']],
  // Its assertions; `node:assert` takes 2 ms to load.
  'task_queue/array_queue.js': [['require("node:assert")', ASSERT()]],
  'task_queue/fixed_queue.js': [['require("node:assert")', ASSERT()]],
  'worker_pool/base.js': [['require("node:assert")', ASSERT()]],
  'worker_pool/index.js': [['require("node:assert")', ASSERT()]],
};

function ASSERT() {
  return (
    '(() => { const ok = (value) => { if (!value) throw new Error("piscina: an assertion failed"); }; ' +
    'ok.notStrictEqual = (one, other) => ok(one !== other); return ok; })()'
  );
}

const piscina = {
  name: 'piscina',
  setup({ onLoad, onResolve, initialOptions }) {
    const folder = inRoot('node_modules/piscina/dist');
    onResolve({ filter: /^piscina$/ }, () => ({ path: `${folder}/main.js` }));
    onResolve({ filter: /^piscina\/worker$/ }, () => ({ path: `${folder}/worker.js` }));
    onLoad({ filter: /[\\/]piscina[\\/]package\.json$/ }, ({ path }) => ({
      contents: JSON.stringify({ version: JSON.parse(readFileSync(path, 'utf8')).version }),
      loader: 'json',
    }));
    onLoad({ filter: /[\\/]piscina[\\/]dist[\\/].*\.js$/ }, ({ path }) => {
      let contents = readFileSync(path, 'utf8');
      for (const [text, other] of PISCINA[relative(folder, path).replaceAll('\\', '/')] ?? []) {
        if (contents.split(text).length !== 2)
          fail(`scripts/bundle.mjs does not fit this piscina: ${path} lacks ${text}`);
        contents = contents.replace(text, () => other);
      }
      // An ES module has no `require`.
      if (initialOptions.format === 'esm')
        contents = contents.replace(/\brequire\("node:/g, 'process.getBuiltinModule("node:');
      return { contents, loader: 'js' };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  minifyWhitespace: true,
  // Node.js shows the line of an uncaught error.
  lineLimit: 120,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  // For a priority that threads of lanes do not have.
  external: ['@napi-rs/nice'],
  plugins: [piscina],
  metafile: true,
  logLevel: 'warning',
};

/** Licences of the packages that are part of the files. */
function licences(metafiles) {
  const packages = new Set();
  for (const { inputs } of metafiles)
    for (const file of Object.keys(inputs)) {
      const [, name] = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file) ?? [];
      if (name !== undefined) packages.add(name);
    }
  return [...packages]
    .sort((one, other) => (one < other ? -1 : 1))
    .map((name) => {
      const { version, license } = readJson(`node_modules/${name}/package.json`);
      const text = readFileSync(inRoot(`node_modules/${name}/LICENSE`), 'utf8').trim();
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

async function bundlePackage() {
  rmSync(inRoot(FOLDER), { recursive: true, force: true });
  mkdirSync(inRoot(FOLDER), { recursive: true });
  const { version } = readJson('package.json');
  const [host, lane] = await Promise.all([
    build({ ...common, entryPoints: ['src/index.ts'], format: 'esm', outfile: `${FOLDER}/index.js` }),
    build({
      ...common,
      entryPoints: ['workers/lane-entry.ts'],
      format: 'cjs',
      outfile: `${FOLDER}/${NAME}`,
      // `package-home.ts` reads the version.
      banner: { js: `// offthread ${version}` },
      // It asks for either of the two names that a module has for its place.
      logOverride: { 'empty-import-meta': 'silent' },
    }),
    build({
      ...common,
      entryPoints: ['src/cli/demo.ts'],
      format: 'esm',
      outfile: `${FOLDER}/demo.js`,
      external: ['offthread'],
    }),
  ]);
  for (const file of filesBelow(FOLDER, (name) => name.endsWith('.map'))) {
    const map = readJson(file);
    writeFileSync(inRoot(file), JSON.stringify({ ...map, names: [], mappings: linesOnly(map.mappings) }));
  }
  writeFileSync(inRoot(FOLDER, 'LICENSES.txt'), licences([host.metafile, lane.metafile]));
  writeFileSync(inRoot(FOLDER, 'index.d.ts'), rollTypes(inRoot('dist/src/index.d.ts')));
}

await bundlePackage();
