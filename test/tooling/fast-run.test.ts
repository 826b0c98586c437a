/** What `npm test` runs of everything: less of it, and still something of every promise. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { expect } from 'chai';
import { projectRoot } from '../../src/cli/demo/files.js';
import { slow } from '../helpers/fast-run.js';

/** Titles of the tests that a run would have, by source file. */
function testsOf(environment: NodeJS.ProcessEnv): Map<string, string[]> {
  const text = execFileSync(
    process.execPath,
    ['node_modules/mocha/bin/mocha.js', '--dry-run', '--reporter', 'json', 'dist/test/**/*.test.js'],
    { cwd: projectRoot(), encoding: 'utf8', env: { ...process.env, ...environment }, maxBuffer: 2 ** 26 },
  );
  const { tests } = JSON.parse(text) as { tests: { file: string; fullTitle: string }[] };
  const files = new Map<string, string[]>();
  for (const { file, fullTitle } of tests) {
    const source = relative(join(projectRoot(), 'dist'), file).split(sep).join('/').replace(/js$/, 'ts');
    files.set(source, [...(files.get(source) ?? []), fullTitle]);
  }
  return files;
}

describe('the fast run', function () {
  this.timeout(60_000);
  const fast = testsOf.bind(undefined, { OFFTHREAD_TEST_FAST: '1' });

  it('has a test of every promise', () => {
    const texts = [...fast().keys()].map((file) => readFileSync(join(projectRoot(), file), 'utf8'));
    const page = readFileSync(join(projectRoot(), 'docs/guarantees.md'), 'utf8');
    const promised = [...page.matchAll(/^### ([MB]\d{1,2}): /gm)].map(([, id]) => id as string);
    expect(promised).to.not.deep.equal([]);
    const missing = promised.filter((id) => !texts.some((text) => new RegExp(`\\b${id}\\b`).test(text)));
    expect(missing).to.deep.equal([]);
  });

  slow('has fewer tests than a complete run, and none of its own', () => {
    const complete = testsOf({ OFFTHREAD_TEST_FAST: '' });
    const count = (files: Map<string, string[]>): number => [...files.values()].flat().length;
    const some = fast();
    expect(count(some)).to.be.below(count(complete));
    for (const [file, titles] of some) {
      // Some titles hold the time: they are counted.
      expect(complete.get(file)?.length, file).to.be.at.least(titles.length);
    }
  });
});
