/** The errors that describe the death of a lane: for the call that it ran, and for the `lane-crashed` event. */
import { type CrashDetails, type DeathPhase, type ErrorContext, LaneCrashedError } from '../../errors.js';
import type { Death } from '../../lanes/death.js';
import { digestArguments } from '../../lanes/rows/argument-digest.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Job, JobLane } from '../job.js';
import { startAdvice } from './start-advice.js';

const WHERE: Readonly<Record<DeathPhase, string>> = {
  boot: 'while it started or opened a library',
  idle: 'between calls',
  call: 'in native code',
  answer: 'after native code had returned, while its results were read',
};
/** The same for a call that the lane had claimed but not started. */
const BEFORE = 'before it reached native code';

/** Exit code of Node.js when it rejects its options. */
const REFUSED_OPTIONS = 9;

/** The usual cause of a death, by signal or exit code, and what to do. */
function adviceOf({ advice, signal, exitCode, phase, stderr, pid, cause }: Death): string {
  const said = stderr.length > 0 ? ' See `error.stderr`.' : '';
  if (advice !== undefined) return `${advice}${said}`;
  if (phase === 'boot' && exitCode === REFUSED_OPTIONS) {
    return `Node.js rejected its options: check \`execArgv\`, NODE_OPTIONS in \`env\`, and the options of this process.${said}`;
  }
  if (phase === 'boot' && cause !== undefined) {
    return (
      startAdvice(cause) ??
      'The system could not start the process: no descriptors, processes or memory are left (ulimit -n, -u, -v), or the executable of Node.js has been removed.'
    );
  }
  if (phase === 'answer') {
    return `Native code returned a value that does not match its declaration: a pointer that is not a valid C string, or a string without an end.${said}`;
  }
  switch (signal) {
    case 'SIGSEGV':
    case 'SIGBUS':
      return `Native code accessed invalid memory: check the declaration (types, lengths, pointers) and the arguments.${ofAnother(pid)}${said}`;
    case 'SIGABRT':
      return `Native code aborted: a failed assertion, or corrupted memory.${said}`;
    case 'SIGKILL':
      return `The process was killed from outside this pool: by the system when memory ran out, by an operator, or by native code with kill().${said}`;
    case undefined:
      break;
    default:
      return `Check what raises that signal.${said}`;
  }
  return exitCode === undefined
    ? `See \`error.cause\`.${said}`
    : `Code in the process called exit(), or threw an error that was not caught.${said}`;
}

/** Advice for the commonest crash that only process lanes have: a pointer from another lane. */
function ofAnother(pid: number | undefined): string {
  return pid === undefined
    ? ''
    : ' A pointer is valid only in the lane that it came from: calls that share a pointer belong into one session (pool.session).';
}

/** Facts about the pool that the error of a call depends on. */
export interface CrashTelling {
  readonly redact: PoolSettings['redact'];
  /** Whether the lane is replaced. */
  readonly replaced: boolean;
}

/** The error of a call that was running when its lane died. */
export function crashedCall(
  lane: JobLane,
  job: Job,
  death: Death,
  { redact, replaced }: CrashTelling,
): LaneCrashedError {
  const { name } = job.fn;
  const times = job.crashes === 0 ? 1 : job.crashes;
  const [phase, where] =
    death.phase === 'idle' ? (['call', BEFORE] as const) : [death.phase, WHERE[death.phase]];
  return new LaneCrashedError(
    `${name} ended its lane: ${lane.name} ${death.reason} ${where}${times > 1 ? `, as lane number ${times} that this call has ended` : ''}. ` +
      `${adviceOf(death)} Other calls are not affected${replaced ? ', and the lane is replaced' : ''}.`,
    {
      ...detailsOf(death),
      phase,
      call: job.id,
      symbol: name,
      lane: lane.name,
      attempts: times,
      digest: digestArguments(name, job.args, redact),
    },
  );
}

function detailsOf({ phase, signal, exitCode, pid, stderr, cause }: Death): ErrorContext & CrashDetails {
  return { phase, signal, exitCode, pid, stderr, cause };
}

/** The error of the death itself, for the `lane-crashed` event. */
export function crashError(lane: JobLane, death: Death): LaneCrashedError {
  return new LaneCrashedError(`Lane ${lane.name} ${death.reason} ${WHERE[death.phase]}. ${adviceOf(death)}`, {
    ...detailsOf(death),
    lane: lane.name,
  });
}
