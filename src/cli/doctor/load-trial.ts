/** Loads a library in a process of its own, and tells what happened. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LoadReport, ProcessState } from './load-probe.js';

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

const TIMEOUT_MS = 10_000;
/** Characters of output that are kept. */
const KEPT = 2_000;

export async function loadTrial(library: string): Promise<LoadTrial> {
  const program = fileURLToPath(new URL('load-probe.js', import.meta.url));
  const child = spawn(process.execPath, [program, library], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  let hung = false;
  const guard = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, TIMEOUT_MS);
  const texts = ['', '', '', ''];
  for (const [index, stream] of child.stdio.entries()) {
    if (!(stream instanceof Readable)) continue;
    stream.on('data', (bytes: Buffer) => {
      const limit = index === 3 ? Number.POSITIVE_INFINITY : KEPT;
      texts[index] = (texts[index] + bytes.toString('utf8')).slice(0, limit);
    });
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, by) => resolve([status, by]));
  });
  clearTimeout(guard);
  const [, stdout = '', stderr = '', said = ''] = texts;
  const report = said === '' ? undefined : (JSON.parse(said) as LoadReport);
  return { ...outcomeOf(report, code, signal, hung), stdout, stderr, ...changesOf(report) };
}

function outcomeOf(
  report: LoadReport | undefined,
  code: number | null,
  signal: NodeJS.Signals | null,
  hung: boolean,
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
