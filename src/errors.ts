/**
 * Every failure a caller can meet.
 *
 * One base class, a stable `code`, a `kind` to switch on, and where known the
 * call, the function and the lane. A message says what happened, the likely
 * cause, and what to do. Errors cross threads as plain data (see
 * {@link toErrorData}) because structured cloning loses classes.
 */

/** What sort of failure it was: stable, coarse, meant for `switch`, retries and logs. */
export type ErrorKind =
  | 'timeout'
  | 'cancelled'
  | 'channel-closed'
  | 'queue-full'
  | 'closed'
  | 'argument'
  | 'declaration'
  | 'library'
  | 'symbol'
  | 'engine'
  | 'native'
  | 'host-function'
  | 'stream'
  | 'crash'
  | 'lost'
  | 'crash-loop'
  | 'lane-start'
  | 'deadlock'
  | 'items'
  | 'race'
  | 'listener';

/** What is known about the place where it happened. */
export interface ErrorContext {
  /** Id of the call, as in `call.id`. */
  readonly call?: number | undefined;
  /** Name of the native function, as declared. */
  readonly symbol?: string | undefined;
  /** Name of the lane, for example `offthread-2`. */
  readonly lane?: string | undefined;
  /** The error or value that caused this one. */
  readonly cause?: unknown;
  /** Overrides the class's code where one class has several. */
  readonly code?: string | undefined;
}

/** Base of every error that offthread creates. */
export class OffthreadError extends Error {
  /** Stable identifier, for example `OFFTHREAD_CALL_TIMEOUT`. */
  code: string;
  /** What sort of failure it was: the same for every error of a class. */
  readonly kind: ErrorKind;
  /** Id of the call, where one exists. */
  call: number | undefined;
  /** Name of the native function, where one is concerned. */
  symbol: string | undefined;
  /** Name of the lane, where one is concerned. */
  lane: string | undefined;

  constructor(code: string, kind: ErrorKind, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.code = context.code ?? code;
    this.kind = kind;
    this.call = context.call;
    this.symbol = context.symbol;
    this.lane = context.lane;
  }

  static {
    this.prototype.name = 'OffthreadError';
  }
}

/** Errors of callers' functions may be anything: looking at one may throw. @internal */
export function isOwn(error: unknown): error is OffthreadError {
  try {
    return error instanceof OffthreadError;
  } catch {
    return false;
  }
}

/** Undefined for errors of others. Never throws. @internal */
export function kindOf(error: unknown): ErrorKind | undefined {
  return isOwn(error) ? error.kind : undefined;
}

/**
 * The call ran longer than its `timeout`, or queueing and running passed its `deadline`. With code
 * `OFFTHREAD_DEADLINE`: `retry`, `parallel` or `race` passed the deadline over all of it.
 */
export class CallTimeoutError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CALL_TIMEOUT', 'timeout', message, context);
  }
  static {
    this.prototype.name = 'CallTimeoutError';
  }
}

/** The call was cancelled: by `cancel()`, by its signal, by leaving its scope, or by `cancelAll()`; or a combinator was, by its signal. */
export class CallCancelledError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CALL_CANCELLED', 'cancelled', message, context);
  }
  static {
    this.prototype.name = 'CallCancelledError';
  }
}

/** The channel between native code and the host was closed while one of them waited on it. */
export class ChannelClosedError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CHANNEL_CLOSED', 'channel-closed', message, context);
  }
  static {
    this.prototype.name = 'ChannelClosedError';
  }
}

/**
 * The pool did not queue the call. Codes: `OFFTHREAD_QUEUE_FULL` (its bounded queue had no room),
 * `OFFTHREAD_DEADLINE_UNREACHABLE` (the call would have missed its deadline; see the pool's option `refuseLate`).
 */
export class QueueFullError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_QUEUE_FULL', 'queue-full', message, context);
  }
  static {
    this.prototype.name = 'QueueFullError';
  }
}

/** The pool, or the library, was closed. */
export class PoolClosedError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_POOL_CLOSED', 'closed', message, context);
  }
  static {
    this.prototype.name = 'PoolClosedError';
  }
}

/** A value, an option or an argument count is wrong; nothing reached native code. */
export class ArgumentError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_ARGUMENT', 'argument', message, context);
  }
  static {
    this.prototype.name = 'ArgumentError';
  }
}

/** A declaration is wrong: an unknown type, a misplaced wrapper, a name that is taken. */
export class DeclarationError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_DECLARATION', 'declaration', message, context);
  }
  static {
    this.prototype.name = 'DeclarationError';
  }
}

/** No library of that name could be found. */
export class LibraryNotFoundError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_LIBRARY_NOT_FOUND', 'library', message, context);
  }
  static {
    this.prototype.name = 'LibraryNotFoundError';
  }
}

/** The library has no function of that name. */
export class SymbolNotFoundError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_SYMBOL_NOT_FOUND', 'symbol', message, context);
  }
  static {
    this.prototype.name = 'SymbolNotFoundError';
  }
}

/**
 * The engine cannot do what was asked. Codes: `OFFTHREAD_ENGINE` in general,
 * `OFFTHREAD_ENGINE_MISSING` (not installed or not in this Node.js),
 * `OFFTHREAD_ENGINE_UNSUPPORTED` (the declaration needs what it lacks),
 * `OFFTHREAD_ENGINE_BUSY` (a late `open` waited too long),
 * `OFFTHREAD_ENGINE_RESULT` (native code ran, and what it returned could not be read),
 * `OFFTHREAD_LIBRARY_ARCHITECTURE`, `OFFTHREAD_LIBRARY_INVALID` and
 * `OFFTHREAD_LIBRARY_LOAD` (the file is there but cannot be loaded),
 * `OFFTHREAD_LIBRARY_CHANGED` (it is another file than it was),
 * `OFFTHREAD_LIBRARY_CLASH` (the program has some of its symbols, too).
 */
export class EngineError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_ENGINE', 'engine', message, context);
  }
  static {
    this.prototype.name = 'EngineError';
  }
}

/** What a native function reported when it failed. */
export interface NativeFailure {
  /** The value the function returned. */
  readonly returned?: unknown;
  /** `errno` straight after the call, where the declaration asked for it. */
  readonly errno?: number | undefined;
  /** The library's own text, where the declaration names a `lastError` function. */
  readonly lastError?: string | undefined;
}

/**
 * The function ran and reported failure, by the rule of its declaration.
 * `code` is the name of the errno (`ENOENT`) where `errno` was read, else
 * `OFFTHREAD_NATIVE`.
 */
export class NativeError extends OffthreadError {
  /** The value that the function returned. */
  readonly returned: unknown;
  /** `errno` directly after the call; undefined where the declaration does not ask for it. */
  readonly errno: number | undefined;
  /** The text of the library's last error; undefined where the declaration names no `lastError`. */
  readonly lastError: string | undefined;
  constructor(message: string, context?: ErrorContext & NativeFailure) {
    super('OFFTHREAD_NATIVE', 'native', message, context);
    this.returned = context?.returned;
    this.errno = context?.errno;
    this.lastError = context?.lastError;
  }
  static {
    this.prototype.name = 'NativeError';
  }
}

/** A stream cannot be read: it has a reader already. */
export class StreamError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_STREAM_BUSY', 'stream', message, context);
  }
  static {
    this.prototype.name = 'StreamError';
  }
}

/**
 * A JavaScript function that native code called on the host failed; `cause` is
 * what it threw. Codes: `OFFTHREAD_HOST_FUNCTION` (it threw),
 * `OFFTHREAD_HOST_FUNCTION_RESULT` (a value of the wrong type),
 * `OFFTHREAD_HOST_FUNCTION_ASYNC` (a promise where it is declared sync),
 * `OFFTHREAD_CALLBACK_ARGUMENTS` (native code gave values that cannot be read).
 */
export class HostFunctionError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_HOST_FUNCTION', 'host-function', message, context);
  }
  static {
    this.prototype.name = 'HostFunctionError';
  }
}

/**
 * Where a lane was when it died: `boot` before it was ready, or opening a
 * library; `idle` between calls; `call` in native code; `answer` after native
 * code had returned, while its results were read (a pointer that is not a valid C string, for example).
 */
export type DeathPhase = 'boot' | 'idle' | 'call' | 'answer';

/** How a lane died. */
export interface CrashDetails {
  /** For example `SIGSEGV`. */
  readonly signal?: string | undefined;
  /** Exit code; undefined where a signal ended the lane. */
  readonly exitCode?: number | undefined;
  /** Where the lane was when it died. */
  readonly phase?: DeathPhase | undefined;
  /** Process id, of a process lane. */
  readonly pid?: number | undefined;
  /** The arguments of the call in short, at most 200 characters. */
  readonly digest?: string | undefined;
  /** The last lines that a process lane wrote to stderr. */
  readonly stderr?: readonly string[] | undefined;
  /** Lanes that the call has crashed. */
  readonly attempts?: number | undefined;
}

/** The lane that ran the call ended unexpectedly. */
export class LaneCrashedError extends OffthreadError {
  /** The signal that ended a process lane, for example `SIGSEGV`; undefined where it exited. */
  readonly signal: string | undefined;
  /** Exit code; undefined where a signal ended the lane. */
  readonly exitCode: number | undefined;
  /** Where the lane was when it died. */
  readonly phase: DeathPhase;
  /** Process id, of a process lane. */
  readonly pid: number | undefined;
  /** The call's arguments in short, at most 200 characters; see the pool's option `redact`. */
  readonly digest: string | undefined;
  /** The last lines that a process lane wrote to stderr: at most 20, and 4,096 bytes. */
  readonly stderr: readonly string[];
  /** Lanes that this call has crashed. */
  readonly attempts: number;
  constructor(message: string, context: ErrorContext & CrashDetails = {}) {
    super('OFFTHREAD_LANE_CRASHED', 'crash', message, context);
    this.signal = context.signal;
    this.exitCode = context.exitCode;
    this.phase = context.phase ?? 'call';
    this.pid = context.pid;
    this.digest = context.digest;
    this.stderr = context.stderr ?? [];
    this.attempts = context.attempts ?? 1;
  }
  static {
    this.prototype.name = 'LaneCrashedError';
  }
}

/** A lane is stuck in native code and was given up, or too many are for the pool to go on. */
export class LaneLostError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_LANE_LOST', 'lost', message, context);
  }
  static {
    this.prototype.name = 'LaneLostError';
  }
}

/** Lanes died too often within a short time; the pool stopped replacing them. */
export class CrashLoopError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CRASH_LOOP', 'crash-loop', message, context);
  }
  static {
    this.prototype.name = 'CrashLoopError';
  }
}

/**
 * No lane can be started here. Codes: `OFFTHREAD_NESTED_LANES` (the pool was made in one) and
 * `OFFTHREAD_LANE_FILES` (what lanes run is not to be found: offthread was bundled into one file).
 */
export class LaneStartError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_NESTED_LANES', 'lane-start', message, context);
  }
  static {
    this.prototype.name = 'LaneStartError';
  }
}

/** Waiting would never have ended. */
export class DeadlockError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_DEADLOCK', 'deadlock', message, context);
  }
  static {
    this.prototype.name = 'DeadlockError';
  }
}

/** How far a run over many items had come when it ended. */
export interface ManyDetails {
  /** The item that ended the run, counted from 0; undefined where none did. */
  readonly index?: number | undefined;
  /** Items that had succeeded. Default 0. */
  readonly done?: number;
  /** Items that had failed for good. Default 0. */
  readonly failed?: number;
}

/**
 * A run over many items was ended by one of them (`OFFTHREAD_ITEM_FAILED`), by too many failures
 * (`OFFTHREAD_TOO_MANY_FAILURES`), by its source (`OFFTHREAD_SOURCE_FAILED`), by one of its handlers (`OFFTHREAD_HANDLER_FAILED`), or because its memory was
 * taken away (`OFFTHREAD_RUN_ENDED`). What was thrown there is the `cause`.
 */
export class ItemsError extends OffthreadError {
  /** The item that ended the run, counted from 0; undefined where none did. */
  readonly index: number | undefined;
  /** Items that had succeeded. */
  readonly done: number;
  /** Items that had failed for good, the one at `index` included. */
  readonly failed: number;
  constructor(message: string, context: ErrorContext & ManyDetails = {}) {
    super('OFFTHREAD_ITEM_FAILED', 'items', message, context);
    this.index = context.index;
    this.done = context.done ?? 0;
    this.failed = context.failed ?? 0;
  }
  static {
    this.prototype.name = 'ItemsError';
  }
}

/** Every start of a `race` failed, so that it has no winner. */
export class RaceError extends OffthreadError {
  /** What each failed with, in the order of the starts. */
  readonly errors: readonly unknown[];
  constructor(message: string, context: ErrorContext & { readonly errors?: readonly unknown[] } = {}) {
    super('OFFTHREAD_RACE_LOST', 'race', message, context);
    this.errors = Object.freeze([...(context.errors ?? [])]);
  }
  static {
    this.prototype.name = 'RaceError';
  }
}

/** A listener of a pool event threw; given to the pool's `error` listeners, with the thrown value as `cause`. */
export class ListenerError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_LISTENER', 'listener', message, context);
  }
  static {
    this.prototype.name = 'ListenerError';
  }
}
