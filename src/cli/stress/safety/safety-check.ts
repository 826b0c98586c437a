/** A check of thread safety: what was asked for, and what its parts share. */
import type { GivenArguments } from '../direct/argument-memory.js';
import type { Target } from '../../target/target-options.js';
import type { RacePrograms } from '../reproducer/race-programs.js';
import type { HostProcess } from './host-process.js';

/** How probable chance may be as an explanation of a finding. */
export const CHANCE = 0.001;

export interface SafetyRequest {
  readonly target: Target;
  /** Arguments of the calls: some that differ, if the function has any. */
  readonly items: readonly GivenArguments[];
  /** How many calls, one behind the other, belong together: a lane makes them in order, with no other call between. */
  readonly sequence: number;
  /** Names or indices of parameters that answers are compared without; `return` is the returned value. */
  readonly ignored: ReadonlySet<number>;
  /** URL of a module whose default export, given two answers, says whether they count as the same. */
  readonly compareWith: string | null;
  readonly lanes: number;
  readonly durationMs: number;
  readonly seed: number;
  /** Ends the check early: then it is undecided. */
  readonly signal: AbortSignal;
  /** Where the C program of a finding is written; null for nowhere. */
  readonly folder: string | null;
  /** Told what is being done. */
  readonly onStep?: (step: string) => void;
}

/** What the parts of a check share. */
export interface SafetyCheck {
  readonly request: SafetyRequest;
  /** The sequences of calls, by number. With sequences of one, that of a call. */
  readonly all: readonly number[];
  readonly programs: RacePrograms;
  fresh(): Promise<HostProcess>;
  /** ms of the budget that are a share of it. */
  share(part: number): number;
  /** ms of the budget that are left. */
  left(): number;
}

/** The calls of a sequence. */
export function callsOf(
  { request: { items, sequence } }: SafetyCheck,
  item: number,
): readonly GivenArguments[] {
  return items.slice(item * sequence, (item + 1) * sequence);
}
