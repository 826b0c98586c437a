/** Loads a library in a process of its own, and tells what happened. */
import { constants } from 'node:os';
import { type ProbeEnd, TIMEOUT_MS, runProbe } from './probe-process.js';
import type { LoadReport, ProcessState } from './process-state.js';

/** How loading a library went. */
export interface LoadTrial {
  /** `loaded`; `refused` by the loader; `crashed`, `exited` or `hung` while it was loaded; `fell` when the process ended. */
  readonly outcome: 'loaded' | 'refused' | 'crashed' | 'exited' | 'hung' | 'fell';
  /** The loader's words, the signal or the exit code. */
  readonly reason: string | null;
  readonly ms: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly threadsStarted: number;
  /** Signals whose handling changed. */
  readonly signals: readonly string[];
  readonly descriptorsOpened: number;
  readonly folderChanged: boolean;
  readonly environmentChanged: boolean;
}

export async function loadTrial(library: string): Promise<LoadTrial> {
  const end = await runProbe('load-probe.js', [library]);
  return trialOf(end, end.said === '' ? undefined : (JSON.parse(end.said) as LoadReport));
}

/** @param report - what the program reported; undefined where it did not get so far. */
export function trialOf(end: ProbeEnd, report: LoadReport | undefined): LoadTrial {
  const { stdout, stderr } = end;
  return { ...outcomeOf(report, end), stdout, stderr, ...changesOf(report) };
}

function outcomeOf(
  report: LoadReport | undefined,
  { code, signal, hung }: ProbeEnd,
): Pick<LoadTrial, 'outcome' | 'reason' | 'ms'> {
  const ms = report?.ms ?? null;
  const end = signal ?? `exit code ${code}`;
  if (report === undefined) {
    if (hung) return { outcome: 'hung', reason: `nothing for ${TIMEOUT_MS / 1_000} s`, ms };
    return { outcome: signal === null ? 'exited' : 'crashed', reason: end, ms };
  }
  if (report.error !== null) return { outcome: 'refused', reason: report.error, ms };
  if (hung) return { outcome: 'fell', reason: 'the process did not end', ms };
  return code === 0 ? { outcome: 'loaded', reason: null, ms } : { outcome: 'fell', reason: end, ms };
}

function changesOf(
  report: LoadReport | undefined,
): Pick<
  LoadTrial,
  'threadsStarted' | 'signals' | 'descriptorsOpened' | 'folderChanged' | 'environmentChanged'
> {
  if (report === undefined)
    return {
      threadsStarted: 0,
      signals: [],
      descriptorsOpened: 0,
      folderChanged: false,
      environmentChanged: false,
    };
  const { before, after } = report;
  return {
    threadsStarted: Math.max(0, after.threads - before.threads),
    signals: changedSignals(before, after),
    descriptorsOpened: Math.max(0, after.descriptors - before.descriptors),
    folderChanged: before.folder !== after.folder,
    environmentChanged: before.environment !== after.environment,
  };
}

function changedSignals(before: ProcessState, after: ProcessState): string[] {
  const bits = (state: ProcessState): [bigint, bigint] => [
    BigInt(`0x0${state.caught}`),
    BigInt(`0x0${state.ignored}`),
  ];
  const [[caught, ignored], [caughtNow, ignoredNow]] = [bits(before), bits(after)];
  const changed = (caught ^ caughtNow) | (ignored ^ ignoredNow);
  return Object.entries(constants.signals)
    .filter(
      ([name, number]) =>
        name !== 'SIGIOT' && name !== 'SIGPOLL' && (changed & (1n << BigInt(number - 1))) !== 0n,
    )
    .map(([name]) => name);
}
