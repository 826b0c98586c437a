/** M36, B8, B12: `offthread stress`, as a real process. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { HistogramLogReader } from 'hdr-histogram-js';
import type { StressReport } from '../../../src/cli/stress/stress-report.js';
import { type CommandEnd, runCli } from '../../helpers/command-line.js';
import { slow } from '../../helpers/fast-run.js';
import { type JsonSchema, schemaProblems } from '../../helpers/json-schema.js';
import { scalingLibrary } from '../../helpers/scaling-library.js';
import { packageRoot } from '../../helpers/testlib.js';

const RESTS = 'int rests(unsigned us)';
const SHORT = ['--warmup', '100ms', '--no-baseline', '--quiet'];

describe('cli: offthread stress', () => {
  let folder: string;
  let schema: JsonSchema;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'offthread-stress-'));
    schema = JSON.parse(readFileSync(join(packageRoot(), 'docs/stress.schema.json'), 'utf8')) as JsonSchema;
  });
  after(() => rmSync(folder, { recursive: true }));

  const stress = (...args: string[]): Promise<CommandEnd> => runCli(['stress', scalingLibrary(), ...args]);

  /** The report of a run, which has to fit the published schema. */
  async function report(...args: string[]): Promise<[StressReport, CommandEnd]> {
    const end = await stress(...args, '--json');
    expect(end.stdout, end.stderr).to.match(/^\{.*\}\n$/);
    const value = JSON.parse(end.stdout) as StressReport;
    expect(schemaProblems(schema, value)).to.deep.equal([]);
    return [value, end];
  }

  it('refuses files that cannot be written before it measures, and options without what they belong to', async () => {
    const cases = [
      [['--save', join(folder, 'none', 'report.json')], /--save cannot be written: ENOENT/],
      [['--html', folder], /--html cannot be written: '.*' is a directory/],
      [['--hlog', join(folder, 'none', 'times.hlog')], /--hlog cannot be written/],
      [['--ignore', 'return'], /--ignore is for --check-thread-safety/],
      [['--compare-with', 'same.js'], /--compare-with is for --check-thread-safety/],
    ] as const;
    for (const [args, says] of cases) {
      const { code, stdout, stderr } = await stress(RESTS, '10', ...args);
      expect(stderr)
        .to.match(says)
        .and.not.match(/\n\s+at /);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: '' });
    }
  });

  it('answers what it does at a rate: as JSON by the schema, as a log, and saved', async () => {
    const [hlog, saved] = [join(folder, 'times.hlog'), join(folder, 'report.json')];
    const rate = ['--rate', '200', '--duration', '1500ms', '--warmup', '100ms'];
    const slo = ['--slo', 'p50<1s', '--slo', 'rate>150'];
    const files = ['--hlog', hlog, '--save', saved];
    const [value, end] = await report(
      RESTS,
      'int:500..1500',
      ...rate,
      ...slo,
      ...files,
      '--seed',
      '42',
      '--quiet',
    );
    expect(end).to.include({ code: 0, signal: null, stderr: '' });
    expect(value.run).to.include({ seed: 42, interrupted: false });
    expect(value.target).to.include({ symbol: 'rests', isolation: 'process' });
    expect(value.load?.calls).to.include({ arrivals: 300, succeeded: 300, dropped: 0 });
    expect(value.load?.noOp?.symbol).to.equal('abs');
    expect(value.load?.noOp?.run.p50).to.be.below(value.load?.latency.run.p50 ?? 0);
    expect(value.objectives?.map(({ met }) => met)).to.deep.equal([true, true]);
    expect(value.verdicts).to.deep.equal({});
    expect(JSON.parse(readFileSync(saved, 'utf8'))).to.deep.equal(value);
    const reader = new HistogramLogReader(readFileSync(hlog, 'utf8'));
    let logged = 0;
    for (let one = reader.nextIntervalHistogram(); one !== null; one = reader.nextIntervalHistogram()) {
      logged += one.totalCount;
      expect(one.maxValue).to.be.at.least(500_000);
    }
    const { timeline = [] } = value.load ?? {};
    expect(logged).to.equal(timeline.reduce((sum, { succeeded }) => sum + succeeded, 0));
  });

  it('prints a report for people on stdout, and a missed objective is exit code 3', async () => {
    const end = await stress(RESTS, '2000', '--count', '60', '--lanes', '1', '--slo', 'p50<1us', ...SHORT);
    expect(end.code).to.equal(3);
    expect(end.stderr).to.equal('');
    expect(end.stdout).to.include('Load: 2 calls in flight, always; 1 lane');
    expect(end.stdout).to.include('60 succeeded · 0 failed');
    expect(end.stdout).to.match(/in the function +2\.\d+ ms +– +– +–/);
    expect(end.stdout).to.match(/missed +p50<1us: /);
    // Colours and cursor movements are for terminals.
    expect(end.stdout).to.not.include('\u001B');
  });

  it('goes on to its end when inputs crash the library, and exits 5', async () => {
    const [value, end] = await report('int picky(int value)', 'choice:1,2,3,4,7', '--count', '40', ...SHORT);
    expect(end.code).to.equal(5);
    expect(value.load?.calls.arrivals).to.equal(40);
    const { crash = 0 } = value.load?.calls.failures ?? {};
    expect(crash).to.be.above(0);
    expect(value.load?.calls.succeeded).to.equal(40 - crash);
    expect(value.load?.errors[0]?.message).to.include('SIGSEGV');
    // Calls of the warm-up are among them, on both sides.
    const { failed = 0, runs = 0 } = value.verdicts.crash?.failures ?? {};
    expect(failed).to.be.at.least(crash);
    expect(runs).to.be.above(Math.max(failed, 39));
  });

  it('exits 1 when calls fail, and shows what they said', async () => {
    const end = await stress(
      'int picky(int value)',
      '5',
      '--fails',
      'negative',
      '--count',
      '10',
      '--isolation',
      'thread',
      ...SHORT,
    );
    expect(end.code).to.equal(1);
    expect(end.stdout).to.include('Failed calls: 10 native');
  });

  it('says that a crash in a thread lane ended the run', async () => {
    const end = await stress('int picky(int value)', '7', '--isolation', 'thread', ...SHORT);
    expect(end).to.include({ code: 5, signal: null, stdout: '' });
    expect(end.stderr).to.include('offthread stress: The library ended the process (SIGSEGV)');
    expect(end.stderr).to.include('--isolation process');
  });

  slow('answers which rate it can take', async () => {
    const [value, end] = await report(
      RESTS,
      '4000',
      '--find-limit',
      '--slo',
      'p50<20ms',
      '--lanes',
      '1',
      '--duration',
      '300ms',
      '--rate',
      '100',
      ...SHORT,
    );
    expect(end.code).to.equal(0);
    expect(value.load).to.equal(undefined);
    // One lane makes less than 250 calls a second.
    expect(value.limit?.rate).to.be.within(20, 300);
    expect(value.limit?.steps.some(({ held }) => !held)).to.equal(true);
  });

  slow('answers how many lanes to use', async () => {
    const lanes = ['--lanes', '1,2,4', '--rounds', '4', '--duration', '1s'];
    const [value, end] = await report('int rests_locked(unsigned us)', '3000', ...lanes, '--quiet');
    expect(end.code).to.equal(0);
    expect(value.target.isolation).to.equal('thread');
    expect(value.load).to.equal(undefined);
    // On a machine that others use, it may be undecided.
    expect(value.verdicts.scalability?.verdict).to.be.oneOf(['limited', 'worse', 'undecided']);
    expect(value.lanes?.points.map((point) => point.rates.length)).to.deep.equal([4, 4, 4]);
  });

  slow('compares two builds, their results included', async () => {
    const other = scalingLibrary('other');
    const [value, end] = await report(
      'int shifted(int value)',
      'int:0..9',
      '--vs',
      other,
      '--rounds',
      '4',
      '--duration',
      '1s',
      '--quiet',
    );
    expect(end.code).to.equal(3);
    expect(value.versus?.results).to.include({ verdict: 'different', inputs: 200 });
    expect(value.versus?.results.example).to.deep.include({ arguments: [3] });
    expect(value.versus?.rateRatio).to.be.below(0.8);
    expect(value.versus?.runRatio).to.be.above(1.5);
  });

  slow('compares with a saved report', async () => {
    const saved = join(folder, 'baseline.json');
    const load = ['int:0..9', '--lanes', '1', '--duration', '3500ms', ...SHORT];
    expect((await stress('int shifted(int value)', ...load, '--save', saved)).code).to.equal(0);
    const compare = ['int shifted(int value)', ...load, '--compare', saved];
    const worse = await runCli(['stress', scalingLibrary('other'), ...compare]);
    expect(worse.code).to.equal(3);
    expect(worse.stdout).to.match(/Worse than .*baseline\.json/);
    const same = await stress(...compare, '--tolerance', '60%', '--json');
    expect(same.code).to.equal(0);
    expect(schemaProblems(schema, JSON.parse(same.stdout))).to.deep.equal([]);
    const other = await stress('int shifted(int value)', '1', '--compare', saved, ...SHORT);
    expect(other).to.include({ code: 2, stdout: '' });
    expect(other.stderr).to.include('other arguments: ["int:0..9"], and not ["1"]');
  });

  for (const isolation of ['process', 'thread']) {
    it(`ends on Ctrl-C with a report of what was measured (${isolation})`, async () => {
      const command = fileURLToPath(new URL('cli/offthread.js', import.meta.resolve('offthread')));
      const load = [RESTS, '1000', '--warmup', '0', '--isolation', isolation];
      const args = [command, 'stress', scalingLibrary(), ...load, '--json'];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        // Whoever writes of the first interval has measured something.
        if (stderr === '') child.kill('SIGINT');
        stderr += text;
      });
      const code = await new Promise<number | null>((resolve) => {
        child.on('close', resolve);
      });
      expect(code).to.equal(130);
      const value = JSON.parse(stdout) as StressReport;
      expect(value.run.interrupted).to.equal(true);
      expect(value.load?.calls.succeeded).to.be.above(0);
      expect(schemaProblems(schema, value)).to.deep.equal([]);
    });
  }

  for (const [args, message] of [
    [[RESTS], 'takes 1 arguments (us), but 0 were given'],
    [[RESTS, 'int:5..1'], 'the lower number first'],
    [[RESTS, '1', '--rate', '5', '--concurrency', '2'], '--rate and --concurrency are different loads'],
    [[RESTS, '1', '--rate', 'fast'], "--rate is 'fast'"],
    [[RESTS, '1', '--slo', 'p99<5'], 'a unit of time'],
    [[RESTS, '1', '--duration', '10'], "--duration is '10'"],
    [[RESTS, '1', '--lanes', '0'], "--lanes is '0'"],
    [[RESTS, '1', '--lanes', '2,2'], 'the same number again'],
    [[RESTS, '1', '--compare', '/none'], 'cannot be read'],
    [['int nowhere(int x)', '1'], 'nowhere'],
  ] as const) {
    it(`refuses ${args.slice(1).join(' ') || args[0]}`, async () => {
      const end = await stress(...args);
      expect(end).to.include({ code: 2, stdout: '' });
      expect(end.stderr).to.match(/^offthread stress: /);
      expect(end.stderr.replaceAll(/\s+/g, ' ')).to.include(message);
    });
  }
});
