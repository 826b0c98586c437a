/** M33: a program that a bundler has put into one file has lanes, or hears at once why it has none. */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { VERSION } from '../../src/shared/version.js';
import { BUNDLERS } from './bundlers.js';
import { contractEngines } from '../helpers/contract.js';
import { packageRoot, testlib } from '../helpers/testlib.js';
import { slow } from '../helpers/fast-run.js';

/** Calls in lanes of each kind with each engine; what does not go well it tells as one line of JSON. */
const PROGRAM = `
  import { createPool } from 'offthread';
  const run = async () => {
    for (const isolation of ['thread', 'process']) for (const engine of ${JSON.stringify(contractEngines)}) {
      const started = performance.now();
      try {
        const pool = createPool({ lanes: 1, spares: 0, isolation, ...JSON.parse(process.argv[2] ?? '{}') });
        const { add } = await pool.open(${JSON.stringify(testlib)}, { add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' } }, { engine });
        console.log(await add(20, 22));
        await pool.close();
      } catch ({ name, code, message }) {
        console.log(JSON.stringify({ name, code, message, ms: performance.now() - started }));
      }
    }
  };
  run();`;
const laneFile = fileURLToPath(import.meta.resolve('offthread/offthread-lane.cjs'));
const GOOD = '42\n'.repeat(2 * contractEngines.length);

interface Told {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly ms: number;
}

for (const [bundler, { bundle, ending }] of Object.entries(BUNDLERS)) {
  describe(`a program that was bundled [${bundler}]`, function () {
    this.timeout(60_000);
    let folder: string;
    const built = (name: string): string => join(folder, `app/${name}.${ending}`);
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'offthread-bundle-'));
      mkdirSync(join(folder, 'app/node_modules'), { recursive: true });
      symlinkSync(packageRoot(), join(folder, 'app/node_modules/offthread'));
      const entry = join(folder, 'app/program.mjs');
      writeFileSync(entry, PROGRAM);
      await bundle({ entry, output: built('one-file'), external: false });
      await bundle({ entry, output: built('external'), external: true });
    });
    after(() => rmSync(folder, { recursive: true }));

    /** Runs a bundle elsewhere. */
    function run(name: string, place: string, cwd = place, options: object = {}): string {
      const file = join(place, `${name}.${ending}`);
      if (file !== built(name)) copyFileSync(built(name), file);
      const { stdout, stderr, status } = spawnSync(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', file, JSON.stringify(options)],
        { cwd, encoding: 'utf8' },
      );
      expect({ stderr, status }, stdout).to.deep.equal({ stderr: '', status: 0 });
      return stdout;
    }
    const failures = (stdout: string): Told[] =>
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Told);

    /** A folder with engines, and without offthread. */
    function folderWithEngines(name: string): string {
      const place = join(folder, name);
      mkdirSync(join(place, 'node_modules'), { recursive: true });
      for (const engine of ['koffi', 'ffi-rs'])
        symlinkSync(join(packageRoot(), 'node_modules', engine), join(place, 'node_modules', engine));
      return place;
    }

    /** A folder with this offthread. */
    function folderWith(name: string, version: string): string {
      const place = join(folder, name);
      mkdirSync(join(place, 'node_modules/offthread'), { recursive: true });
      writeFileSync(
        join(place, 'node_modules/offthread/package.json'),
        JSON.stringify({ name: 'offthread', version, exports: { './package.json': './package.json' } }),
      );
      return place;
    }

    slow('takes what lanes run from the offthread that is installed beside it', () => {
      expect(run('one-file', join(folder, 'app'), folder)).to.equal(GOOD);
    });

    slow('runs with offthread left out, as any program', () => {
      expect(run('external', join(folder, 'app'), folder)).to.equal(GOOD);
    });

    slow('runs without offthread, with the file of the lanes beside it', () => {
      const place = folderWithEngines('shipped');
      copyFileSync(laneFile, join(place, 'offthread-lane.cjs'));
      expect(run('one-file', place, folder)).to.equal(GOOD);
    });

    it('runs without offthread, with the file of the lanes where the option names it', () => {
      const place = folderWithEngines('named');
      const named = join(place, 'lanes.cjs');
      copyFileSync(laneFile, named);
      expect(run('one-file', place, folder, { laneFile: named })).to.equal(GOOD);
    });

    it('hears at once of an option that names another file', () => {
      const other = join(folder, 'other.cjs');
      writeFileSync(other, readFileSync(laneFile, 'utf8').replace(VERSION, '0.0.1'));
      for (const [named, why] of [
        [other, '0.0.1'],
        [join(folder, 'app/program.mjs'), 'is not the offthread-lane.cjs'],
        [join(folder, 'nothing.cjs'), 'does not exist'],
      ]) {
        for (const { code, message } of failures(
          run('one-file', join(folder, 'app'), folder, { laneFile: named }),
        )) {
          expect(code).to.equal('OFFTHREAD_LANE_FILES');
          expect(message).to.include(named).and.include(why).and.include(VERSION);
        }
      }
    });

    it('hears at once, and before any lane is started, which file to ship and which option names it', () => {
      const place = join(folder, 'lone');
      mkdirSync(place);
      const told = failures(run('one-file', place));
      expect(told).to.have.lengthOf(2 * contractEngines.length);
      for (const { name, code, message, ms } of told) {
        expect([name, code]).to.deep.equal(['LaneStartError', 'OFFTHREAD_LANE_FILES']);
        expect(message).to.include('dist/package/offthread-lane.cjs').and.include('`laneFile`');
        expect(message).to.include('node_modules').and.include('external');
        // A lane takes longer to start; a crash loop seconds.
        expect(ms).to.be.below(1_000);
      }
    });

    it('does not mix with an offthread of another version', () => {
      for (const { code, message } of failures(run('one-file', folderWith('other', '0.0.1')))) {
        expect(code).to.equal('OFFTHREAD_LANE_FILES');
        expect(message).to.include('0.0.1').and.include(VERSION);
      }
    });

    it('starts nothing that is not there', () => {
      for (const { code } of failures(run('one-file', folderWith('empty', VERSION))))
        expect(code).to.equal('OFFTHREAD_LANE_FILES');
    });
  });
}

describe('the version that the code has', () => {
  it('is that of the package', () => {
    const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(VERSION).to.equal(version);
  });
});
