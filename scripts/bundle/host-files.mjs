/**
 * Makes the files of the host's code (see `doors.mjs`): the first one is an ES module, the others are functions of the
 * modules that they need of the files before them. So there is one instance of each module.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { build } from 'esbuild';
import { FIRST_FILE, LATER_FILES } from './doors.mjs';
import { asFunction, bodyOf, withoutBuiltinImports } from './as-function.mjs';
import { shorten } from './shorten.mjs';
import { fail, inRoot, root } from '../tools.mjs';

/** The module of the first file that loads the others. */
const LOADER = 'offthread:loader';
/** How a later file names a module of an earlier one. */
const EARLIER = 'offthread-earlier:';

const nameOf = (path) => relative(root, path).split(sep).join('/');
const sorted = (names) => [...names].sort((one, other) => (one < other ? -1 : 1));

/** The doors, with the number of the file that each leads to; the first file is number 0. */
const doors = new Map(LATER_FILES.flatMap(({ doors }, index) => doors.map((door) => [door, index + 1])));
const fileNames = [FIRST_FILE, ...LATER_FILES.map(({ file }) => file)];

function functionsOf(file) {
  const text = readFileSync(inRoot(file), 'utf8');
  const names = [...text.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name]) => name);
  if (names.length === 0) fail(`scripts/bundle/doors.mjs: ${file} exports no function`);
  return [...new Set(names)];
}

/** What a file before that of a door has in its place. */
function stub(file) {
  const lines = functionsOf(file).map(
    (name) =>
      `export function ${name}(...given) { return later(${doors.get(file)})[${JSON.stringify(file)}].${name}(...given); }`,
  );
  return `import { later } from '${LOADER}';\n${lines.join('\n')}\n`;
}

/** Imports modules, and maps their names to them. */
function imported(files) {
  const imports = files.map(
    (file, index) => `import * as module${index} from ${JSON.stringify(inRoot(file))};`,
  );
  const list = files.map((file, index) => `${JSON.stringify(file)}: module${index}`);
  return { imports: imports.join('\n'), map: `{ ${list.join(', ')} }` };
}

/**
 * @param shared modules of the first file that later ones need.
 * @param needs of each file: the numbers of the files that it takes modules of.
 */
function loader(shared, needs) {
  const { imports, map } = imported(shared);
  return `
    ${imports}
    // A bundle may have no address, and needs none.
    const load = (file) => process.getBuiltinModule('node:module').createRequire(import.meta.url)(file);
    const files = ${JSON.stringify(fileNames)};
    const needs = ${JSON.stringify(needs)};
    const loaded = new Set([0]);
    let modules;
    const add = (made, number) => {
      Object.assign(modules ??= { ...${map}, '${LOADER}': { later } }, made(modules));
      loaded.add(number);
    };
    /** All modules by name, once that file and those that it needs have been loaded. */
    export function later(number) {
      if (!loaded.has(number)) {
        needs[number].forEach(later);
        add(load('./' + files[number]), number);
      }
      return modules;
    }
    /** A bundle has the other files in it. */
    export function provideLater(...all) { if (loaded.size === 1) all.forEach((made, index) => add(made, index + 1)); }`;
}

/**
 * @param number of the file that is made.
 * @param owners the number of the file that has a module, by its name.
 * @param shared gets the names of modules that this file takes of earlier ones; for the first file: those that it gives.
 */
const parts = (number, owners, shared, needs) => ({
  name: 'parts',
  setup({ onLoad, onResolve, resolve: find }) {
    const external = (name) => {
      shared.add(name);
      return { path: `${EARLIER}${name}`, external: true };
    };
    onResolve({ filter: new RegExp(`^${LOADER}$`) }, () =>
      number === 0
        ? { path: LOADER, namespace: 'offthread' }
        : { path: `${EARLIER}${LOADER}`, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'offthread' }, () => ({
      contents: loader(sorted(shared), needs),
      loader: 'js',
      resolveDir: root,
    }));
    onResolve({ filter: /^\./ }, async ({ path, pluginData, ...where }) => {
      if (number === 0 || pluginData === EARLIER) return undefined;
      const { path: file, errors } = await find(path, { ...where, pluginData: EARLIER });
      const name = nameOf(file);
      return errors.length > 0 || (owners.get(name) ?? number) >= number
        ? { errors, path: file }
        : external(name);
    });
    onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const name = nameOf(path);
      return (doors.get(name) ?? 0) > number
        ? { contents: stub(name), loader: 'js', resolveDir: root }
        : undefined;
    });
  },
});

/** Names of the modules that are in a file, without doors to later ones. */
function modulesIn({ outputs }, folder, number) {
  const { inputs } = outputs[`${folder}/${fileNames[number]}`];
  return Object.keys(inputs).filter(
    (name) =>
      /^(?:src|node_modules)\//.test(name) &&
      inputs[name].bytesInOutput > 0 &&
      (doors.get(name) ?? 0) <= number,
  );
}

/**
 * @param short whether names of local variables become short.
 * @returns the metafiles of all.
 */
export async function hostFiles(common, folder, short) {
  // Of each file: the modules that later ones need.
  const shared = fileNames.map(() => new Set());
  const owners = new Map();
  const needs = fileNames.map(() => []);
  const make = (number, write) => {
    const entry =
      number === 0
        ? `export * from './src/index.ts'; export { provideLater } from '${LOADER}';`
        : entryOf(sorted(new Set([...LATER_FILES[number - 1].doors, ...shared[number]])));
    const needed = new Set();
    const plugin = parts(number, owners, number === 0 ? shared[0] : needed, needs);
    return build({
      ...common,
      stdin: { contents: entry, resolveDir: root, loader: 'js' },
      format: 'esm',
      outfile: `${folder}/${fileNames[number]}`,
      plugins: [plugin, ...common.plugins],
      write,
    }).then(({ metafile }) => ({ metafile, needed }));
  };
  // What a file shares stays in it as a whole, which may need more of other files: until nothing is added.
  for (let before = ''; before !== stateOf(shared, owners); ) {
    before = stateOf(shared, owners);
    for (const number of fileNames.keys()) {
      const { metafile, needed } = await make(number, false);
      for (const name of modulesIn(metafile, folder, number)) {
        const before = owners.get(name) ?? number;
        owners.set(name, Math.min(before, number));
        if (number < before && shared[before].delete(name)) shared[number].add(name);
      }
      for (const name of needed) shared[owners.get(name)].add(name);
      needs[number] = [...new Set([...needed].map((name) => owners.get(name)))].filter(
        (other) => other !== 0,
      );
    }
  }
  const made = [];
  for (const number of fileNames.keys()) made.push((await make(number, true)).metafile);
  requireOnce(made, folder);
  const change = (file, by) => {
    const path = inRoot(folder, file);
    writeFileSync(path, by(readFileSync(path, 'utf8')));
  };
  const final = (text, options) => (short ? shorten(text, options) : text);
  change(FIRST_FILE, (text) => final(withoutBuiltinImports(text), { module: true }));
  for (const { file } of LATER_FILES)
    change(file, (text) => asFunction(final(bodyOf(text, EARLIER), { parse: { bare_returns: true } })));
  writeBundled(made[0], folder);
  return made;
}

const stateOf = (shared, owners) => JSON.stringify([shared.map((names) => sorted(names)), [...owners]]);

/** A later file exports its modules by their names. */
function entryOf(files) {
  const { imports, map } = imported(files);
  return `${imports}\nexport const modules = ${map};`;
}

/** A module that is in two files would have two states and two classes of each error. */
function requireOnce(metafiles, folder) {
  const seen = new Map();
  for (const [number, metafile] of metafiles.entries())
    for (const name of modulesIn(metafile, folder, number)) {
      if (seen.has(name)) fail(`scripts/bundle: ${name} is in ${seen.get(name)} and in ${fileNames[number]}`);
      seen.set(name, fileNames[number]);
    }
}

/** The entry for bundlers, which must see all files. */
function writeBundled({ outputs }, folder) {
  const names = outputs[`${folder}/${FIRST_FILE}`].exports.filter((name) => name !== 'provideLater');
  const later = LATER_FILES.map(({ file }, index) => `import later${index} from './${file}';\n`);
  const list = LATER_FILES.map((_, index) => `later${index}`);
  writeFileSync(
    inRoot(folder, 'bundled.js'),
    `import { provideLater } from './${FIRST_FILE}';\n${later.join('')}provideLater(${list.join(', ')});\n` +
      `export { ${sorted(names).join(', ')} } from './${FIRST_FILE}';\n`,
  );
}
