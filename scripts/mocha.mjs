/** How mocha is started here: on the compiled tests, all of them unless some are named. */
import { inRoot } from './tools.mjs';

/**
 * Arguments of node. Tests may be named by source or by output, as files or globs: `test/errors.test.ts`. The default
 * stands here and not in .mocharc.json, where mocha would add it to the tests that are named.
 */
export function mochaArguments(args) {
  const compiled = args.map((arg) => arg.replace(/^(?:\.\/)?test\/(.*)\.ts$/, 'dist/test/$1.js'));
  const named = compiled.some((arg) => arg.startsWith('dist/test/'));
  return [
    inRoot('node_modules/mocha/bin/mocha.js'),
    ...compiled,
    ...(named ? [] : ['dist/test/**/*.test.js']),
  ];
}
