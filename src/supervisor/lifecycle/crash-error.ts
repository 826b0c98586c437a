/** How a lane died, in words: for the call that it was at, and for those who listen. */
import { type CrashDetails, type DeathPhase, type ErrorContext, LaneCrashedError } from '../../errors.js';
import type { Death } from '../../lanes/death.js';
import { digestArguments } from '../../lanes/rows/argument-digest.js';
import type { PoolSettings } from '../../options/pool-options.js';
import type { Job, JobLane } from '../job.js';
import { startAdvice } from './start-advice.js';

const WHERE: Readonly<Record<DeathPhase, string>> = {
  boot: 'while it started, or opened a library',
  idle: 'between calls',
  call: 'in native code',
  answer: 'after native code had returned, reading what it brought',
};
/** Of a call that the lane had claimed. */
const BEFORE = 'before it reached native code';

/** Exit code of a Node.js that does not know its options. */
const REFUSED_OPTIONS = 9;

/** By signal or exit: what it usually is, and what to do. */
function adviceOf({ advice, signal, exitCode, phase, stderr, pid, cause }: Death): string {
  const said = stderr.length > 0 ? ' It said on stderr what `stderr` has.' : '';
  if (advice !== undefined) return `${advice}${said}`;
  if (phase === 'boot' && exitCode === REFUSED_OPTIONS) {
    return `Node.js has refused its options: look at \`execArgv\`, at NODE_OPTIONS in \`env\`, and at those that this process was started with.${said}`;
  }
  if (phase === 'boot' && cause !== undefined) {
    return (
      startAdvice(cause) ??
      'The system could not start it: it has no descriptors, processes or memory left (ulimit -n, -u, -v), or the executable of Node.js is gone.'
    );
  }
  if (phase === 'answer') {
    return `Native code has returned something that is not what its declaration says: a pointer to text that is none, or has no end.${said}`;
  }
  switch (signal) {
    case 'SIGSEGV':
    case 'SIGBUS':
      return `Native code touched memory that it must not: look at the declaration (types, lengths, pointers) and at the arguments.${ofAnother(pid)}${said}`;
    case 'SIGABRT':
      return `Native code ended itself: a failed assertion, or memory found corrupted.${said}`;
    case 'SIGKILL':
      return `Something outside of this pool killed it: the system, where memory has run out, an operator, or native code with kill().${said}`;
    case undefined:
      break;
    default:
      return `Look at what raises that signal.${said}`;
  }
  return exitCode === undefined
    ? `Look at the cause.${said}`
    : `Something in it called exit, or threw where nobody catches.${said}`;
}

/** The commonest way to crash a process lane that threads survive. */
function ofAnother(pid: number | undefined): string {
  return pid === undefined
    ? ''
    : ' A pointer is good only in the lane that it came from: calls that share one need { lanes: 1 }.';
}

/** What the error of a call depends on beside the call. */
export interface CrashTelling {
  readonly redact: PoolSettings['redact'];
  /** Whether the lane is replaced. */
  readonly replaced: boolean;
}

/** The error of a call that a lane was at when it died. */
export function crashedCall(
  lane: JobLane,
  job: Job,
  death: Death,
  { redact, replaced }: CrashTelling,
): LaneCrashedError {
  const { name } = job.fn;
  const times = job.crashes ?? 1;
  const [phase, where] =
    death.phase === 'idle' ? (['call', BEFORE] as const) : [death.phase, WHERE[death.phase]];
  return new LaneCrashedError(
    `${name} ended its lane: ${lane.name} ${death.reason} ${where}${times > 1 ? `, lane number ${times} that this call has ended` : ''}. ` +
      `${adviceOf(death)} The other calls go on${replaced ? ', and the lane is replaced' : ''}.`,
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

/** The death itself, for those who listen. */
export function crashError(lane: JobLane, death: Death): LaneCrashedError {
  return new LaneCrashedError(`Lane ${lane.name} ${death.reason} ${WHERE[death.phase]}. ${adviceOf(death)}`, {
    ...detailsOf(death),
    lane: lane.name,
  });
}
