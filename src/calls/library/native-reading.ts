/**
 * Reads native memory by its address: where the memory is.
 *
 *   thread lanes    in this process: it is copied at once, on this thread, whatever the lanes do
 *   process lanes   in the lane's process: a call copies it there. An address does not say whose it is, so there has to
 *                   be one lane only, or the function is that of a session
 */
import { constants } from 'node:buffer';
import { compileDeclarations } from '../../declare/compile/compile.js';
import type { CompiledFunction } from '../../declare/compile/compile.js';
import { show } from '../../declare/values/show.js';
import type { EngineName } from '../../declare/spec.js';
import { loadEngine } from '../../engines/load-engine.js';
import { nativeMemory } from '../../engines/system/native-memory.js';
import { ArgumentError, EngineError, type OffthreadError } from '../../errors.js';
import type { DeclaredFunction } from '../../lanes/rows/declared-function.js';
import { NO_CALL_OPTIONS } from '../../options/call-options.js';
import type { CallDispatcher, FunctionOrigin } from '../dispatcher.js';
import { type SessionUse, keepForm } from '../sessions/session-forms.js';
import type { LibraryMemory, MemoryFunction } from './library.js';

/** The functions of the C library with which a lane reads. */
const FUNCTIONS = {
  read: { symbol: 'memcpy', arguments: [{ inout: 'buffer' }, 'pointer', 'size'], return: 'void' },
  // Returns its first argument, and touches nothing if there is nothing to move.
  text: { symbol: 'memmove', arguments: ['pointer', 'pointer', 'size'], return: 'cstring' },
} as const;

/** Memory of this process. @param refusal why a function may not read; null if it may. */
export function hostMemory(
  name: EngineName,
  dispatcher: CallDispatcher,
  refusal: (symbol: string) => OffthreadError | null,
): LibraryMemory {
  const copy = (from: bigint, length: number): Buffer => {
    const engine = loadEngine(name);
    const to = Buffer.allocUnsafeSlow(length);
    if (length > 0) nativeMemory(engine).copy(engine.addressOf(to), 0, from, length);
    return to;
  };
  const read = (pointer: bigint, length: number): Buffer => {
    requireOpen('read', refusal);
    requirePointer('read', pointer);
    requireLength(length);
    return copy(pointer, length);
  };
  const text = (pointer: bigint): string => {
    requireOpen('text', refusal);
    requirePointer('text', pointer);
    const length = nativeMemory(loadEngine(name)).lengthOf(pointer);
    if (length > constants.MAX_STRING_LENGTH) throw tooLong(length);
    return copy(pointer, length).toString('utf8');
  };
  const memory: LibraryMemory = {
    read: memoryFunction('read', async (pointer, length) => read(pointer, length), read),
    text: memoryFunction('text', async (pointer) => text(pointer), text),
  };
  // The same in a session: its lane is a thread of this process.
  for (const fn of [memory.read, memory.text]) keepForm(fn, dispatcher, () => fn);
  return memory;
}

/** Memory of the lane's process. @param announce makes functions of the C library known to the lanes. */
export function laneMemory(
  dispatcher: CallDispatcher,
  announce: (compiled: readonly CompiledFunction[]) => readonly DeclaredFunction[],
  refusal: (symbol: string) => OffthreadError | null,
): LibraryMemory {
  let functions: readonly DeclaredFunction[] | undefined;
  const originOf = (name: keyof typeof FUNCTIONS, use: SessionUse | null): FunctionOrigin => {
    requireOpen(name, refusal);
    if (use === null) requireOneLane(name, dispatcher.settings.lanes);
    functions ??= announce(compileDeclarations('the C library', FUNCTIONS));
    dispatcher.rouse();
    const fn = functions.find((one) => one.name === name) as DeclaredFunction;
    return dispatcher.origin(fn, NO_CALL_OPTIONS, use?.calls);
  };
  const bytesFor = (pointer: bigint, length: number): Buffer => {
    requirePointer('read', pointer);
    requireLength(length);
    return Buffer.alloc(length);
  };
  const readIn = (use: SessionUse | null): LibraryMemory['read'] => {
    const read: LibraryMemory['read'] = memoryFunction(
      'read',
      async (pointer, length) => {
        const bytes = bytesFor(pointer, length);
        await dispatcher.call(originOf('read', use), [bytes, pointer, length], null);
        return bytes;
      },
      (pointer, length) => {
        const bytes = bytesFor(pointer, length);
        dispatcher.block(originOf('read', use), [bytes, pointer, length]);
        return bytes;
      },
    );
    keepForm(read, dispatcher, readIn);
    return read;
  };
  const textIn = (use: SessionUse | null): LibraryMemory['text'] => {
    const text: LibraryMemory['text'] = memoryFunction(
      'text',
      async (pointer) => {
        requirePointer('text', pointer);
        return (await dispatcher.call(originOf('text', use), [pointer, pointer, 0], null)) as string;
      },
      (pointer) => {
        requirePointer('text', pointer);
        return dispatcher.block(originOf('text', use), [pointer, pointer, 0]) as string;
      },
    );
    keepForm(text, dispatcher, textIn);
    return text;
  };
  return { read: readIn(null), text: textIn(null) };
}

function memoryFunction<A extends readonly unknown[], R>(
  name: string,
  read: (...args: A) => Promise<R>,
  blocking: (...args: A) => R,
): MemoryFunction<A, R> {
  Object.defineProperty(read, 'name', { value: name });
  return Object.assign(read, { blocking });
}

function requireOpen(symbol: string, refusal: (symbol: string) => OffthreadError | null): void {
  const error = refusal(symbol);
  if (error !== null) throw error;
}

function requirePointer(symbol: string, pointer: unknown): void {
  if (pointer === 0n) {
    throw new ArgumentError(
      `${symbol} received NULL, where no memory is. Check the pointer first: a function that returns NULL has usually failed.`,
      { symbol },
    );
  }
  if (typeof pointer === 'bigint' && BigInt.asUintN(64, pointer) === pointer) return;
  throw new ArgumentError(
    `${symbol} received ${show(pointer)} as the pointer. Pass an address as a bigint, as a function that returns 'pointer' gives it.`,
    { symbol },
  );
}

function requireLength(length: unknown): void {
  const fits =
    Number.isInteger(length) && (length as number) >= 0 && (length as number) <= constants.MAX_LENGTH;
  if (fits) return;
  throw new ArgumentError(
    `read received ${show(length)} as the length. Pass a number of bytes: an integer from 0 to ${constants.MAX_LENGTH}.`,
    { symbol: 'read' },
  );
}

function requireOneLane(symbol: string, lanes: number): void {
  if (lanes === 1) return;
  throw new ArgumentError(
    `${symbol} was called on a pool of ${lanes} process lanes: each has memory of its own, and an address does not say in which lane it is valid. ` +
      'Read with a pool that has one lane (lanes: 1), in a session (pool.session), or with thread lanes; or declare a buffer that the function fills.',
    { symbol },
  );
}

function tooLong(length: number): EngineError {
  return new EngineError(
    `text found ${length} bytes before the first NUL, more than a string can have (${constants.MAX_STRING_LENGTH}). ` +
      'Check whether the pointer is that of a C string, or use read(pointer, length).',
    { symbol: 'text', code: 'OFFTHREAD_ENGINE_RESULT' },
  );
}
