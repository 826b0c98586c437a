/** How a lane died. */
import { constants } from 'node:os';
import type { DeathPhase } from '../errors.js';
import { Header, Phase } from '../shared/memory/layout.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';

export interface Death {
  /** What happened, as the end of a sentence: "was killed by SIGSEGV". */
  readonly reason: string;
  /** The likely cause, and what to do; where there is more to say than signal and exit code tell. */
  readonly advice?: string | undefined;
  /** Whether what it has left in its memory makes no sense: then none of it is used. */
  readonly disorder?: boolean;
  readonly phase: DeathPhase;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  /** Of a process lane. */
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

/** Where a lane last said that it was. */
export function phaseOf(memory: LaneMemory): DeathPhase {
  return PHASES[memory.i32[Header.PHASE] as number] ?? 'boot';
}

/** The name of a signal, by its number. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found === undefined ? `signal ${number}` : found[0];
}
