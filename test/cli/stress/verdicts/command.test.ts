/** The verdicts of `offthread stress`, as a command: what it prints, its JSON and its exit codes (B8, B16). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { StressReport } from '../../../../src/cli/stress/stress-report.js';
import { slow } from '../../../helpers/fast-run.js';
import { type JsonSchema, schemaProblems } from '../../../helpers/json-schema.js';
import { packageRoot } from '../../../helpers/testlib.js';
import { verdictlib } from '../../../helpers/verdictlib.js';

const command = fileURLToPath(new URL('cli/offthread.js', import.meta.resolve('offthread')));

/** A check takes longer than other commands do. */
function stress(...args: string[]): {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'stress', verdictlib, ...args], {
    encoding: 'utf8',
    timeout: 110_000,
  });
  return { code: status, stdout, stderr };
}

function reportOf(stdout: string): StressReport {
  const report = JSON.parse(stdout) as StressReport;
  const file = join(packageRoot(), 'docs/stress.schema.json');
  const schema = JSON.parse(readFileSync(file, 'utf8')) as JsonSchema;
  expect(schemaProblems(schema, report)).to.deep.equal([]);
  return report;
}

describe('the verdicts of offthread stress', function () {
  this.timeout(120_000);

  it('end with code 6 for a function that leaks', function () {
    if (process.platform !== 'linux' || process.arch !== 'x64') this.skip();
    const { code, stdout } = stress(
      'int32_t vl_leak_tenth(int32_t n)',
      'int:0..1000',
      '--check-leaks',
      '--duration',
      '2s',
      '--json',
    );
    const { leak } = reportOf(stdout).verdicts;
    expect(leak?.verdict, leak?.reason).to.equal('leaks');
    expect(leak?.bytesPerCall).to.be.closeTo(6.4, 0.1);
    expect(code).to.equal(6);
  });

  it('end with code 5 for a function that crashes, and write its program', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-programs-'));
    try {
      const { code, stdout } = stress(
        'int32_t vl_crash_rarely(int32_t n)',
        'choice:7,94242,13',
        '--count',
        '100',
        '--no-baseline',
        '--programs',
        folder,
        '--json',
      );
      const { crash } = reportOf(stdout).verdicts;
      expect(crash?.input).to.deep.equal([4_242]);
      expect(crash?.signal).to.equal('SIGSEGV');
      expect(crash?.reproducer?.proof).to.equal('shown');
      expect(readdirSync(folder)).to.deep.equal(['vl_crash_rarely-crash.c']);
      expect(code).to.equal(5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  slow('end with code 6 for a function that is not thread-safe, and show the program', function () {
    // A crash that needs calls that overlap comes by chance.
    this.retries(2);
    const { code, stdout } = stress(
      'int32_t vl_no_overlap(int32_t n)',
      'int:0..1000',
      '--check-thread-safety',
      '--duration',
      '3s',
    );
    expect(stdout).to.match(/^Thread safety: not thread-safe$/m);
    expect(stdout).to.match(/A C program shows it: \d+ of \d+ runs ended by signal 11/);
    expect(stdout).to.contain('pthread_create');
    expect(code).to.equal(6);
  });

  slow('end with code 0 for a function that is clean', () => {
    const { code, stdout } = stress(
      'int32_t vl_overlap(int32_t n)',
      'int:0..1000',
      '--check-thread-safety',
      '--check-leaks',
      '--duration',
      '2s',
    );
    expect(stdout).to.match(/^Thread safety: no race found$/m);
    expect(stdout).to.match(/^Memory: no leak found$/m);
    expect(code).to.equal(0);
  });

  it('name a parameter to ignore that is not there', () => {
    const { code, stderr } = stress(
      'int32_t vl_overlap(int32_t n)',
      '1',
      '--check-thread-safety',
      '--ignore',
      'other',
    );
    expect(stderr).to.match(/--ignore/);
    expect(code).to.equal(2);
  });
});
