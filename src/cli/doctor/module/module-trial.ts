/** Loads a module in processes of their own, on the main thread and in threads, and tells what happened. */
import { type LoadTrial, trialOf } from '../probe/load-trial.js';
import type { ModuleLoad, ProbeMode, ThreadStep } from '../probe/module-probe.js';
import { type ProbeEnd, TIMEOUT_MS, runProbe } from '../probe/probe-process.js';

/** How it went with threads of one process. */
export interface ThreadTrial {
  /** `fine`; a thread could not load it (`refused`); the process `crashed`, or `hung`. */
  readonly outcome: 'fine' | 'refused' | 'crashed' | 'hung';
  /** The message of what was thrown, the signal or the exit code. */
  readonly reason: string | null;
  /** Threads that loaded it. */
  readonly loaded: number;
  /** Threads that had loaded it, and ended. */
  readonly ended: number;
}

/** Threads that load a module. */
export interface ThreadTrials {
  /** One after the other; each ends by itself. */
  readonly inTurn: ThreadTrial;
  /** Two at once; each ends by itself. */
  readonly together: ThreadTrial;
  /** One after the other; each is terminated. */
  readonly terminated: ThreadTrial;
}

/** A module on the main thread of a process. */
export interface ModuleTrial {
  readonly trial: LoadTrial;
  readonly load: ModuleLoad | undefined;
}

const FLAGS = ['--experimental-import-meta-resolve'];

/** @param folder - the current folder of the processes, from which the module is found. */
function probe(mode: ProbeMode, name: string, folder: string): Promise<ProbeEnd> {
  return runProbe('module-probe.js', [mode, name], { flags: FLAGS, folder });
}

export async function moduleTrial(name: string, folder: string): Promise<ModuleTrial> {
  const end = await probe('main', name, folder);
  const [load] = linesOf<ModuleLoad>(end);
  return { trial: trialOf(end, load), load };
}

export async function threadTrials(name: string, folder: string): Promise<ThreadTrials> {
  const trial = async (mode: ProbeMode): Promise<ThreadTrial> => threadTrial(await probe(mode, name, folder));
  const [inTurn, together, terminated] = await Promise.all([
    trial('in-turn'),
    trial('together'),
    trial('terminated'),
  ]);
  return { inTurn, together, terminated };
}

function threadTrial(end: ProbeEnd): ThreadTrial {
  const steps = linesOf<ThreadStep>(end);
  const loaded = steps.filter(({ step }) => step === 'loaded').length;
  const ended = steps.filter(({ step }) => step === 'ended').length;
  const outcome = (of: ThreadTrial['outcome'], reason: string | null): ThreadTrial => ({
    outcome: of,
    reason,
    loaded,
    ended,
  });
  const failed = steps.find((step) => step.step === 'failed');
  if (failed !== undefined) return outcome('refused', failed.message);
  if (end.hung) return outcome('hung', `nothing for ${TIMEOUT_MS / 1_000} s`);
  if (end.code !== 0) return outcome('crashed', end.signal ?? `exit code ${end.code}`);
  return outcome('fine', null);
}

/** A process that dies may leave half a line. */
function linesOf<T>({ said }: ProbeEnd): T[] {
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}
