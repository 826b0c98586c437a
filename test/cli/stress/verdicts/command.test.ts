/** The verdicts of `offthread stress`, as a command: what it prints, its JSON and its exit codes (B8, B16). */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const stress = (...args: string[]): Ended => stressOf(verdictlib, ...args);

/** A check takes longer than other commands do. */
function stressOf(...args: string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, 'stress', ...args], {
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
      expect(crash?.reproducer?.source).to.contain(crash?.reproducer?.compile);
      expect(readdirSync(folder)).to.deep.equal(['vl_crash_rarely-crash.c']);
      expect(code).to.equal(5);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('end a load early in which too many calls crash', () => {
    const { code, stdout } = stress(
      'int32_t vl_crash_rarely(int32_t n)',
      '4242',
      '--count',
      '100000',
      '--max-crashes',
      '3',
      '--json',
    );
    const { load, verdicts } = reportOf(stdout);
    expect(load?.endedByCrashes).to.equal(3);
    expect(load?.noOp).to.equal(undefined);
    expect(verdicts.crash?.failures.failed).to.be.within(3, 10);
    expect(verdicts.crash?.input).to.deep.equal([4_242]);
    expect(code).to.equal(5);
  });

  it('need a library, a function, and whole sequences of calls', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offthread-inputs-'));
    try {
      const inputs = join(folder, 'words.ndjson');
      writeFileSync(inputs, '["one two"]\n[null]\n[null]\n');
      const words = ['const char *vl_word(char *text)', '--inputs', inputs];
      const cases = [
        [['int vl_no_such(int n)', '1', '--check-thread-safety'], /vl_no_such/],
        [[...words, '--sequence', '3'], /--sequence is for --check-thread-safety/],
        [[...words, '--sequence', '2', '--check-thread-safety'], /3 lines are no multiple of 2/],
        [[...words, '--sequence', '0', '--check-thread-safety'], /--sequence is '0'/],
        [[...words, '--max-crashes', 'some'], /--max-crashes is 'some'/],
      ] as const;
      for (const [args, says] of cases) {
        const { code, stdout, stderr } = stress(...args);
        expect(stderr)
          .to.match(says)
          .and.not.match(/\n\s+at /);
        expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  slow('find the race of calls that belong together, as strtok has them', function () {
    this.retries(2);
    const folder = mkdtempSync(join(tmpdir(), 'offthread-inputs-'));
    try {
      const inputs = join(folder, 'words.ndjson');
      writeFileSync(inputs, '["one,two\\u0000", ","]\n[null, ","]\n["red,blue\\u0000", ","]\n[null, ","]\n');
      const { code, stdout } = stressOf(
        'libc.so.6',
        'char *strtok(char *text, const char *delimiters)',
        '--inputs',
        inputs,
        '--check-thread-safety',
        '--sequence',
        '2',
        '--json',
      );
      const { threadSafety } = reportOf(stdout).verdicts;
      expect(threadSafety?.verdict, threadSafety?.reason).to.equal('unsafe');
      expect(threadSafety?.reproducer?.proof).to.equal('shown');
      expect(threadSafety?.reproducer?.source).to.contain(threadSafety?.reproducer?.compile);
      expect(threadSafety?.scenario?.[1]).to.deep.equal([null, ',']);
      expect(code).to.equal(6);
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
