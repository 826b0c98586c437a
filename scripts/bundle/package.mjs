/**
 * Builds what is published, in dist/package:
 *
 *   index.js             the host's code, without what is loaded later
 *   offthread-NAME.cjs   the rest of the host's code, by need (`doors.mjs`): loaded at the first use of something in it
 *   bundled.js           for bundlers, which must see all of it: they take it by its condition in package.json
 *   offthread-lane.cjs   what lanes run
 *   lane.js              what modules import in lanes (`offthread/lane`)
 *   cli/                 the command line: one file, and one for each verb, loaded when it is asked for
 *   index.d.ts, LICENSES.txt
 *
 * piscina and comlink are part of these files, since loading them file by file takes longer than all of offthread does.
 * Code is minified, except for the names of functions and classes, which stack traces have (`shorten.mjs`).
 *
 *   node scripts/bundle/package.mjs [--maps]    --maps: with source maps, and names as in the source, for coverage
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { hdrHistogram } from './hdr-histogram.mjs';
import { piscina } from './piscina.mjs';
import { hostFiles } from './host-files.mjs';
import { rollTypes } from './types.mjs';
import { shorten, shortest } from './shorten.mjs';
import { filesBelow, inRoot, readJson, root } from '../tools.mjs';

const FOLDER = 'dist/package';
const withMaps = process.argv.includes('--maps');

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: withMaps,
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

rmSync(inRoot(FOLDER), { recursive: true, force: true });
mkdirSync(inRoot(FOLDER), { recursive: true });
const { version } = readJson('package.json');
const [host, lane, cli] = await Promise.all([
  hostFiles(common, FOLDER, !withMaps),
  build({
    ...common,
    entryPoints: ['workers/lane-entry.ts'],
    format: 'cjs',
    outfile: `${FOLDER}/offthread-lane.cjs`,
    // `package-home.ts` reads the version.
    banner: { js: `// offthread ${version}` },
    // It asks for either of the two names that a module has for its place.
    logOverride: { 'empty-import-meta': 'silent' },
  }),
  build({
    ...common,
    // Besides the command: programs that the doctor and the stress test start, and `offthread/progress`.
    entryPoints: {
      offthread: 'src/cli/offthread.ts',
      'load-probe': 'src/cli/doctor/probe/load-probe.ts',
      'module-probe': 'src/cli/doctor/probe/module-probe.ts',
      'race-host': 'src/cli/stress/safety/race-host.ts',
      progress: 'src/cli/board/progress-board.ts',
    },
    entryNames: '[name]',
    format: 'esm',
    splitting: true,
    outdir: `${FOLDER}/cli`,
    chunkNames: '[name]-[hash]',
    external: ['offthread'],
    plugins: [hdrHistogram],
    // Commander is CommonJS, and takes built-in modules by `require`.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
  }),
]);
await build({
  ...common,
  entryPoints: { lane: 'src/lane/this-lane.ts' },
  format: 'esm',
  outdir: FOLDER,
  sourcemap: false,
});
/** The script and the styles of a report page, which are written into each page. */
await build({
  ...common,
  entryPoints: { 'report-page': 'src/cli/report/page/page.ts' },
  platform: 'browser',
  target: 'es2022',
  format: 'iife',
  minify: true,
  sourcemap: false,
  outdir: `${FOLDER}/cli`,
});
const styles = ['node_modules/uplot/dist/uPlot.min.css', 'src/cli/report/page/page.css'];
writeFileSync(
  inRoot(FOLDER, 'cli/report-page.css'),
  styles.map((file) => readFileSync(inRoot(file), 'utf8')).join('\n'),
);

const change = (file, by) => writeFileSync(inRoot(file), by(readFileSync(inRoot(file), 'utf8')));
if (!withMaps) {
  change(`${FOLDER}/offthread-lane.cjs`, shorten);
  // Nobody debugs the published command line: its errors are messages.
  for (const file of filesBelow(`${FOLDER}/cli`, (name) => name.endsWith('.js') && name !== 'report-page.js'))
    change(file, shortest);
}
writeFileSync(inRoot(FOLDER, 'LICENSES.txt'), licences([...host, lane.metafile, cli.metafile]));
writeFileSync(inRoot(FOLDER, 'index.d.ts'), rollTypes(inRoot('dist/src/index.d.ts')));
writeFileSync(inRoot(FOLDER, 'lane.d.ts'), rollTypes(inRoot('dist/src/lane/this-lane.d.ts')));
writeFileSync(
  inRoot(FOLDER, 'cli/progress.d.ts'),
  rollTypes(inRoot('dist/src/cli/board/progress-board.d.ts')),
);
