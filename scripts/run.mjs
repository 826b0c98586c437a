/**
 * Runs one of the project's programs, bringing the clone up to date first:
 *
 *   node scripts/run.mjs demo | test | coverage | bench [NAME]   [arguments of the program]
 */
import { existsSync } from 'node:fs';
import { ensure } from './ensure.mjs';
import { mochaArguments } from './mocha.mjs';
import { fail, filesBelow, inRoot, runHere } from './tools.mjs';

const c8 = inRoot('node_modules/c8/bin/c8.js');
const forTests = ['dependencies', 'build', 'native', 'libraries'];

/** What each program needs, and the arguments of node that start it. */
const programs = {
  demo: { needs: ['dependencies', 'build'], start: (args) => [inRoot('dist/src/cli/demo.js'), ...args] },
  test: { needs: forTests, start: mochaArguments },
  coverage: { needs: forTests, start: (args) => [c8, process.execPath, ...mochaArguments(args)] },
  bench: {
    needs: forTests,
    // Without a name: all of them.
    start: (args) => {
      const [name, ...rest] = args[0]?.startsWith('-') === false ? args : ['run', ...args];
      return [inRoot(`dist/benchmarks/${benchmark(name)}.js`), ...rest];
    },
  },
};

function benchmark(name) {
  if (existsSync(inRoot(`dist/benchmarks/${name}.js`))) return name;
  const names = filesBelow('dist/benchmarks', (file) => /^dist\/benchmarks\/[^/]+\.js$/.test(file)).map(
    (file) => file.slice('dist/benchmarks/'.length, -'.js'.length),
  );
  fail(`name a benchmark: npm run bench -- NAME, one of ${names.join(', ') || '(none yet)'}.`);
}

const [name, ...args] = process.argv.slice(2);
const program = Object.hasOwn(programs, name ?? '') ? programs[name] : undefined;
if (program === undefined) fail(`node scripts/run.mjs ${Object.keys(programs).join(' | ')} [arguments]`);
ensure(program.needs);
process.exitCode = await runHere(process.execPath, program.start(args));
