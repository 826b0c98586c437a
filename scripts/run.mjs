/**
 * Runs one of the project's programs, bringing the clone up to date first:
 *
 *   node scripts/run.mjs demo | test | coverage | bench | ratios   [arguments of the program]
 */
import { ensure } from './ensure.mjs';
import { mochaArguments } from './mocha.mjs';
import { fail, inRoot, runHere } from './tools.mjs';

const c8 = inRoot('node_modules/c8/bin/c8.js');
const forTests = ['dependencies', 'build', 'native', 'libraries'];

/** What each program needs, and the arguments of node that start it. */
const programs = {
  demo: { needs: ['dependencies', 'build'], start: (args) => [inRoot('dist/src/cli/demo.js'), ...args] },
  test: { needs: forTests, start: mochaArguments },
  coverage: { needs: forTests, start: (args) => [c8, process.execPath, ...mochaArguments(args)] },
  bench: { needs: forTests, start: (args) => [inRoot('dist/benchmarks/run.js'), ...args] },
  ratios: { needs: forTests, start: (args) => [inRoot('dist/benchmarks/check.js'), ...args] },
};

const [name, ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name ?? '') ? programs[name] : undefined;
if (program === undefined) fail(`node scripts/run.mjs ${Object.keys(programs).join(' | ')} [arguments]`);
ensure(program.needs);
process.exitCode = await runHere(process.execPath, program.start(args));
