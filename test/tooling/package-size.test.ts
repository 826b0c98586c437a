/** B18: what is published is small, and so is what is read before the first answer; stack traces can be read. */
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { ArgumentError, createPool, SymbolNotFoundError } from 'offthread';
import { rejection, thrown } from '../helpers/contract.js';
import { packageRoot, testlib } from '../helpers/testlib.js';

/** What `npm pack` would publish; sizes in bytes, `size` that of the tarball. */
interface Packed {
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** kB that V8 reads at most, at about 40 µs each: until the first thread is started, and until the first answer. */
const MOST_KB = { 'index.js': 80, 'offthread-core.cjs': 250, 'offthread-lane.cjs': 136 } as const;

describe('the published package', () => {
  let packed: Packed;
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
    [packed] = JSON.parse(stdout) as [Packed];
    sizes = new Map(packed.files.map(({ path, size }) => [path, size]));
  });

  it('has fewer than 70 files', () => {
    expect([...sizes.keys()]).to.have.length.below(70);
  });

  it('is a tarball of less than 460 kB', () => {
    expect(packed.size).to.be.within(1, 460_000);
  });

  for (const [file, most] of Object.entries(MOST_KB)) {
    it(`has at most ${most} kB in ${file}`, () => {
      expect(sizes.get(`dist/package/${file}`)).to.be.within(1, most * 1_000);
    });
  }

  it('has no source maps: they would lead to files that are not published', () => {
    expect([...sizes.keys()].filter((file) => file.endsWith('.map'))).to.deep.equal([]);
  });
});

describe('stack traces of the published package', () => {
  /** What V8 names in a line of a stack, and the file. */
  const frames = ({ stack = '' }: Error): string[] =>
    [...stack.matchAll(/^ +at (?:async )?(?:new )?([^\n(]+) \(.*?([^/\\]+?):\d+:\d+\)$/gm)].map(
      ([, name, file]) => `${name} in ${file}`,
    );

  it('name functions, methods and classes as in the source', async () => {
    const wrong = thrown(() => createPool({ lanes: -1 }), ArgumentError);
    expect(wrong.constructor.name).to.equal('ArgumentError');
    expect(frames(wrong)).to.include.members(['poolSettings in index.js', 'Pool in index.js']);

    await using pool = createPool({ lanes: 1 });
    const declared = { not_there: { arguments: ['int32'], return: 'int32' } } as const;
    const missing = await rejection(pool.open(testlib, declared), SymbolNotFoundError);
    expect(frames(missing)).to.include.members([
      'BoundFunction in offthread-core.cjs',
      'openOnHost in offthread-core.cjs',
      'PoolCore.open in offthread-core.cjs',
      'Pool.open in index.js',
    ]);
  });
});
