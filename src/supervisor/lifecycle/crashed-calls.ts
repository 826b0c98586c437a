/**
 * The calls of a lane that has died: those that it had started fail, or, where
 * they ask for it, are run again elsewhere.
 */
import { performance } from '../../builtins.js';
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

/** What a pool does with the calls of a lane that died. */
export class Crashes {
  readonly #settings: PoolSettings;
  readonly #replaces: () => boolean;

  /** @param replaces whether lanes that die are replaced at present. */
  constructor(settings: PoolSettings, replaces: () => boolean) {
    this.#settings = settings;
    this.#replaces = replaces;
  }

  /**
   * Ends the calls that a lane had started; those that it had not have been taken back.
   * @returns the jobs that are to be run again.
   */
  settle(lane: JobLane, death: Death): Job[] {
    const { ring } = lane;
    const again: Job[] = [];
    for (; ring.occupied !== 0; ring.free()) {
      const job = ring.ticket(ring.head);
      if (job.lane !== lane || job.isSettled) continue;
      const startedAt = timeOf(ring.startedAt(job.sequence));
      // A process had its interrupt thread with it.
      if (lane.kind === 'thread') ring.closeInterrupt(job.sequence, job.id);
      job.crashes = (job.crashes ?? 0) + 1;
      if (job.items !== null) {
        job.items.collect(ring.memory, job.sequence);
        job.args = job.items.argumentsOf(job.items.done);
      } else if (job.fn.plan.hasData) job.args = ring.lentArguments(job.sequence);
      if (mayRunAgain(job)) {
        job.lane = null;
        job.announced = false;
        again.push(job);
        continue;
      }
      job.startedAt = startedAt;
      job.endedAt = performance.now();
      const error = this.#error(lane, job, death);
      // The first cause wins: it had been asked to stop.
      if (job.stopping === null) job.settle('failed', undefined, error);
      else {
        job.stopping.error.cause ??= error;
        job.settle(job.stopping.ending, undefined, job.stopping.error);
      }
    }
    return again;
  }

  #error(lane: JobLane, job: Job, death: Death): LaneCrashedError {
    const { name } = job.fn;
    const times = job.crashes ?? 1;
    const [phase, where] =
      death.phase === 'idle' ? (['call', BEFORE] as const) : [death.phase, WHERE[death.phase]];
    return new LaneCrashedError(
      `${name} ended its lane: ${lane.name} ${death.reason} ${where}${times > 1 ? `, lane number ${times} that this call has ended` : ''}. ` +
        `${adviceOf(death)} The other calls go on${this.#replaces() ? ', and the lane is replaced' : ''}.`,
      {
        ...detailsOf(death),
        phase,
        call: job.id,
        symbol: name,
        lane: lane.name,
        attempts: times,
        digest: this.#digest(name, job.args),
      },
    );
  }

  #digest(symbol: string, args: readonly unknown[]): string {
    return digestArguments(symbol, args, this.#settings.redact);
  }
}

function mayRunAgain(job: Job): boolean {
  return (
    job.stopping === null &&
    job.attempts > (job.crashes ?? 0) &&
    // Chunks have been handed out: nobody could tell the second run's from the first's.
    (job.callbackState?.sink ?? null) === null
  );
}

/** A row that a lane left half-written, or overwrote, may hold no time. */
function timeOf(startedAt: number): number {
  const now = performance.now();
  return startedAt > 0 && startedAt <= now ? startedAt : now;
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
