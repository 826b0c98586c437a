/** The function that users call for an export of a module. */
import {
  givenCallOptions,
  callSettings,
  NO_CALL_OPTIONS,
  type CallOptions,
} from '../options/call-options.js';
import type { NativeCall } from '../calls/call.js';
import type { CallDispatcher, FunctionOrigin } from '../calls/dispatcher.js';
import { type NativeFunction, registerOrigin } from '../calls/native-function.js';
import { type SessionUse, keepForm } from '../calls/sessions/session-forms.js';
import type { NativeStream } from '../calls/streams/native-stream.js';
import type { ArgumentError } from '../errors.js';
import { KeptValue } from '../lanes/rows/kept-value.js';
import type { LaneMemory } from '../shared/memory/lane-memory.js';
import type { DeclaredFunction } from '../lanes/rows/declared-function.js';

/** The ways in which an export is called: each is a function of its own for the lanes. */
export interface ExportedWays {
  readonly plain: DeclaredFunction;
  /** Some arguments are functions. */
  readonly functions: DeclaredFunction;
  readonly stream: DeclaredFunction;
  /** Whether it is a generator, so that each call sends chunks. */
  readonly generator: boolean;
}

/** @param options options of its calls. @param use the session that it belongs to; null for none. */
export function exportedFunction(
  dispatcher: CallDispatcher,
  ways: ExportedWays,
  options: CallOptions<unknown> = {},
  use: SessionUse | null = null,
): NativeFunction<unknown[], unknown, unknown> {
  const settings = Object.keys(options).length === 0 ? NO_CALL_OPTIONS : callSettings(options);
  const streaming = dispatcher.origin(ways.stream, settings, use?.calls);
  const chunks = ways.generator || settings.onChunk !== undefined;
  const plain = chunks ? streaming : dispatcher.origin(ways.plain, settings, use?.calls);
  const functions = chunks ? streaming : dispatcher.origin(ways.functions, settings, use?.calls);
  const memory = use?.calls.lane.ring.memory ?? null;
  const originFor = (args: readonly unknown[]): FunctionOrigin => (staysBehind(args) ? functions : plain);
  const call = (...args: unknown[]): NativeCall<unknown> => {
    dispatcher.rouse();
    const origin = originFor(args);
    return dispatcher.call(origin, args, origin === plain ? null : refusalOf(args, memory));
  };
  Object.defineProperty(call, 'name', { value: ways.plain.name });
  const members = Object.assign(call, {
    with: (more: CallOptions<unknown>) =>
      exportedFunction(dispatcher, ways, { ...options, ...givenCallOptions(more) }, use) as never,
    blocking: (...args: unknown[]): unknown => {
      const refusal = refusalOf(args, memory);
      if (refusal !== null) throw refusal;
      dispatcher.rouse();
      return dispatcher.block(originFor(args), args);
    },
    stream: (...args: unknown[]): NativeStream<unknown, unknown> =>
      dispatcher.stream(streaming, args, refusalOf(args, memory)),
  });
  registerOrigin(members, plain);
  keepForm(members, dispatcher, (session) => exportedFunction(dispatcher, ways, options, session));
  return members;
}

/** Whether an argument is not copied: a function, or a value that a lane keeps. */
function staysBehind(args: readonly unknown[]): boolean {
  for (let index = 0; index < args.length; index += 1) {
    const value = args[index];
    if (typeof value === 'function' || value instanceof KeptValue) return true;
  }
  return false;
}

/** Why a call cannot have its arguments: a value that another lane keeps. */
function refusalOf(args: readonly unknown[], memory: LaneMemory | null): ArgumentError | null {
  for (const value of args) {
    const refusal = value instanceof KeptValue ? value.refusal(memory) : null;
    if (refusal !== null) return refusal;
  }
  return null;
}
