/**
 * The tools of the documentation. They have dependencies of their own, in `tools`, installed on first use.
 *
 *   node scripts/documentation.mjs reference     the API reference, from the docstrings: build/reference/index.html
 *   node scripts/documentation.mjs check         fails for exports and members without a docstring, and for broken links
 *   node scripts/documentation.mjs spelling      fails for words that are in no dictionary
 */
import { ensure } from './ensure.mjs';
import { ensureFolder, fail, inRoot, runHere } from './tools.mjs';

const typedoc = ['typedoc/bin/typedoc', '--options', inRoot('tools/typedoc.json')];

/** What each program needs of the project, and the arguments of node that start it. */
const programs = {
  reference: { needs: ['dependencies', 'build'], args: typedoc },
  check: { needs: ['dependencies', 'build'], args: [...typedoc, '--emit', 'none'] },
  spelling: {
    needs: [],
    args: ['cspell/bin.mjs', 'lint', '--config', inRoot('tools/cspell.json'), '--no-progress', '--gitignore'],
  },
};

const [name, ...more] = process.argv.slice(2);
const program = Object.hasOwn(programs, name ?? '') ? programs[name] : undefined;
if (program === undefined) fail(`node scripts/documentation.mjs ${Object.keys(programs).join(' | ')}`);
ensure(program.needs);
ensureFolder('tools', 'the documentation tools');
const [tool, ...args] = program.args;
process.exitCode = await runHere(process.execPath, [inRoot('tools/node_modules', tool), ...args, ...more]);
