/**
 * Every failure a caller can meet.
 *
 * All have one base class, a stable `code`, a `kind` to switch on, and, where they are known, the call, the function
 * and the lane. A message says what happened, the likely cause, and what to do. Errors cross threads as plain data (see
 * {@link toErrorData}) because structured cloning loses classes.
 */

/** The category of a failure. Stable; use it in `switch`, retry rules and logs. */
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
  | 'module'
  | 'host-function'
  | 'stream'
  | 'crash'
  | 'lost'
  | 'crash-loop'
  | 'lane-start'
  | 'deadlock'
  | 'session'
  | 'items'
  | 'race'
  | 'listener';

/** The call, function and lane in which an error occurred, and its cause. */
export interface ErrorContext {
  /** Id of the call, as in `call.id`. */
  readonly call?: number | undefined;
  /** Name of the native function, as declared. */
  readonly symbol?: string | undefined;
  /** Name of the lane, for example `offthread-2`. */
  readonly lane?: string | undefined;
  /** The error or value that caused this one. */
  readonly cause?: unknown;
  /** Replaces the default code of a class that has several codes. */
  readonly code?: string | undefined;
}

/** Base of every error that offthread creates. */
export class OffthreadError extends Error {
  /** Stable identifier, for example `OFFTHREAD_CALL_TIMEOUT`. */
  code: string;
  /** The category of the failure: the same for every error of a class. */
  readonly kind: ErrorKind;
  /** Id of the call; undefined if the error is not about a call. */
  call: number | undefined;
  /** Name of the native function; undefined if the error is not about one. */
  symbol: string | undefined;
  /** Name of the lane; undefined if the error is not about one. */
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

/** Whether the error is one of offthread's. Never throws, although reading a thrown value can. @internal */
export function isOwn(error: unknown): error is OffthreadError {
  try {
    return error instanceof OffthreadError;
  } catch {
    return false;
  }
}

/** The kind of an offthread error; undefined for other errors. Never throws. @internal */
export function kindOf(error: unknown): ErrorKind | undefined {
  return isOwn(error) ? error.kind : undefined;
}

/**
 * The call ran longer than its `timeout`, or did not finish before its `deadline`. With code `OFFTHREAD_DEADLINE`:
 * `retry`, `parallel` or `race` did not finish before the deadline of the whole operation.
 */
export class CallTimeoutError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CALL_TIMEOUT', 'timeout', message, context);
  }
  static {
    this.prototype.name = 'CallTimeoutError';
  }
}

/**
 * The call was cancelled: by `cancel()`, by its signal, by leaving its scope, or by `cancelAll()`; or a combinator was
 * cancelled by its signal.
 */
export class CallCancelledError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CALL_CANCELLED', 'cancelled', message, context);
  }
  static {
    this.prototype.name = 'CallCancelledError';
  }
}

/** The channel between native code and the host was closed while one side waited on it. */
export class ChannelClosedError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CHANNEL_CLOSED', 'channel-closed', message, context);
  }
  static {
    this.prototype.name = 'ChannelClosedError';
  }
}

/**
 * The pool did not queue the call. Codes: `OFFTHREAD_QUEUE_FULL` (the queue is full), `OFFTHREAD_DEADLINE_UNREACHABLE`
 * (the call would have missed its deadline; see the pool's option `refuseLate`).
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

/** A declaration is invalid: an unknown type, a misplaced wrapper, or a name that is already used. */
export class DeclarationError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_DECLARATION', 'declaration', message, context);
  }
  static {
    this.prototype.name = 'DeclarationError';
  }
}

/** The library was not found. */
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
 * The engine cannot load the library or perform the call. Codes: `OFFTHREAD_ENGINE` in general,
 * `OFFTHREAD_ENGINE_MISSING` (not installed, or not part of this Node.js), `OFFTHREAD_ENGINE_UNSUPPORTED` (the
 * declaration needs a feature that the engine lacks), `OFFTHREAD_ENGINE_BUSY` (`open` waited too long for calls that
 * were running), `OFFTHREAD_ENGINE_RESULT` (native code ran, but its result could not be read),
 * `OFFTHREAD_LIBRARY_ARCHITECTURE`, `OFFTHREAD_LIBRARY_INVALID` and `OFFTHREAD_LIBRARY_LOAD` (the file exists but
 * cannot be loaded), `OFFTHREAD_LIBRARY_CHANGED` (the file has been replaced since it was first opened),
 * `OFFTHREAD_LIBRARY_CLASH` (the program exports some of the library's symbols itself).
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
  /** `errno` directly after the call; undefined unless the declaration asks for it. */
  readonly errno?: number | undefined;
  /** The text of the library's last error; undefined unless the declaration names a `lastError` function. */
  readonly lastError?: string | undefined;
}

/**
 * The function ran and reported a failure, as its declaration defines it. `code` is the name of the errno (`ENOENT`)
 * where `errno` was read, otherwise `OFFTHREAD_NATIVE`.
 */
export class NativeError extends OffthreadError {
  /** The value that the function returned. */
  readonly returned: unknown;
  /** `errno` directly after the call; undefined if the declaration does not ask for it. */
  readonly errno: number | undefined;
  /** The text of the library's last error; undefined if the declaration names no `lastError` function. */
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

/**
 * A function of a module threw, and `cause` is what it threw: an Error with the name, message, stack, cause and own
 * properties of the original, or the value itself. Or the module could not be loaded. Codes: `OFFTHREAD_MODULE` (the
 * function threw), `OFFTHREAD_MODULE_RESULT` (it returned a value that cannot be sent), `OFFTHREAD_MODULE_LOAD` (loading
 * the module threw, or took too long), `OFFTHREAD_MODULE_SETUP` (its `setup` threw, or took too long),
 * `OFFTHREAD_MODULE_EXPORT` (the module does not export such a function).
 */
export class ModuleError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_MODULE', 'module', message, context);
  }
  static {
    this.prototype.name = 'ModuleError';
  }
}

/** A stream cannot be read, because it already has a reader. */
export class StreamError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_STREAM_BUSY', 'stream', message, context);
  }
  static {
    this.prototype.name = 'StreamError';
  }
}

/**
 * A JavaScript function that native code called on the host failed; `cause` is the value that it threw. Codes:
 * `OFFTHREAD_HOST_FUNCTION` (the function threw), `OFFTHREAD_HOST_FUNCTION_RESULT` (it returned a value of the wrong
 * type), `OFFTHREAD_HOST_FUNCTION_ASYNC` (it returned a promise although it is declared as synchronous),
 * `OFFTHREAD_CALLBACK_ARGUMENTS` (native code passed arguments that cannot be read).
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
 * What a lane was doing when it died: `boot` starting, or opening a library; `idle` waiting between calls; `call`
 * running native code; `answer` reading the results after native code had returned (a pointer that is not a valid C
 * string, for example).
 */
export type DeathPhase = 'boot' | 'idle' | 'call' | 'answer';

/** How a lane died. */
export interface CrashDetails {
  /** For example `SIGSEGV`. */
  readonly signal?: string | undefined;
  /** Exit code; undefined if a signal ended the lane. */
  readonly exitCode?: number | undefined;
  /** What the lane was doing when it died. */
  readonly phase?: DeathPhase | undefined;
  /** Process id of a process lane. */
  readonly pid?: number | undefined;
  /** The arguments of the call, shortened to at most 200 characters. */
  readonly digest?: string | undefined;
  /** The last lines that a process lane wrote to stderr. */
  readonly stderr?: readonly string[] | undefined;
  /** Number of lanes that the call has crashed. */
  readonly attempts?: number | undefined;
}

/** The lane that ran the call ended unexpectedly. */
export class LaneCrashedError extends OffthreadError {
  /** The signal that ended a process lane, for example `SIGSEGV`; undefined if the process exited. */
  readonly signal: string | undefined;
  /** Exit code; undefined if a signal ended the lane. */
  readonly exitCode: number | undefined;
  /** What the lane was doing when it died. */
  readonly phase: DeathPhase;
  /** Process id of a process lane. */
  readonly pid: number | undefined;
  /** The call's arguments, shortened to at most 200 characters; see the pool option `redact`. */
  readonly digest: string | undefined;
  /** The last lines that a process lane wrote to stderr: at most 20 lines and 4,096 bytes. */
  readonly stderr: readonly string[];
  /** Number of lanes that this call has crashed. */
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

/** A lane is stuck in native code and was given up, or so many lanes are stuck that the pool cannot continue. */
export class LaneLostError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_LANE_LOST', 'lost', message, context);
  }
  static {
    this.prototype.name = 'LaneLostError';
  }
}

/** Too many lanes died within a short time; the pool stopped replacing them. */
export class CrashLoopError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_CRASH_LOOP', 'crash-loop', message, context);
  }
  static {
    this.prototype.name = 'CrashLoopError';
  }
}

/**
 * No lane can be started here. Codes: `OFFTHREAD_NESTED_LANES` (the pool was created inside a lane) and
 * `OFFTHREAD_LANE_FILES` (the file that lanes run was not found: offthread was bundled into one file).
 */
export class LaneStartError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_NESTED_LANES', 'lane-start', message, context);
  }
  static {
    this.prototype.name = 'LaneStartError';
  }
}

/** The operation would have waited for ever. */
export class DeadlockError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_DEADLOCK', 'deadlock', message, context);
  }
  static {
    this.prototype.name = 'DeadlockError';
  }
}

/**
 * A session does not get a lane, or cannot make the call. Codes: `OFFTHREAD_SESSION_ENDED` (its lane died or was given
 * up, with the reason as `cause`, or its signal has aborted), `OFFTHREAD_SESSION_CLOSED` (it was closed),
 * `OFFTHREAD_SESSION_TIMEOUT` (no lane became available within the `timeout` of `pool.session`),
 * `OFFTHREAD_SESSION_LEAKED` (in the pool's `error` event: the session was never closed, and nothing refers to it any
 * more).
 */
export class SessionError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_SESSION_ENDED', 'session', message, context);
  }
  static {
    this.prototype.name = 'SessionError';
  }
}

/** The progress of a run over many items when it ended. */
export interface ManyDetails {
  /** Index of the item that ended the run, from 0; undefined if no item did. */
  readonly index?: number | undefined;
  /** Number of items that succeeded. Default 0. */
  readonly done?: number;
  /** Number of items that failed for good. Default 0. */
  readonly failed?: number;
}

/**
 * A run over many items was ended by an item (`OFFTHREAD_ITEM_FAILED`), by too many failures
 * (`OFFTHREAD_TOO_MANY_FAILURES`), by its source (`OFFTHREAD_SOURCE_FAILED`), by one of its handlers
 * (`OFFTHREAD_HANDLER_FAILED`), or because its memory was taken away (`OFFTHREAD_RUN_ENDED`). The `cause` is the error
 * that ended the run.
 */
export class ItemsError extends OffthreadError {
  /** Index of the item that ended the run, from 0; undefined if no item did. */
  readonly index: number | undefined;
  /** Number of items that succeeded. */
  readonly done: number;
  /** Number of items that failed for good, including the item at `index`. */
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

/** Every start of a `race` failed. */
export class RaceError extends OffthreadError {
  /** The error of each start, in the order of the starts. */
  readonly errors: readonly unknown[];
  constructor(message: string, context: ErrorContext & { readonly errors?: readonly unknown[] } = {}) {
    super('OFFTHREAD_RACE_LOST', 'race', message, context);
    this.errors = Object.freeze([...(context.errors ?? [])]);
  }
  static {
    this.prototype.name = 'RaceError';
  }
}

/** A listener of a pool event threw. The pool's `error` listeners receive this error; `cause` is the thrown value. */
export class ListenerError extends OffthreadError {
  constructor(message: string, context?: ErrorContext) {
    super('OFFTHREAD_LISTENER', 'listener', message, context);
  }
  static {
    this.prototype.name = 'ListenerError';
  }
}
