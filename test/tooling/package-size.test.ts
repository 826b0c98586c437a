/** B18: what is published has few files, and what is read before the first answer is small. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { packageRoot } from '../helpers/testlib.js';

/** What `npm pack` would publish. */
interface Packed {
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** kB that V8 reads at most, at about 40 µs each: until the first thread is started, and until the first answer. */
const MOST_KB = { 'index.js': 110, 'offthread-core.cjs': 330, 'offthread-lane.cjs': 150 } as const;

describe('the published package', () => {
  let sizes: ReadonlyMap<string, number>;
  before(function () {
    this.timeout(60_000);
    // Without scripts: the tests run on what has just been built.
    const { stdout, stderr, status } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: packageRoot(),
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    expect(status, stderr).to.equal(0);
    const [packed] = JSON.parse(stdout) as [Packed];
    sizes = new Map(packed.files.map(({ path, size }) => [path, size]));
  });

  it('has fewer than 60 files', () => {
    expect([...sizes.keys()]).to.have.length.below(60);
  });

  for (const [file, most] of Object.entries(MOST_KB)) {
    it(`has at most ${most} kB in ${file}`, () => {
      expect(sizes.get(`dist/package/${file}`)).to.be.within(1, most * 1_000);
    });
  }

  it('has a source map for each file of the library', () => {
    const parts = ['core', 'declarations', 'lane', 'late', 'process'].map((part) => `offthread-${part}.cjs`);
    for (const file of ['index.js', ...parts])
      expect([...sizes.keys()]).to.include.members([`dist/package/${file}`, `dist/package/${file}.map`]);
  });
});
