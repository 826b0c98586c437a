/**
 * What writes the arguments of modules' functions into rows, and reads values of theirs: code that is loaded with the first module (see `doors.mjs`),
 * so that programs without modules do not load it.
 */
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import type { ValueMessage } from '../../shared/messages/module-messages.js';
import type { Arena } from '../memory/arena.js';
import type { ExternalMemory } from '../memory/external-memory.js';
import type { Ticket } from './ticket.js';

/** The row that is written. */
export interface ValueRow {
  readonly sequence: number;
  /** Whether the lane has other calls before it. */
  readonly behind: boolean;
}

export interface ValueRows {
  /**
   * Writes the arguments of a call.
   * @returns byte offset of the payload, or `NO_ROOM`; nothing is allocated then.
   * @throws what structured cloning throws, for arguments that cannot be sent.
   */
  pack(
    memory: LaneMemory,
    arena: Arena,
    ticket: Ticket,
    externalMemory: ExternalMemory,
    row: ValueRow,
  ): number;
  /** The packed arguments of a row that the lane has not started. */
  takeBack(memory: LaneMemory, payload: number, args: readonly unknown[]): readonly unknown[];
  /** The arguments of a call that has to wait, as they are now. @throws as `pack`. */
  snapshot(args: readonly unknown[], functions: boolean, shared: boolean): readonly unknown[];
  /** A value whose form is in memory. @param end byte offset behind it. @throws Disorder */
  read(memory: LaneMemory, at: number, end: number): unknown;
  /** A value that came by message. @throws Disorder */
  readMessage(message: ValueMessage): unknown;
}

/** Set before the first function of a module is declared. */
export const valueRows: { use: ValueRows | null } = { use: null };
