/** B17: what `offthread doctor` says of modules: add-ons with one property each, real packages, JavaScript. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type ModuleReport, moduleReport } from '../../../src/cli/doctor/module/module-report.js';
import { slow } from '../../helpers/fast-run.js';
import { addon, packagesFolder, withPackage } from '../../helpers/packages.js';

/** The report, and all its findings as one text. */
async function doctor(
  name: string,
  folder: string = packagesFolder,
): Promise<ModuleReport & { readonly said: string }> {
  const report = await moduleReport(name, folder);
  return { ...report, said: report.verdict.findings.map(({ text }) => text).join('\n') };
}

describe('cli: the doctor on add-ons', () => {
  it('lets one in threads that loads and ends in them', async () => {
    const { said, ...module } = await doctor(addon('work'));
    expect([module.verdict.lanes, module.verdict.crashes]).to.deep.equal(['threads-or-processes', false]);
    expect(module.addOns.map(({ file }) => file)).to.deep.equal([addon('work')]);
    expect(module.threads?.inTurn).to.deep.equal({ outcome: 'fine', reason: null, loaded: 3, ended: 3 });
    expect(module.threads?.together).to.deep.equal({ outcome: 'fine', reason: null, loaded: 2, ended: 2 });
    expect(module.threads?.terminated.outcome).to.equal('fine');
    expect(said).to.include('3 threads loaded it').and.not.include('terminated');
  });

  it('sends one to processes that is not context-aware, and repeats what it threw', async () => {
    const { said, ...module } = await doctor(addon('single'));
    expect(module.verdict.lanes).to.equal('processes');
    expect(module.threads?.together).to.include({ outcome: 'refused', loaded: 1 });
    expect(said).to.include('not context-aware').and.include('This add-on is loaded in another thread.');
  });

  it('sends one to processes whose unloading crashes', async () => {
    const { said, ...module } = await doctor(addon('unload'));
    expect(module.verdict.lanes).to.equal('processes');
    expect(module.threads?.inTurn).to.deep.include({ outcome: 'crashed', reason: 'SIGSEGV', loaded: 1 });
    expect(said).to.include('The end of a thread that has loaded it crashes the process (SIGSEGV)');
  });

  slow('lets one in threads that only a termination brings to crash, and warns of that', async () => {
    const { said, ...module } = await doctor(addon('pending'));
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    expect(module.threads?.inTurn.outcome).to.equal('fine');
    expect(module.threads?.terminated).to.deep.include({ outcome: 'crashed', reason: 'SIGABRT' });
    expect(said).to.include('must not be terminated').and.include('SIGABRT');
  });

  slow('lets one in threads that registers itself while it is mapped', async () => {
    const module = await doctor(addon('constructed'));
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    expect(module.threads?.inTurn.loaded).to.equal(3);
  });

  it('tries no threads where loading crashes', async () => {
    const { said, ...module } = await doctor(addon('boot'));
    expect([module.verdict.lanes, module.verdict.crashes]).to.deep.equal(['none', true]);
    expect([module.threads, module.loading.reason]).to.deep.equal([null, 'SIGSEGV']);
    expect(said).to.include('crashes the process (SIGSEGV)');
  });
});

describe('cli: the doctor on packages', () => {
  withPackage('bcrypt', 'finds the add-on of bcrypt, and which of its functions block', async () => {
    const { said, ...module } = await doctor('bcrypt');
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    expect(module.addOns.map(({ file }) => file)).to.have.length(1);
    expect([...module.blocking.functions].sort()).to.deep.equal(['compareSync', 'genSaltSync', 'hashSync']);
    expect(said).to.include('hashSync');
  });

  withPackage('@napi-rs/canvas', 'sees that @napi-rs/canvas starts threads', async () => {
    const module = await doctor('@napi-rs/canvas');
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    if (process.platform === 'linux') expect(module.loading.threadsStarted).to.be.above(0);
  });

  withPackage('lmdb', 'lists each of several add-ons', async () => {
    const module = await doctor('lmdb');
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    expect(module.addOns.length).to.be.at.least(1);
    expect(module.addOns[0]?.file).to.include('@lmdb');
  });

  withPackage(
    'better-sqlite3',
    'tries the add-on that better-sqlite3 loads only when it is used',
    async () => {
      const { said, ...module } = await doctor('better-sqlite3');
      expect(module.verdict.lanes).to.equal('threads-or-processes');
      expect(module.addOns).to.deep.equal([]);
      expect(module.laterAddOn).to.match(/better-sqlite3.*\.node$/);
      expect(said).to.include('all queries are synchronous').and.not.include('at any time');
    },
  );
});

describe('cli: the doctor on JavaScript', () => {
  let folder = '';
  const write = (name: string, source: string): void => writeFileSync(join(folder, name), source);

  before(() => (folder = mkdtempSync(join(tmpdir(), 'offthread-doctor-'))));
  after(() => rmSync(folder, { recursive: true }));

  it('loads a file from the current folder, and finds no add-on', async () => {
    write('plain.mjs', 'export const workSync = () => { throw new Error(); };');
    const { said, ...module } = await doctor('plain.mjs', folder);
    expect(module.verdict.lanes).to.equal('threads-or-processes');
    expect([module.addOns, module.blocking.functions]).to.deep.equal([[], ['workSync']]);
    expect(said).to.include('It loads no add-on');
  });

  it('repeats the error where a module throws or lacks another', async () => {
    write('throws.cjs', `throw new Error('no configuration');`);
    write('lacks.mjs', `import 'no-such-package-here';`);
    const thrown = await doctor('throws.cjs', folder);
    expect([thrown.verdict.lanes, thrown.verdict.crashes]).to.deep.equal(['none', false]);
    expect(thrown.said).to.include('no configuration');
    expect((await doctor('lacks.mjs', folder)).said).to.include('no-such-package-here');
  });

  it('sends a module to processes that only a main thread can load', async () => {
    write(
      'main.mjs',
      `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) throw new Error('main only');`,
    );
    const { said, ...module } = await doctor('main.mjs', folder);
    expect(module.verdict.lanes).to.equal('processes');
    expect(said).to.include('A worker thread cannot load it: main only');
  });

  slow('does not wait for what keeps an event loop busy', async () => {
    write('busy.mjs', 'setInterval(() => {}, 1_000_000);');
    const module = await doctor('busy.mjs', folder);
    expect(module.verdict.lanes).to.equal('threads-or-processes');
  });
});
