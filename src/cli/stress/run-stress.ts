/** Runs `offthread stress`: each part that was asked for, one after the other, into one report. */
import { writeFileSync } from 'node:fs';
import { EXIT, type ExitCode } from '../console/exit-codes.js';
import { Output } from '../console/output.js';
import { requireWritable } from '../console/result-file.js';
import type { Target } from '../target/target-options.js';
import { compareReports, readReport, requireComparable } from './compare/compare-report.js';
import { versus } from './compare/versus.js';
import { CrashTrail } from './record/crash-trail.js';
import { measureLanes } from './lanes/measure-lanes.js';
import { scalability } from './lanes/scalability.js';
import { judge } from './load/objectives.js';
import { runLoad } from './load/run-load.js';
import { runVerdicts } from './run-verdicts.js';
import { machineInfo, packageVersion } from './machine-info.js';
import { Progress } from './stress-progress.js';
import type { StressVerbOptions } from './stress-command.js';
import { type StressPlan, stressPlan } from './stress-plan.js';
import type { StressReport } from './stress-report.js';
import { endWithOuter, isInner, runInner } from './thread-host.js';
import { reportText } from './text/report-text.js';
import { exitOfVerdicts } from './verdict-exit.js';

/** Time for all rounds together, in ms. */
const ROUNDS_MS = 10_000;

type Parts = { -readonly [Part in keyof StressReport]?: StressReport[Part] };

/** @returns the exit code. */
export async function runStress(
  target: Target,
  texts: readonly string[],
  options: StressVerbOptions,
): Promise<ExitCode> {
  const plan = stressPlan(target, texts, options);
  for (const name of ['save', 'html', 'hlog'] as const) requireWritable(`--${name}`, options[name]);
  // Arguments and options were checked here, so that their errors come from one process.
  if (plan.isolation === 'thread') {
    if (!isInner()) return runInner();
    endWithOuter();
  }
  const saved = options.compare === undefined ? null : readReport(options.compare);
  if (saved !== null) requireComparable(options.compare as string, saved, comparedRun(plan));
  const startedAt = new Date();
  const stop = new AbortController();
  const interrupt = (): void => {
    // The second Ctrl-C does not wait for calls that run.
    if (stop.signal.aborted) process.exit(EXIT.interrupted);
    stop.abort();
  };
  process.on('SIGINT', interrupt);
  const progress = new Progress(options.quiet === true);
  const trail = new CrashTrail();
  try {
    const parts = await measure(plan, stop.signal, progress, trail);
    const report = reportOf(plan, parts, startedAt, stop.signal.aborted);
    const complete =
      saved === null || report.load === undefined
        ? report
        : {
            ...report,
            comparison: compareReports(options.compare as string, saved, report, plan.tolerance),
          };
    progress.end();
    await publish(complete, options);
    return exitOf(complete, trail);
  } finally {
    progress.end();
    process.off('SIGINT', interrupt);
  }
}

async function measure(
  plan: StressPlan,
  signal: AbortSignal,
  progress: Progress,
  trail: CrashTrail,
): Promise<Parts> {
  const { options } = plan;
  const parts: Parts = { verdicts: {} };
  const rounds = { ...plan, budgetMs: plan.durationMs ?? ROUNDS_MS };
  const take = ({ engine, ...measured }: Parts & { readonly engine: string }): void => {
    Object.assign(parts, measured, { target: { ...targetInfo(plan), engine } });
  };
  let calls = 0;
  const onRound = (done: number): void => progress.round(done, plan.rounds);
  if (plan.measuresLoad || options.findLimit === true) {
    const events = {
      onPool: progress.pool,
      onTick: progress.tick,
      onStep: progress.step,
      onFailure: trail.record,
    };
    const { made, ...measured } = await runLoad(plan, signal, events);
    calls = made;
    take(measured);
  }
  if (plan.compareLanes.length > 0 && !signal.aborted) {
    const measured = await measureLanes({ ...rounds, lanes: plan.compareLanes }, signal, onRound);
    take(measured);
    parts.verdicts = { ...parts.verdicts, scalability: scalability(measured.lanes) };
  }
  if (options.vs !== undefined && !signal.aborted) {
    take(await versus(rounds, options.vs, signal, onRound));
  }
  const found = await runVerdicts(plan, trail, calls, signal, progress.say);
  parts.verdicts = { ...parts.verdicts, ...found };
  return parts;
}

function targetInfo({ target, argumentTexts, isolation }: StressPlan): StressReport['target'] {
  const { library, description, declaration, engine } = target;
  return { library, symbol: description.symbol, declaration, arguments: argumentTexts, engine, isolation };
}

function reportOf(plan: StressPlan, parts: Parts, startedAt: Date, interrupted: boolean): StressReport {
  const { load } = parts;
  return {
    version: 1,
    run: {
      offthread: packageVersion(),
      startedAt: startedAt.toISOString(),
      command: process.argv.slice(2),
      seed: plan.seed,
      interrupted,
    },
    machine: machineInfo(),
    target: targetInfo(plan),
    ...(load !== undefined &&
      plan.objectives.length > 0 && { objectives: plan.objectives.map((one) => judge(one, load)) }),
    verdicts: {},
    ...parts,
  };
}

/** What a saved report has to have in common with this run. */
function comparedRun({
  target,
  argumentTexts,
  lanes,
  isolation,
  load,
}: StressPlan): Parameters<typeof requireComparable>[2] {
  return {
    symbol: target.description.symbol,
    arguments: argumentTexts,
    lanes,
    isolation,
    model: load.model,
  };
}

async function publish(report: StressReport, { json, save, html }: StressVerbOptions): Promise<void> {
  const text = `${JSON.stringify(report)}\n`;
  const output = new Output();
  await output.write(json === true ? text : reportText(report));
  await output.flush();
  // Files are written last: what was found is on stdout by then, whatever happens to the files.
  if (save !== undefined) writeFileSync(save, text);
  if (html !== undefined) {
    const { writeReportPage } = await import('../report/write-report.js');
    writeReportPage(html, report);
  }
}

function exitOf(
  { run, load, limit, objectives, comparison, versus, verdicts }: StressReport,
  trail: CrashTrail,
): ExitCode {
  if (run.interrupted) return EXIT.interrupted;
  if (trail.crash !== null) return EXIT.crashed;
  const verdict = exitOfVerdicts(verdicts);
  if (verdict !== EXIT.ok) return verdict;
  const differs = versus?.results.verdict === 'different';
  const missed = objectives?.some(({ met }) => !met) === true || limit?.rate === null || differs;
  if (missed || comparison?.regressed === true) return EXIT.objective;
  return (load?.calls.failed ?? 0) > 0 ? EXIT.failed : EXIT.ok;
}
