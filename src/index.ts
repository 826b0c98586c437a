/** offthread: blocking native calls, off the main thread. */
export { createPool, type Pool } from './pool.js';
export { configureDefaultPool, defaultPool } from './default-pool.js';
export { callback, chunks, inout, out } from './declare/language/wrappers.js';
export {
  describeFunction,
  type FunctionDescription,
  type MemoryDescription,
  type ParameterDescription,
} from './declare/compile/describe.js';
export { array, pointer, struct, union } from './declare/language/structs.js';
export type {
  Fields,
  FieldType,
  FixedArray,
  MemoryInput,
  MemoryType,
  MemoryValue,
  OpenArray,
  PointerTo,
  SizedType,
  Struct,
  StructOptions,
  Union,
} from './declare/language/struct-types.js';
export { lend, type LentBytes, type PlainBytes } from './declare/language/lend.js';
export { persistent, type PersistentCallback } from './declare/language/persistent.js';
export {
  transfer,
  type TransferableBytes,
  type TransferOptions,
  type TransferredBytes,
} from './declare/language/transfer.js';
export * from './errors.js';
export type { CallOptions } from './options/call-options.js';
export type { ColumnOptions, ManyProgress, OnFailure } from './options/column-options.js';
export type { AttemptsByKind, MapAttempts, MapOptions, MapRetry } from './options/map-options.js';
export type { MapRetries, RetriesByKind } from './options/attempts.js';
export type { CloseOptions, PoolOptions } from './options/pool-options.js';
export type { SessionOptions } from './calls/sessions/session-options.js';
export type { Preset } from './options/tuning.js';
export type { ModuleContext, ModuleOptions } from './modules/module-options.js';
export type {
  ModuleArgument,
  ModuleFunctionOf,
  ModuleFunctions,
  ModuleResultOf,
} from './modules/module-types.js';
export type { KeptValue } from './lanes/rows/kept-value.js';
export type { TransferredValue } from './declare/language/transferred-value.js';
export type { OpenOptions } from './calls/library/open-options.js';
export type { CallProgress, CallState, CallTiming, NativeCall, SettledCall } from './calls/call.js';
export type {
  FunctionOf,
  Library,
  LibraryBase,
  LibraryMemory,
  MemoryFunction,
} from './calls/library/library.js';
export type { ColumnsFor, ColumnsGiven, OutFor } from './calls/columns/column-types.js';
export type { ColumnCall } from './calls/columns/map-columns.js';
export type { ItemOf, Items, MapResults } from './calls/map/map.js';
export type { Finished } from './calls/map/ordered-results.js';
export type { ColumnResult, FailedItem } from './calls/columns/column-run.js';
export type { NativeFunction } from './calls/native-function.js';
export type { InSession, Session } from './calls/sessions/session.js';
export type { EndedOptions, NativeStream, StreamEnding } from './calls/streams/native-stream.js';
export type { AnyDeclarations, Checked, WideDeclaration } from './declare/language/checked.js';
export type {
  ArgumentsOf,
  Bytes,
  BytesInput,
  CallbackFunction,
  ChunkOf,
  ResultOf,
} from './declare/language/infer.js';
export type {
  ArgumentType,
  Callback,
  CallbackArgument,
  CallbackOptions,
  CallbackReturn,
  CallbackSignature,
  Chunks,
  ChunksOptions,
  Declaration,
  Declarations,
  HelperDeclaration,
  Inout,
  InoutType,
  Out,
  OutType,
  OwnedText,
  PrototypeDeclaration,
  ReturnType,
} from './declare/language/types.js';
export type { EngineName, Scalar } from './declare/spec.js';
export type { Distribution } from './observe/durations.js';
export type { LaneActivity, RunningCall } from './observe/activity.js';
export type { PoolEvents } from './observe/events.js';
export type { PoolStats } from './observe/stats.js';
export type { CallTrace } from './observe/trace.js';
export type { LaneReport } from './shared/messages/messages.js';
export type { Column } from './shared/memory/batch-layout.js';
export { retry } from './calls/combinators/retry.js';
export { parallel, type ParallelOutcomes, type ParallelResults } from './calls/combinators/parallel.js';
export { race } from './calls/combinators/race.js';
export type { Start, Started } from './calls/combinators/branch.js';
export type { ParallelOptions, RaceOptions } from './options/combinator-options.js';
export type { RetryOptions, RetryRule } from './options/retry-options.js';
export { libraryBuild } from './engines/object-files/library-build.js';
export {
  describeLibrary,
  type LibraryDescription,
  type NeededLibrary,
} from './engines/loading/describe-library.js';
export type { StaticData, StaticObject } from './engines/object-files/elf-sections.js';
export { sharedBytes } from './lanes/memory/live-bytes.js';
