/** B17: `offthread doctor`, on libraries with one property each, and on those of the system. */
import { expect } from 'chai';
import type { LibraryReport } from '../../../src/cli/doctor/library/library-report.js';
import type { ModuleReport } from '../../../src/cli/doctor/module/module-report.js';
import { runCli } from '../../helpers/command-line.js';
import { compile } from '../../helpers/engine-probe.js';
import { addon, packagesFolder, withPackage } from '../../helpers/packages.js';

interface Report {
  readonly machine: { readonly node: string; readonly cores: { readonly usable: number } };
  readonly selfTest: {
    readonly engines: readonly { readonly name: string; readonly version: string | null }[];
    readonly trials: readonly {
      readonly engine: string;
      readonly isolation: string;
      readonly problem: unknown;
    }[];
    readonly crashSurvived: boolean;
  };
  readonly library?: LibraryReport;
  readonly module?: ModuleReport;
}

describe('cli: offthread doctor', () => {
  it('tells what this machine has, and tries every engine in both kinds of lanes', async () => {
    const { code, stdout } = await runCli(['doctor', '--json']);
    const { machine, selfTest } = JSON.parse(stdout) as Report;
    expect(machine.node).to.equal(process.version);
    expect(machine.cores.usable).to.be.at.least(1);
    const present = selfTest.engines.filter(({ version }) => version !== null).map(({ name }) => name);
    expect(present).to.include('ffi-rs').and.include('koffi');
    expect(selfTest.trials).to.have.length(2 * present.length);
    expect(selfTest.trials.filter(({ problem }) => problem !== null)).to.deep.equal([]);
    expect(selfTest.crashSurvived).to.equal(true);
    expect(code).to.equal(0);
  });

  it('is plain text of at most 80 letters a line', async () => {
    const { stdout, code } = await runCli(['doctor', 'libsqlite3.so.0']);
    expect(code).to.equal(0);
    expect(stdout).to.include('This machine').and.include('Self-test').and.include('libsqlite3.so.0');
    expect(stdout)
      .to.match(/✓ koffi .* thread /)
      .and.match(/lanes +Thread lanes or process lanes\./);
    const lines = stdout.split('\n').filter((line) => !/^ {2}(file|build id|needs|processors)/.test(line));
    expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
  });

  it('ends with 2 where a library cannot be loaded, and with 5 where that crashes', async () => {
    const missing = await runCli(['doctor', '/no/such.so']);
    expect(missing.code).to.equal(2);
    expect(missing.stdout)
      .to.match(/✗ There is no file/)
      .and.include('cannot be used');
    const crashing = compile(
      'doctor-crash.so',
      '__attribute__((constructor)) static void start(void) { *(volatile int *)8 = 1; }',
    );
    const { code, stdout } = await runCli(['doctor', crashing, '--json']);
    expect((JSON.parse(stdout) as Report).library?.loading?.reason).to.equal('SIGSEGV');
    expect(code).to.equal(5);
  });

  it('takes a file by its extension for a module', async () => {
    const { code, stdout } = await runCli(['doctor', addon('single')]);
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/^ {2}add-on +\/.*single\.node$/m)
      .and.match(/^ {2}lanes +Process lanes: createPool/m);
  });

  it('ends with 5 where loading a module crashes', async () => {
    const { code, stdout } = await runCli(['doctor', addon('boot'), '--json']);
    expect((JSON.parse(stdout) as Report).module?.verdict).to.include({ lanes: 'none', crashes: true });
    expect(code).to.equal(5);
  });

  withPackage('bcrypt', 'finds a package from the current folder', async () => {
    const { code, stdout } = await runCli(['doctor', 'bcrypt', '--json'], { cwd: packagesFolder });
    const { module, library } = JSON.parse(stdout) as Report;
    expect(library).to.equal(undefined);
    expect(module?.url).to.match(/^file:.*bcrypt\.js$/);
    expect(code).to.equal(0);
  });
});
