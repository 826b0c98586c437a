/**
 * Runs one of the project's programs, bringing the clone up to date first:
 *
 *   node scripts/run.mjs demo | test | test:all | coverage | bench | ratios   [arguments of the program]
 */
import { ensure } from './ensure.mjs';
import { mochaArguments, namesTests, runTests } from './mocha.mjs';
import { ensurePackages } from './packages.mjs';
import { fail, inRoot, runHere } from './tools.mjs';

const forTests = ['dependencies', 'build', 'native', 'libraries'];
const node = (...args) => runHere(process.execPath, args);
const tests = async (args, options) => (await runTests(process.execPath, args, options)).code;

/** What each program needs, and how it is run: resolves to its exit code. */
const programs = {
  demo: {
    needs: ['dependencies', 'build'],
    run: (args) => node(inRoot('dist/package/cli/offthread.js'), 'demo', ...args),
  },
  test: { needs: forTests, run: (args) => tests(args, { fast: !namesTests(args) }) },
  'test:all': { needs: forTests, run: (args) => tests(args) },
  coverage: {
    // Coverage is counted in the lines of the source.
    needs: forTests.map((step) => (step === 'build' ? 'mapped-build' : step)),
    run: (args) => {
      ensurePackages();
      return node(inRoot('node_modules/c8/bin/c8.js'), process.execPath, ...mochaArguments(args));
    },
  },
  bench: { needs: forTests, run: (args) => node(inRoot('dist/benchmarks/run.js'), ...args) },
  ratios: { needs: forTests, run: (args) => node(inRoot('dist/benchmarks/check.js'), ...args) },
};

const [name, ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name ?? '') ? programs[name] : undefined;
if (program === undefined) fail(`node scripts/run.mjs ${Object.keys(programs).join(' | ')} [arguments]`);
ensure(program.needs);
process.exitCode = await program.run(args);
