/** What the command and its host process say to each other. */
import type { Target } from '../../target/target-options.js';
import type { GivenArguments } from '../direct/argument-memory.js';

/** What the host process opens before anything else. */
export interface Opening {
  readonly kind: 'open';
  readonly target: Target;
  readonly items: readonly GivenArguments[];
  /** How many of the items, one behind the other, belong together. */
  readonly sequence: number;
  readonly lanes: number;
  /** Indices of parameters that answers are compared without; -1 is the returned value. */
  readonly ignored: readonly number[];
  /** A module whose default export says whether two answers are the same. */
  readonly compareWith: string | null;
  readonly seed: number;
}

export interface AnswersOrder {
  readonly kind: 'answers';
  /** For each lane that takes part the sequences of calls that it makes. */
  readonly threads: readonly (readonly number[])[];
  /** Whether the lanes make their calls at the same time, or one lane after the other. */
  readonly atOnce: boolean;
  readonly ms: number;
  /** Ends earlier when so many answers were wrong, or so many calls made. */
  readonly enoughWrong: number;
  readonly enoughCalls: number;
}

export interface DrawsOrder {
  readonly kind: 'draws';
  /** The sequence that is made over and over. */
  readonly item: number;
  /** How many calls; 0: as many as fit the time. */
  readonly calls: number;
  readonly ms: number;
  /** How long a call takes, measured before: here every call counts. */
  readonly callMs: number;
  /** On one lane; on all, one lane after the other; on all at once. */
  readonly spread: 'one' | 'turns' | 'at-once';
}

export type Order = Opening | AnswersOrder | DrawsOrder;

/** An answer that was not what the same call gives alone. */
export interface WrongAnswer {
  /** The sequence of the call. */
  readonly item: number;
  readonly expected: string;
  readonly seen: string;
  /** A sequence whose answer this would have been; null when it is that of none. */
  readonly answerOf: number | null;
}

export type Report =
  | { readonly kind: 'opened' }
  /** Sent while calls are made. `stuck`: no call has ended for long, although nothing kept the threads from running. */
  | { readonly kind: 'alive'; readonly calls: number; readonly stuck: boolean }
  | {
      readonly kind: 'answers';
      readonly calls: number;
      readonly wrong: number;
      readonly samples: readonly WrongAnswer[];
      readonly callMs: number;
    }
  | {
      readonly kind: 'draws';
      readonly calls: number;
      /** Of all answers, in any order. */
      readonly digest: string;
      /** An answer that was given more than once, among the first million; null when there is none. */
      readonly repeated: string | null;
    }
  /** The library, or the machine, does not allow it; the message says why. `refused`: nothing was called. */
  | { readonly kind: 'failed'; readonly message: string; readonly refused: boolean };
