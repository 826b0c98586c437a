/** The words for an argument that cannot be passed: which, what it is, why not, and what to write. */
import { ArgumentError } from '../../errors.js';
import { scalarAdvice } from './advice.js';
import { bytesState } from './bytes.js';
import type { CompiledFunction } from '../compile/compile.js';
import { argumentType, type GivenType } from './caller-arguments.js';
import { HeldBytes } from './held-bytes.js';
import { misfit } from './host-function.js';
import { show, showName } from './show.js';
import { misfitOfTexts } from './text-list.js';

/** The error for a call with too many or too few values. */
export function explainCount(fn: CompiledFunction, args: readonly unknown[]): ArgumentError {
  const types = argumentTypes(fn)
    .map((type, index) => memoryName(fn, index) ?? nameOf(type))
    .filter((_, index) => fn.structs?.isGiven(index) ?? true);
  const filled =
    types.length < fn.spec.params.length ? ' Out parameters and special parameters are not passed.' : '';
  return failure(
    fn,
    `takes ${types.length} ${types.length === 1 ? 'argument' : 'arguments'} (${types.join(', ')}), but ${args.length} ${args.length === 1 ? 'was' : 'were'} passed.${filled}`,
  );
}

/** The error for a value that does not fit; `index` counts what the caller gives, from 0. */
export function explainArgument(
  fn: CompiledFunction,
  index: number,
  args: readonly unknown[],
): ArgumentError {
  const value = args[index];
  const type = argumentTypes(fn)[index] as GivenType;
  const declared = fn.callerArguments.positions[index];
  const given = fn.structs?.given(index) ?? index;
  const place =
    declared === given ? nameOf(type) : `${nameOf(type)}, declared as ${declaredAs(fn, declared as number)}`;
  return failure(fn, `argument ${given} (${place}) is ${show(value)}. ${advice(fn, index, type, args)}`);
}

/** Where a parameter is in the declaration. */
function declaredAs({ spec: { named } }: CompiledFunction, index: number): string {
  return named === undefined || index < named ? `arguments[${index}]` : `variadic[${index - named}]`;
}

/** The error for a part of a value: `index` counts what the caller gives, `what` begins with the part, as in `.tv_sec (i64) is …`. */
export function explainPart(fn: CompiledFunction, index: number, what: string): ArgumentError {
  return failure(fn, `argument ${index}${what}`);
}

function failure(fn: CompiledFunction, what: string): ArgumentError {
  const { name } = fn.spec;
  return new ArgumentError(`${showName(name)} of ${showName(fn.library)}: ${what}`, { symbol: name });
}

/** The type as a declaration has it. */
function nameOf(type: GivenType): string {
  if (type === 'wanted') return 'optional out';
  return type === 'counted' ? 'cstrings' : type;
}

function argumentTypes(fn: CompiledFunction): GivenType[] {
  return fn.callerArguments.positions.map((position) => {
    const param = fn.spec.params[position];
    return (param && argumentType(param)) as GivenType;
  });
}

/** What the caller gives for an argument whose bytes are passed on; undefined for any other. */
function memoryName(fn: CompiledFunction, index: number): string | undefined {
  const param = fn.spec.params[fn.callerArguments.positions[index] as number];
  if (param?.kind === 'struct') return 'struct';
  const memory = param?.kind === 'buffer' ? param.memory : undefined;
  if (memory === undefined) return undefined;
  if (memory.mode === 'out') return 'optional out';
  const { kind } = memory.layout;
  return !memory.open && (kind === 'union' || kind === 'struct') ? kind : 'array';
}

function advice(fn: CompiledFunction, index: number, type: GivenType, args: readonly unknown[]): string {
  const value = args[index];
  const spec = fn.callerArguments.callbacks[index] ?? null;
  // A function whose length changes from one look to the next may fit by now.
  if (type === 'callback') return (spec && misfit(spec, value)) ?? 'Pass a plain function.';
  if (type === 'buffer') return bytesAdvice(value);
  if (type === 'cstring') return textAdvice(value);
  if (type === 'cstrings' || type === 'counted') return textsAdvice(fn, index, type === 'counted', args);
  if (type === 'wanted')
    return 'Pass true for an out that is wanted, or null to leave it out: native code gets NULL then.';
  if (type === 'pointer' && typeof value !== 'bigint' && bytesState(value) !== 'other') {
    return "Pass the address as a bigint, or declare the parameter as 'buffer' to pass bytes.";
  }
  return scalarAdvice(type, value);
}

function textAdvice(value: unknown): string {
  if (value === undefined) return 'Pass a string, or null for NULL.';
  if (typeof value !== 'string') {
    return bytesState(value) === 'other'
      ? 'Pass a string or null.'
      : "Pass a string or null, or declare the parameter as 'buffer' to pass bytes.";
  }
  const nul = value.indexOf('\0');
  return nul >= 0
    ? `The string has a NUL at index ${nul}, which native code would take for its end. Remove the NUL, or declare 'buffer' to pass bytes.`
    : 'The string has half of a surrogate pair, which UTF-8 cannot encode; it was probably cut in the middle of a character. Use value.toWellFormed() to replace such halves.';
}

function textsAdvice(fn: CompiledFunction, index: number, nulls: boolean, args: readonly unknown[]): string {
  const value = args[index];
  if (typeof value === 'bigint') return addressAdvice;
  const at = misfitOfTexts(value, nulls);
  if (at === -1) return 'Pass an array of strings; or null for NULL, or an address as a bigint.';
  if (at !== null) {
    const entry = entryOf(value, at);
    if (!nulls && (entry === null || entry === undefined))
      return `Entry ${at} is ${show(entry)}: NULL is the end of such an array. Leave the entry out.`;
    return `Entry ${at} is ${show(entry)}. ${textAdvice(entry)}`;
  }
  const { positions } = fn.callerArguments;
  const param = fn.spec.params[positions[index] as number];
  const count = param?.kind === 'cstrings' ? positions.indexOf(param.count as number) : -1;
  return `Argument ${count}, the number of strings, is ${show(args[count])}, but there are fewer. Pass as many strings.`;
}

/** A getter or a proxy may throw. */
function entryOf(list: unknown, at: number): unknown {
  try {
    return (list as unknown[])[at];
  } catch {
    return undefined;
  }
}

const addressAdvice =
  "This bigint is not an address: addresses are from 0 to 2^52 - 1. Declare the parameter as 'pointer' to pass any other value.";

function bytesAdvice(value: unknown): string {
  if (HeldBytes.is(value)) return value.absence;
  if (bytesState(value) === 'unusable') {
    return 'Its memory is no longer available: the ArrayBuffer was transferred, or was resized so that this view is out of bounds.';
  }
  const expected = 'Pass a Buffer, a typed array, a DataView, an ArrayBuffer or a SharedArrayBuffer';
  if (typeof value === 'string') return `${expected}, as in Buffer.from(text).`;
  if (typeof value === 'bigint') return addressAdvice;
  return `${expected}; or null for NULL, or an address as a bigint.`;
}
