/** The verdicts of `offthread stress`, as its JSON has them: each is there only when it was asked for, or found. */

export interface Verdicts {
  readonly threadSafety?: ThreadSafetyVerdict;
  readonly leak?: LeakVerdict;
  readonly scalability?: ScalabilityVerdict;
  readonly crash?: CrashVerdict;
}

/** Low and high end of a 95 % interval. */
export type Interval = readonly [low: number, high: number];

/** A C program that shows a finding. */
export interface Reproducer {
  /** The program. */
  readonly source: string;
  /** Where it was written; null when no file was written. */
  readonly file: string | null;
  /**
   * `shown`: it was compiled, run, and showed the finding. `not-shown`: it ran, and did not. `not-run`: the machine has
   * no compiler, or the program cannot be run here; `why` says so.
   */
  readonly proof: 'shown' | 'not-shown' | 'not-run';
  /** The command that compiles it. */
  readonly compile: string;
  /** Why it was not run, or what it printed. */
  readonly why?: string;
}

/** Whether calls on several threads at once give what calls one after the other give. */
export interface ThreadSafetyVerdict {
  readonly verdict: 'unsafe' | 'no-race-found' | 'not-comparable' | 'undecided';
  /** One sentence: what the verdict rests on. */
  readonly reason: string;
  /** What went wrong when calls ran at once; null when nothing did. */
  readonly symptom: 'different-result' | 'crash' | 'deadlock' | null;
  /** Calls that ran at once. */
  readonly calls: number;
  readonly lanes: number;
  /** How many calls, one behind the other, belong together (`--sequence`). */
  readonly sequence: number;
  /** The smallest calls that still show it, as lists of arguments: of each thread as many as belong together. */
  readonly scenario: readonly (readonly unknown[])[] | null;
  /** How often the smallest scenario failed. */
  readonly failures: { readonly failed: number; readonly runs: number } | null;
  readonly reproducer: Reproducer | null;
}

/** Whether memory in use grows with the calls. */
export interface LeakVerdict {
  readonly verdict: 'leaks' | 'no-leak-found' | 'undecided';
  readonly reason: string;
  /** Growth of the memory in use, beyond that of a function that does nothing. */
  readonly bytesPerCall: number;
  readonly interval: Interval;
  readonly calls: number;
  /** What was measured: bytes in use as the allocator counts them, or the resident size, which shows less. */
  readonly measure: 'allocator' | 'resident';
}

/** How throughput grows with the number of lanes. */
export interface ScalabilityVerdict {
  /**
   * `scales`: with every lane that was measured. `limited`: by the library. `machine`: by the number of cores, not by the
   * library. `worse`: more lanes make it slower. `undecided`: the measurement does not show it.
   */
  readonly verdict: 'scales' | 'limited' | 'machine' | 'worse' | 'undecided';
  readonly reason: string;
  /** The number of lanes to take; null when undecided. */
  readonly lanes: number | null;
  /** The part of a call, 0 to 1, during which no other call makes progress (sigma); null when undecided. */
  readonly serialised: number | null;
  /** The interval of `serialised`. */
  readonly interval: Interval | null;
}

/** An input that crashes or hangs the function. */
export interface CrashVerdict {
  /** The smallest input that still does, as the list of arguments. */
  readonly input: readonly unknown[];
  readonly symptom: 'crash' | 'hang';
  /** The signal that ended the process; null after an exit, or a hang. */
  readonly signal: string | null;
  readonly exitCode: number | null;
  /** What the library wrote to stderr before it ended. */
  readonly stderr: string;
  /** How often calls crashed or hung, of how many. */
  readonly failures: { readonly failed: number; readonly runs: number };
  readonly reproducer: Reproducer | null;
}
