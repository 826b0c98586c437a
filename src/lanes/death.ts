/** How a lane died. */
import { constants } from 'node:os';
import type { DeathPhase } from '../errors.js';
import { Header, Phase } from '../shared/memory/layout.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';

export interface Death {
  /** What happened, as the end of a sentence: "was killed by SIGSEGV". */
  readonly reason: string;
  /** The likely cause, and what to do; undefined if signal and exit code say enough. */
  readonly advice?: string | undefined;
  /** Whether the contents of the lane's memory are invalid: then none of them are used. */
  readonly disorder?: boolean;
  readonly phase: DeathPhase;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  /** Process id of a process lane. */
  readonly pid?: number | undefined;
  /** The last lines that a process lane wrote to stderr. */
  readonly stderr: readonly string[];
  readonly cause?: unknown;
}

const PHASES: Readonly<Record<number, DeathPhase>> = {
  [Phase.IDLE]: 'idle',
  [Phase.CALL]: 'call',
  [Phase.ANSWER]: 'answer',
};

/** The phase that a lane last recorded in its memory. */
export function phaseOf(memory: LaneMemory): DeathPhase {
  return PHASES[memory.i32[Header.PHASE] as number] ?? 'boot';
}

/** The name of a signal number. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found === undefined ? `signal ${number}` : found[0];
}
