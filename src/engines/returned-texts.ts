/**
 * The texts that a call returns, copied from native memory by length, and freed if the declaration names a function for
 * it.
 *
 * Order: the library's own last error, the returned text, those of out
 * parameters, because each later step may disturb the earlier.
 */
import type { FunctionSpec, TextSpec } from '../declare/spec.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import { NO_TEXT, type PayloadPlan } from '../shared/memory/payload.js';
import type { Engine, EngineLibrary, NativeArgument, NativeFunction, NativeResult } from './engine.js';
import type { Frame } from './frame.js';
import { helperPrototype } from './prototypes.js';
import { nativeText } from './system/native-text.js';

interface TextSource {
  readonly cell: number;
  readonly area: number;
  readonly free: NativeFunction | null;
}

/**
 * Copies the texts of a call that has returned.
 * @param args as they were passed.
 * @param failed whether the returned value means failure.
 * @returns the texts that are too long for their areas, with null for the others; null if all fit.
 */
export type ReturnedTexts = (
  frame: Frame,
  payload: number,
  args: readonly NativeArgument[],
  value: NativeResult,
  failed: boolean,
) => (string | null)[] | null;

/** Null if no text is returned. @throws SymbolNotFoundError */
export function returnedTexts(
  engine: Engine,
  library: EngineLibrary,
  spec: FunctionSpec,
  plan: PayloadPlan,
): ReturnedTexts | null {
  const { returns, params } = spec;
  const lastError = spec.lastError === null ? null : lastErrorOf(library, spec, spec.lastError);
  const free = (text: TextSpec): NativeFunction | null =>
    text.free === null ? null : library.bind(text.free, { arguments: ['pointer'], returns: 'void' });
  const returnFree = returns.kind === 'text' ? free(returns.text) : null;
  const outTexts: TextSource[] = [];
  params.forEach((param, cell) => {
    if (param.kind !== 'outText') return;
    outTexts.push({ cell, area: plan.outTexts[outTexts.length] as number, free: free(param.text) });
  });
  if (returns.kind !== 'text' && outTexts.length === 0 && lastError === null) return null;
  const reader = nativeText(engine);
  return ({ memory, base }, payload, args, value, failed) => {
    const texts: (string | null)[] = [];
    if (lastError !== null && (failed || spec.fails === 'host')) {
      texts.push(reader.copy(lastError(memory, payload, args), memory, base, payload + plan.lastError));
    } else if (plan.lastError !== NO_TEXT) {
      memory.i32[(payload + plan.lastError) / 4] = -1;
      texts.push(null);
    }
    if (plan.returnText !== NO_TEXT) {
      texts.push(reader.copy(value as bigint, memory, base, payload + plan.returnText));
      if (returnFree !== null && value !== 0n) returnFree(value as bigint);
    }
    for (const source of outTexts) {
      const pointer = memory.u64[payload / 8 + source.cell] as bigint;
      texts.push(reader.copy(pointer, memory, base, payload + source.area));
      if (source.free !== null && pointer !== 0n) source.free(pointer);
    }
    return texts.some((text) => text !== null) ? texts : null;
  };
}

/**
 * Asks the library for its last error. The helper receives values of the call: arguments as they were passed, and the
 * content of cells.
 */
function lastErrorOf(
  library: EngineLibrary,
  spec: FunctionSpec,
  { symbol, arguments: indices }: NonNullable<FunctionSpec['lastError']>,
) {
  const native = library.bind(symbol, helperPrototype(spec, indices, 'pointer'));
  return ({ u64 }: LaneMemory, payload: number, args: readonly NativeArgument[]): bigint => {
    const values = indices.map((index) => {
      const param = spec.params[index];
      const isCell = param !== undefined && param.kind !== 'value' && 'type' in param;
      return (isCell ? u64[payload / 8 + index] : args[index]) as number | bigint;
    });
    return native(...values) as bigint;
  };
}
