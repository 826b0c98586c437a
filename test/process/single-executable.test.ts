/** B2, M33: a single executable application has thread lanes, and process lanes on a Node.js that it names; it is never started again for them. */
import { execFileSync, spawnSync } from 'node:child_process';
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
import { BUNDLERS } from '../tooling/bundlers.js';
import { packageRoot, testlib } from '../helpers/testlib.js';

const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const program = (starts: string): string => `
  import { appendFileSync } from 'node:fs';
  import { createPool } from 'offthread';
  appendFileSync(${JSON.stringify(starts)}, 'started\\n');
  const run = async () => {
    for (const options of JSON.parse(process.argv[2])) {
      try {
        const pool = createPool({ lanes: 1, ...options });
        const { add } = await pool.open(${JSON.stringify(testlib)}, { add: { symbol: 'ot_add', arguments: ['i32', 'i32'], return: 'i32' } });
        console.log(await add(20, 22));
        await pool.close();
      } catch ({ name, message }) { console.log(name + ': ' + message); }
    }
  };
  run();`;

describe('a single executable application', function () {
  this.timeout(120_000);
  let folder: string;
  let app: string;
  let starts: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'offthread-single-'));
    [app, starts] = [join(folder, 'app'), join(folder, 'starts')];
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(packageRoot(), join(folder, 'node_modules/offthread'));
    writeFileSync(join(folder, 'program.mjs'), program(starts));
    const main = join(folder, 'main.cjs');
    await BUNDLERS['esbuild, CommonJS']?.bundle({
      entry: join(folder, 'program.mjs'),
      output: main,
      external: false,
    });
    // Node.js 25.5 and later make one by themselves.
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const alone = major > 25 || (major === 25 && minor >= 5);
    const output = alone ? app : join(folder, 'blob');
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify({ main, output, disableExperimentalSEAWarning: true }));
    const run = (...args: readonly string[]): unknown =>
      execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    run(alone ? '--build-sea' : '--experimental-sea-config', config);
    if (alone) return;
    copyFileSync(process.execPath, app);
    const postject = fileURLToPath(import.meta.resolve('postject/dist/cli.js'));
    run(postject, app, 'NODE_SEA_BLOB', output, '--sentinel-fuse', FUSE);
  });
  after(() => rmSync(folder, { recursive: true }));
  beforeEach(() => rmSync(starts, { force: true }));

  function answers(...options: readonly object[]): string[] {
    const { stdout, stderr, status } = spawnSync(app, [JSON.stringify(options)], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ stderr, status }, stdout).to.deep.equal({ stderr: '', status: 0 });
    expect(readFileSync(starts, 'utf8'), 'it is started once').to.equal('started\n');
    return stdout.trimEnd().split('\n');
  }

  it('has thread lanes', () => {
    expect(answers({})).to.deep.equal(['42']);
  });

  it('is asked for a Node.js for process lanes, and is none itself', () => {
    const refused = answers({ isolation: 'process' }, { isolation: 'process', execPath: app });
    expect(refused).to.have.lengthOf(2);
    for (const told of refused)
      expect(told).to.match(
        /^ArgumentError: Process lanes need a Node\.js binary, .* a single executable .*execPath/,
      );
  });

  it('has process lanes on the Node.js that it names', () => {
    expect(answers({ isolation: 'process', execPath: process.execPath })).to.deep.equal(['42']);
  });
});
