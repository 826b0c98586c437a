/**
 * The host's code in two files. What a pool needs until its first lane is started is in the first one; the second one is
 * loaded at the first use of something in it, synchronously, while that lane starts.
 *
 * The modules in LATE are the doors: the first file has in their place functions of the same names, which load the
 * second file and call the real ones. What only they import is in the second file, too. What both need is in the first
 * one, and the second one takes it from there: there is one instance of each module.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { build } from 'esbuild';
import { fail, inRoot, root } from '../tools.mjs';

/** Each exports functions only, apart from types; none of them is called often. */
const LATE = [
  'src/calls/admission/refusals.ts',
  'src/calls/columns/map-columns.ts',
  'src/calls/combinators/parallel.ts',
  'src/calls/combinators/race.ts',
  'src/calls/combinators/retry.ts',
  'src/calls/library/make-library.ts',
  'src/calls/library/opening.ts',
  'src/calls/map/map.ts',
  'src/declare/compile/describe.ts',
  'src/declare/values/explain.ts',
  'src/engines/load-engine.ts',
  'src/engines/loading/describe-library.ts',
  'src/engines/loading/library-error.ts',
  'src/engines/loading/load-library.ts',
  'src/engines/system/system-calls.ts',
  'src/lanes/process/process-kind.ts',
  'src/lanes/rows/argument-digest.ts',
  'src/lanes/thread/thread-death.ts',
  'src/lane-activity.ts',
  'src/pool-stats.ts',
  'src/supervisor/lifecycle/crash-error.ts',
  'src/supervisor/lifecycle/probe-open.ts',
  'src/supervisor/lifecycle/start-advice.ts',
  'src/supervisor/lifecycle/unavailable.ts',
];

/** The module that has all others of the first file, and loads the second one. */
const LOADER = 'offthread:late';
/** How the second file names those of the first one. */
const CORE = 'offthread-core:';
const LATE_FILE = 'offthread-late.cjs';

const nameOf = (path) => relative(root, path).split(sep).join('/');

function functionsOf(file) {
  const text = readFileSync(inRoot(file), 'utf8');
  const names = [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);
  if (names.length === 0) fail(`scripts/bundle/late-file.mjs: ${file} exports no function`);
  return [...new Set(names)];
}

/** What the first file has in place of a door. */
function stub(file) {
  const door = LATE.indexOf(file);
  const lines = functionsOf(file).map(
    (name) => `export function ${name}(...given) { return late().door${door}.${name}(...given); }`,
  );
  return `import { late } from '${LOADER}';\n${lines.join('\n')}\n`;
}

/** @param shared modules of the first file that the second one needs. */
function loader(shared) {
  const imports = shared.map(
    (file, index) => `import * as core${index} from ${JSON.stringify(inRoot(file))};`,
  );
  const list = shared.map((file, index) => `${JSON.stringify(file)}: core${index}`);
  return `
    ${imports.join('\n')}
    let code;
    const load = () => process.getBuiltinModule('node:module').createRequire(import.meta.url)('./${LATE_FILE}');
    const fill = (made) => made({ ${list.join(', ')} });
    /** What the second file exports. */
    export const late = () => (code ??= fill(load()));
    /** A bundle has the second file in it. */
    export const provideLate = (made) => { code ??= fill(made); };`;
}

const firstFile = (shared) => ({
  name: 'first-file',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^offthread:late$/ }, () => ({ path: LOADER, namespace: 'offthread' }));
    onLoad({ filter: /.*/, namespace: 'offthread' }, () => ({
      contents: loader(shared),
      loader: 'js',
      resolveDir: root,
    }));
    onLoad({ filter: /\.ts$/ }, ({ path }) =>
      LATE.includes(nameOf(path))
        ? { contents: stub(nameOf(path)), loader: 'js', resolveDir: root }
        : undefined,
    );
  },
});

const secondFile = (first, shared) => ({
  name: 'second-file',
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...where }) => {
      if (pluginData === CORE) return undefined;
      const { path: file, errors } = await find(path, { ...where, pluginData: CORE });
      const name = nameOf(file);
      if (errors.length > 0 || LATE.includes(name) || !first.has(name)) return { errors, path: file };
      shared.add(name);
      return { path: `${CORE}${name}`, external: true };
    });
  },
});

/** Turns an ES module into a function of the first file's modules. Lines stay where they are, for the source map. */
function asFunction(text) {
  const names = (list) => list.replace(/\s+as\s+/g, ':');
  // A long line may be broken anywhere, also in a text.
  const source = (all, quoted) => {
    const module = quoted.replaceAll('\\\n', '');
    const lines = '\n'.repeat(all.split('\n').length - 1);
    if (!/^(?:node|offthread-core):/.test(module))
      fail(`scripts/bundle/late-file.mjs: unknown import ${module}`);
    return module.startsWith(CORE)
      ? `core[${JSON.stringify(module.slice(CORE.length))}];${lines}`
      : `process.getBuiltinModule(${JSON.stringify(module)});${lines}`;
  };
  const body = text
    .replace(
      /(?<=^|[;}])import\s*\{([^}]*)\}\s*from\s*"([^"]+)";/gm,
      (all, list, module) => `const{${names(list.replaceAll('\n', ''))}}=${source(all, module)}`,
    )
    .replace(
      /(?<=^|[;}])import\s*\*\s*as\s+(\w+)\s+from\s*"([^"]+)";/gm,
      (all, name, module) => `const ${name}=${source(all, module)}`,
    )
    .replace(/(?<=^|[;}])export\s*\{([^}]*)\};/m, (_, list) => {
      const pairs = list.split(',').map((one) => one.trim().split(/\s+as\s+/));
      return `return{${pairs.map(([local, name = local]) => `${name}:${local}`).join(',')}}});`;
    });
  if (/(?:^|[;}])(?:import|export)\b/m.test(body) || body.includes(CORE))
    fail('scripts/bundle/late-file.mjs: an import or export in an unknown form');
  // In parentheses, V8 compiles it at once, and not twice.
  return `module.exports=(core=>{${body}`;
}

/** @returns the metafiles of both. */
export async function hostAndLate(common, folder) {
  const entry = (contents) => ({ stdin: { contents, resolveDir: root, loader: 'js' } });
  const host = (shared, more) =>
    build({
      ...common,
      ...entry(`export * from './src/index.ts'; export { provideLate } from '${LOADER}';`),
      format: 'esm',
      outfile: `${folder}/index.js`,
      plugins: [firstFile(shared), ...common.plugins],
      ...more,
    });
  const first = await host([], { write: false });
  const shared = new Set();
  const late = await build({
    ...common,
    ...entry(LATE.map((file, door) => `export * as door${door} from './${file}';`).join('\n')),
    format: 'esm',
    outfile: `${folder}/${LATE_FILE}`,
    plugins: [secondFile(new Set(Object.keys(first.metafile.inputs)), shared), ...common.plugins],
  });
  const second = await host([...shared].sort((one, other) => (one < other ? -1 : 1)));
  writeFileSync(inRoot(folder, LATE_FILE), asFunction(readFileSync(inRoot(folder, LATE_FILE), 'utf8')));
  const list = publicNames(second.metafile, folder);
  writeFileSync(
    inRoot(folder, 'bundled.js'),
    `import { provideLate } from './index.js';\nimport late from './${LATE_FILE}';\nprovideLate(late);\nexport { ${list.join(', ')} } from './index.js';\n`,
  );
  return [second.metafile, late.metafile];
}

const publicNames = ({ outputs }, folder) =>
  outputs[`${folder}/index.js`].exports
    .filter((name) => name !== 'provideLate')
    .sort((one, other) => (one < other ? -1 : 1));
