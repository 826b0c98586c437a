/** A check of thread safety: what was asked for, and what its parts share. */
import type { GivenArguments } from '../direct/argument-memory.js';
import type { Target } from '../../target/target-options.js';
import type { HostProcess } from './host-process.js';

export interface SafetyRequest {
  readonly target: Target;
  /** Arguments of the calls: some that differ, if the function has any. */
  readonly items: readonly GivenArguments[];
  /** Names or indices of parameters that answers are compared without; `return` is the returned value. */
  readonly ignored: ReadonlySet<number>;
  /** URL of a module whose default export, given two answers, says whether they count as the same. */
  readonly compareWith: string | null;
  readonly lanes: number;
  readonly durationMs: number;
  readonly seed: number;
  /** Where the C program of a finding is written; null for nowhere. */
  readonly folder: string | null;
  /** Told what is being done. */
  readonly onStep?: (step: string) => void;
}

/** What the parts of a check share. */
export interface SafetyCheck {
  readonly request: SafetyRequest;
  readonly all: readonly number[];
  fresh(): Promise<HostProcess>;
  /** ms of the budget that are a share of it. */
  share(part: number): number;
  /** ms of the budget that are left. */
  left(): number;
}
