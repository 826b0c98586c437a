/** Reads the results of a call from its row and payload, and from texts sent by message. */
import type { DeclaredFunction } from './declared-function.js';
import { readCell } from '../../declare/memory/cells.js';
import { RowDouble } from '../../shared/memory/layout.js';
import type { LaneMemory } from '../../shared/memory/lane-memory.js';
import { Disorder } from '../../shared/messages/disorder.js';
import {
  NO_TEXT,
  Op,
  TEXT_CAPACITY,
  TEXT_ELSEWHERE,
  TEXT_HEADER,
  TEXT_NULL,
  isLeftOut,
} from '../../shared/memory/payload.js';

/** Texts that are too long for their areas, in the order: last error, returned text, out texts. */
export type LongTexts = readonly (string | null)[] | null;

function textAt(memory: LaneMemory, at: number, long: LongTexts, position: number): string | null {
  const length = memory.i32[at / 4] as number;
  if (length === TEXT_NULL) return null;
  if (length === TEXT_ELSEWHERE) {
    const text = long?.[position];
    if (text === undefined) throw new Disorder('the location of a string');
    return text;
  }
  if (length < 0 || length > TEXT_CAPACITY) throw new Disorder('the length of a string');
  return memory.bytes.toString('utf8', at + TEXT_HEADER, at + TEXT_HEADER + length);
}

/** The library's text of its last error, or null. */
export function readLastError(
  memory: LaneMemory,
  payload: number,
  fn: DeclaredFunction,
  long: LongTexts,
): string | null {
  return fn.plan.lastError === NO_TEXT ? null : textAt(memory, payload + fn.plan.lastError, long, 0);
}

/** The native return value, without out parameters. */
export function readReturned(
  memory: LaneMemory,
  sequence: number,
  payload: number,
  fn: DeclaredFunction,
  long: LongTexts,
): unknown {
  const { plan } = fn;
  const at = memory.rowDouble(sequence) + RowDouble.RESULT;
  switch (plan.returnOp) {
    case Op.I32: {
      const value = memory.i32[at * 2] as number;
      return fn.returnsBool ? value !== 0 : value;
    }
    case Op.U32:
      return memory.u32[at * 2];
    case Op.F64:
      return memory.f64[at];
    case Op.I64:
      return memory.i64[at];
    case Op.U64:
      return memory.u64[at];
    default:
      if (plan.returnStruct !== NO_TEXT) return returnedStruct(memory, payload, fn);
      if (plan.returnText === NO_TEXT) return undefined;
      return textAt(memory, payload + plan.returnText, long, plan.lastError === NO_TEXT ? 0 : 1);
  }
}

function returnedStruct(
  { bytes }: LaneMemory,
  payload: number,
  { compiled, plan }: DeclaredFunction,
): unknown {
  const { returns } = compiled.spec;
  if (returns.kind !== 'struct' || compiled.structs === null) return undefined;
  const at = payload + plan.returnStruct;
  return compiled.structs.returned(bytes.subarray(at, at + returns.layout.size));
}

/** The return value; followed by the out parameters, if the function has any. */
export function withOuts(
  memory: LaneMemory,
  payload: number,
  fn: DeclaredFunction,
  long: LongTexts,
  returned: unknown,
  args: readonly unknown[],
): unknown {
  if (!fn.hasOuts) return returned;
  const { plan } = fn;
  const { structs } = fn.compiled;
  const values: unknown[] = [returned];
  const before = (plan.lastError === NO_TEXT ? 0 : 1) + (plan.returnText === NO_TEXT ? 0 : 1);
  let text = 0;
  const leftOut = plan.leftOut === NO_TEXT ? 0 : (memory.i32[(payload + plan.leftOut) / 4] as number);
  fn.compiled.spec.params.forEach((param, index) => {
    if (param.kind === 'out' || param.kind === 'inout') {
      values.push(isLeftOut(leftOut, index) ? null : readCell(memory.data, payload + index * 8, param.type));
    } else if (param.kind === 'outText') {
      values.push(textAt(memory, payload + (plan.outTexts[text] as number), long, before + text));
      text += 1;
    } else if (structs?.comesBack(index) === true) {
      values.push(structs.read(index, args));
    }
  });
  return values;
}
