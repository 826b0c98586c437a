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
  const originFor = (args: readonly unknown[]): FunctionOrigin => (takesFunction(args) ? functions : plain);
  const call = (...args: unknown[]): NativeCall<unknown> => {
    dispatcher.rouse();
    return dispatcher.call(originFor(args), args, null);
  };
  Object.defineProperty(call, 'name', { value: ways.plain.name });
  const members = Object.assign(call, {
    with: (more: CallOptions<unknown>) =>
      exportedFunction(dispatcher, ways, { ...options, ...givenCallOptions(more) }, use) as never,
    blocking: (...args: unknown[]): unknown => {
      dispatcher.rouse();
      return dispatcher.block(originFor(args), args);
    },
    stream: (...args: unknown[]): NativeStream<unknown, unknown> => dispatcher.stream(streaming, args, null),
  });
  registerOrigin(members, plain);
  keepForm(members, dispatcher, (session) => exportedFunction(dispatcher, ways, options, session));
  return members;
}

function takesFunction(args: readonly unknown[]): boolean {
  for (let index = 0; index < args.length; index += 1) if (typeof args[index] === 'function') return true;
  return false;
}
