/** The line of a result, and that of an item that failed. */
import { LaneCrashedError, NativeError, OffthreadError } from 'offthread';
import { inCommandWords } from '../../console/command-words.js';
import { jsonValue, partsOf } from '../../target/value-text.js';
import { cellsOf, outsOf } from '../../target/outs.js';
import type { Target } from '../../target/target-options.js';
import type { Unusable } from '../input/item-arguments.js';

/** Makes the line of a result. @param args the arguments of the call, with memory that the function has filled. */
export type ResultLine = (index: number, result: unknown, args: readonly unknown[]) => string;

export function resultLine(target: Target, valuesOnly: boolean): ResultLine {
  const cells = cellsOf(target);
  const plain = cells === 0 && target.description.parameters.every(({ changes }) => !changes);
  return (index, result, args) => {
    if (plain && typeof result === 'number' && Number.isFinite(result)) {
      return valuesOnly ? `${result}\n` : `{"index":${index},"value":${result}}\n`;
    }
    const parts = partsOf(result, cells);
    const value = jsonValue(parts.value);
    if (valuesOnly) return `${JSON.stringify(value)}\n`;
    const outs = outsOf(target, args, parts.outs);
    if (outs.size === 0) return `${JSON.stringify({ index, value })}\n`;
    const named = Object.fromEntries([...outs].map(([name, out]) => [name, jsonValue(out)]));
    return `${JSON.stringify({ index, value, outs: named })}\n`;
  };
}

/** What is told of an error. Members without a value are left out of JSON. */
export interface ErrorFields {
  readonly kind: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly signal?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly returned?: unknown;
  readonly errno?: number | undefined;
}

/** @param problem what makes an item unusable that was never called. */
export function errorFields(error: unknown, problem?: Unusable): ErrorFields {
  if (problem !== undefined) return { kind: 'input', code: 'OFFTHREAD_INPUT', message: problem.problem };
  if (!(error instanceof OffthreadError)) return { kind: 'other', code: undefined, message: String(error) };
  const { kind, code } = error;
  const message = inCommandWords(error.message);
  if (error instanceof LaneCrashedError) {
    return { kind, code, message, signal: error.signal, exitCode: error.exitCode };
  }
  if (error instanceof NativeError) {
    return { kind, code, message, returned: jsonValue(error.returned), errno: error.errno };
  }
  return { kind, code, message };
}

/** What the library wrote to stderr before it crashed. */
export function stderrOf(error: unknown): readonly string[] | undefined {
  return error instanceof LaneCrashedError && error.stderr.length > 0 ? error.stderr : undefined;
}
