/** piscina, as it becomes part of a bundle: without what its import costs and lanes do not need. A plugin of esbuild. */
import { readFileSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fail, inRoot } from '../tools.mjs';

/** In place of `node:assert`, which takes 2 ms to load. */
const ASSERT =
  '(() => { const ok = (value) => { if (!value) throw new Error("piscina: an assertion failed"); }; ' +
  'ok.notStrictEqual = (one, other) => ok(one !== other); return ok; })()';
const WITHOUT_ASSERT = [['require("node:assert")', ASSERT]];

/** What is changed in its files: each text must be there once, or this version of piscina is unknown. */
const CHANGES = {
  // A worker runs the file of its tasks, which has piscina's code for workers in it.
  'index.js': [["(0, node_path_1.resolve)(__dirname, 'worker.js')", 'this.options.filename']],
  'task_queue/array_queue.js': WITHOUT_ASSERT,
  'task_queue/fixed_queue.js': WITHOUT_ASSERT,
  'worker_pool/base.js': WITHOUT_ASSERT,
  'worker_pool/index.js': WITHOUT_ASSERT,
};

function changed(name) {
  const text = readFileSync(inRoot('node_modules/piscina/dist', name), 'utf8');
  return (CHANGES[name] ?? []).reduce((result, [before, after]) => {
    if (result.split(before).length !== 2)
      fail(
        `scripts/bundle/piscina.mjs does not fit this version of piscina: ${name} does not have ${before} once`,
      );
    return result.replace(before, () => after);
  }, text);
}

export const piscina = {
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
      const text = changed(relative(folder, path).split(sep).join('/'));
      // An ES module has no `require`.
      const esm = initialOptions.format === 'esm';
      return { contents: esm ? text.replace(/\brequire\("node:/g, 'process.getBuiltinModule("node:') : text };
    });
  },
};
