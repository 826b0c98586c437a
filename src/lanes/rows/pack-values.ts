/**
 * Writes the arguments of a module's function into a lane's memory; what is large, transferred or shared goes in a
 * message before the row.
 *
 * Guarantee: a call whose arguments go in a message is written to an idle lane only, so it starts there at once, and
 * what was transferred need not be taken back.
 */
import { Math } from '../../builtins.js';
import {
  FIRST_RESULT_BYTES,
  LONGEST_FORM,
  MODULE_AREA,
  ModuleArguments,
  ModuleWord,
} from '../../shared/memory/module-payload.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { fits, messageValue } from '../../shared/values/message-value.js';
import { decodeValue } from '../../shared/values/value-decoder.js';
import type { Arena } from '../memory/arena.js';
import type { ExternalMemory } from '../memory/external-memory.js';
import { NO_ROOM } from './pack.js';
import { PackedValues, encodeArguments, encoderFor } from './packed-values.js';
import type { Ticket } from './ticket.js';
import type { ValueRow, ValueRows } from './value-rows.js';

const NO_BUFFERS: readonly ArrayBuffer[] = [];

function packValues(
  memory: LaneMemory,
  arena: Arena,
  ticket: Ticket,
  externalMemory: ExternalMemory,
  { sequence, behind }: ValueRow,
): number {
  const { fn } = ticket;
  let packed = PackedValues.in(ticket.args);
  const encoder = encoderFor(externalMemory.lendsShared);
  const resultBytes = fn.module?.resultBytes ?? FIRST_RESULT_BYTES;
  if (packed === null) {
    encodeArguments(encoder, ticket.args, fn.takesFunctions);
    if (fits(encoder, LONGEST_FORM)) {
      const bytes = Math.max(encoder.bytes, resultBytes);
      const payload = arena.allocate(MODULE_AREA + bytes);
      if (payload < 0) return NO_ROOM;
      encoder.copyTo(memory.i32, payload + MODULE_AREA);
      memory.i32[payload / 4 + ModuleWord.WHERE] = ModuleArguments.HERE;
      memory.i32[payload / 4 + ModuleWord.BYTES] = bytes;
      return payload;
    }
    packed = PackedValues.of(encoder, ticket.args);
    ticket.args = [packed];
  }
  const { form } = packed;
  if (form === null && behind) return NO_ROOM;
  const bytes = Math.max(form === null ? 0 : form.byteLength, resultBytes);
  const payload = arena.allocate(MODULE_AREA + bytes);
  if (payload < 0) return NO_ROOM;
  memory.i32[payload / 4 + ModuleWord.WHERE] = form === null ? ModuleArguments.MESSAGE : ModuleArguments.HERE;
  memory.i32[payload / 4 + ModuleWord.BYTES] = bytes;
  if (form !== null) {
    memory.i32.set(form, (payload + MODULE_AREA) / 4);
    return payload;
  }
  try {
    const { message, transfers } = packed.send((ticket.attempts ?? 1) > 1);
    externalMemory.post({ kind: 'values', sequence, message }, transfers);
  } catch (error) {
    arena.undo();
    throw error;
  }
  return payload;
}

function takeBackValues(memory: LaneMemory, payload: number, args: readonly unknown[]): readonly unknown[] {
  if (PackedValues.in(args) !== null) return args;
  const from = (payload + MODULE_AREA) / 4;
  const bytes = memory.i32[payload / 4 + ModuleWord.BYTES] as number;
  return [PackedValues.from(memory.i32.slice(from, from + bytes / 4), args)];
}

function snapshotValues(args: readonly unknown[], functions: boolean, shared: boolean): readonly unknown[] {
  if (PackedValues.in(args) !== null) return args;
  const encoder = encoderFor(shared);
  encodeArguments(encoder, args, functions);
  return [PackedValues.of(encoder, args)];
}

export const packedRows: ValueRows = {
  pack: packValues,
  takeBack: takeBackValues,
  snapshot: snapshotValues,
  read: (memory, at, end) => decodeValue(memory, at, end, NO_BUFFERS),
  readMessage: messageValue,
};
