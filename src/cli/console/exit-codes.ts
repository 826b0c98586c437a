/** What the exit code of the command says. Stable: scripts test it. */
export const EXIT = {
  ok: 0,
  /** Some items, or the call, failed. */
  failed: 1,
  /** Nothing was called: the command line, a prototype, an argument or an input is wrong. */
  usage: 2,
  /** An objective (`--slo`, `--compare`) was missed. */
  objective: 3,
  /** More items failed than `--max-failures` allows. */
  tooManyFailures: 4,
  /** The library crashed. */
  crashed: 5,
  /** A verdict is bad: not thread-safe, or it leaks. */
  verdict: 6,
  /** Ctrl-C, as shells have it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
